import type { Word } from "./line.ts";
import { programName } from "./programs.ts";

/** A program, or a program with the words that must come first: an entry of `allowed_commands` or `denied_commands`. */
export interface Entry {
  readonly program: string;
  readonly words: readonly string[];
}

const LONGEST_ENTRY = 256;

const PROGRAM = /^[A-Za-z0-9_./:@+-]+$/;

/** What a shell takes as it stands. */
const PLAIN_WORD = /^[A-Za-z0-9_./:=@,+%-]+$/;

/** Reads an entry; undefined for what is no program with plain words. */
export function parseEntry(text: string): Entry | undefined {
  if (text.length > LONGEST_ENTRY) return undefined;
  const [program = "", ...words] = text.split(" ");
  if (!PROGRAM.test(program) || program.startsWith("-") || program.endsWith("/")) return undefined;
  return words.every((word) => PLAIN_WORD.test(word)) ? { program, words } : undefined;
}

/**
 * True when a command is what an entry denies: the program under any path and in any case, and the entry's words in their
 * order, whatever options stand between them. An option of the entry may stand anywhere behind.
 */
export function isDenied(entry: Entry, words: readonly Word[]): boolean {
  const [program, ...rest] = words;
  if (program === undefined || programName(program.text) !== programName(entry.program)) return false;
  const wanted = entry.words.map((word) => word.toLowerCase());
  const options = wanted.filter((word) => word.startsWith("-"));
  if (!options.every((option) => rest.some((word) => isOption(word.text, option)))) return false;
  return leadsTo(
    rest.map((word) => word.text.toLowerCase()),
    wanted.filter((word) => !word.startsWith("-")),
  );
}

/** True when the wanted words come first, options and their values left aside. */
function leadsTo(texts: readonly string[], wanted: readonly string[]): boolean {
  /** Where the reading may stand before the next wanted word. */
  let positions = new Set([0]);
  for (const next of wanted) {
    const behind = new Set<number>();
    for (const at of [...positions].flatMap((from) => firstWords(texts, from))) {
      if (texts[at] === next) behind.add(at + 1);
    }
    positions = behind;
  }
  return positions.size > 0;
}

/** Where the first word behind options may stand: whether an option takes the next word as its value is not always known. */
function firstWords(texts: readonly string[], from: number): readonly number[] {
  const found: number[] = [];
  let afterOption = false;
  for (let at = from; at < texts.length; at += 1) {
    const text = texts[at] ?? "";
    if (text.startsWith("-")) {
      afterOption = !text.includes("=");
    } else {
      found.push(at);
      if (!afterOption) break;
      afterOption = false;
    }
  }
  return found;
}

/** `-d`, also among others, and `--decrypt`, also with a value. */
function isOption(text: string, option: string): boolean {
  const lower = text.toLowerCase();
  if (lower === option || lower.startsWith(`${option}=`)) return true;
  return option.length === 2 && /^-[a-z]+$/.test(lower) && lower.includes(option.slice(1));
}
