import type { TerminalInput, TerminalOutput } from "@leashkit/core";

/** The streams of the command: the process itself, or a test's. */
export interface Io {
  readonly stdin: TerminalInput;
  readonly stdout: TerminalOutput;
  readonly stderr: TerminalOutput;
}

/** One object on one line of ASCII: a log or a terminal shows it as it is, and every JSON reader gets the same text back. */
export function writeJson(output: TerminalOutput, value: object): void {
  const ascii = JSON.stringify(value).replace(/[^\x20-\x7E]/gu, (character) =>
    Array.from({ length: character.length }, (_unused, at) => escapeUnit(character.charCodeAt(at))).join(""),
  );
  output.write(`${ascii}\n`);
}

function escapeUnit(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, "0")}`;
}
