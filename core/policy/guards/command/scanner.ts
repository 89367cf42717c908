import type { Line } from "./line.ts";

/** Where a parser stands in its text. */
export interface Scanner {
  readonly text: string;
  at: number;
  /** Words so far, over the whole text. */
  words: number;
  /** Wild characters and unknown parts so far. */
  marks: number;
  /** Substitutions that are open. */
  depth: number;
  /** A comment was skipped. */
  comments: boolean;
  /** Reads `$(...)` after its opening; ends behind the closing parenthesis. */
  readonly substitution: (scanner: Scanner) => Line;
}

/** Gives the reader up: the text is outside the subset. */
export function unreadable(problem: string): never {
  throw new SyntaxError(problem);
}

/** What ends a word where it is not quoted. */
const WORD_END = new Set([" ", "\t", "\n", ";", "&", "|", "<", ">", "(", ")"]);

/** What an ASCII character is in a word: one that means nothing to a shell wherever it stands, the word's end, or another. */
const [OTHER, ORDINARY, END] = [0, 1, 2] as const;
const ASCII = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[A-Za-z0-9_./,:@%+-]/.test(character)) return ORDINARY;
  return WORD_END.has(character) ? END : OTHER;
});

/** Where the characters end that start here and mean nothing to a shell. */
export function ordinaryEnd(text: string, from: number): number {
  let end = from;
  while (end < text.length && kindAt(text, end) === ORDINARY) end += 1;
  return end;
}

/** True where a word that is not quoted ends: before a blank, an operator, or nothing. */
export function endsWord(text: string, at: number): boolean {
  return at >= text.length || kindAt(text, at) === END;
}

function kindAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < ASCII.length ? (ASCII[code] ?? OTHER) : OTHER;
}
