import { stripVTControlCharacters } from "node:util";

/** Who a line is about; it decides the colour. */
export type Speaker = "agent" | "leash" | "person" | "tool" | "check" | "demo";

export interface Printer {
  /** A heading; headings are numbered. */
  chapter(title: string): void;
  line(speaker: Speaker, text: string, tone?: Tone): void;
}

export type Tone = "good" | "bad" | "wait" | "plain";

const COLOURS: Readonly<Record<Tone, readonly [string, string]>> = {
  good: ["\u001B[32m", "\u001B[39m"],
  bad: ["\u001B[31m", "\u001B[39m"],
  wait: ["\u001B[33m", "\u001B[39m"],
  plain: ["", ""],
};

/** Prints to stdout; in colours only where a person looks at a terminal. */
export function createPrinter(output: NodeJS.WriteStream = process.stdout): Printer {
  const colours = output.isTTY && process.env["NO_COLOR"] === undefined;
  let chapters = 0;
  return {
    chapter(title) {
      chapters += 1;
      const heading = `${chapters}. ${title}`;
      output.write(colours ? `\n\u001B[1m${heading}\u001B[22m\n` : `\n${heading}\n`);
    },
    line(speaker, text, tone = "plain") {
      const [on, off] = colours ? COLOURS[tone] : COLOURS.plain;
      output.write(`   ${speaker.padEnd(7)} ${on}${oneLine(text)}${off}\n`);
    },
  };
}

/** `1 order`, `2 orders`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** Text from outside on one line, without anything that could move the cursor. */
const oneLine = (text: string): string =>
  stripVTControlCharacters(text)
    .replaceAll(/\s+/gu, " ")
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, "?");
