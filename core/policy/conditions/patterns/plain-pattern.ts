/** Characters: which of ASCII, and whether all that lie beyond. */
export interface Characters {
  /** 128 entries, 1 where the character belongs. */
  readonly ascii: Uint8Array;
  readonly beyond: boolean;
}

/** One kind of character, so many times in a row. */
export interface Item {
  readonly characters: Characters;
  /** The character, where it is exactly one and stands once. */
  readonly letter: string | undefined;
  readonly least: number;
  readonly most: number;
}

/** One of several fixed texts. */
export interface Choice {
  readonly texts: readonly string[];
}

/** A pattern of a small part of RE2's syntax, whose meaning is beyond doubt. */
export interface PlainPattern {
  readonly fromStart: boolean;
  readonly toEnd: boolean;
  readonly elements: readonly (Item | Choice)[];
}

interface Cursor {
  readonly pattern: string;
  at: number;
}

const ASCII = 128;

/** How often RE2 lets something be counted. */
const MOST_REPEATS = 1000;

const LETTER = /[A-Za-z0-9 _/:@,;=%#!"'&<>~`-]/y;
const LETTER_IN_BRACKETS = /[A-Za-z0-9 _/:@,;=%#!"'&<>~`.+*?(){}$|]/y;
const RANGE = /(?:[a-z]-[a-z]|[A-Z]-[A-Z]|[0-9]-[0-9])/y;
const ESCAPED = /\\[!-/:-@[-`{-~]/y;
const KIND = /\\[dws]/y;
const CHOICE = /\((?:\?:)?[A-Za-z0-9 _/:@,;=%#!"'&<>~`|-]*\)/y;
const REPEAT = /[*+?]|\{[0-9]{1,4}(?:,[0-9]{0,4})?\}/y;

const KINDS: Readonly<Record<string, string>> = {
  d: "0123456789",
  w: "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz",
  s: "\t\n\f\r ",
};

/** Reads a pattern; undefined for everything beyond letters, brackets, groups of texts, counts, `^`, `$` and `.`. */
export function readPlainPattern(pattern: string): PlainPattern | undefined {
  const fromStart = pattern.startsWith("^");
  const cursor: Cursor = { pattern, at: fromStart ? 1 : 0 };
  const elements: (Item | Choice)[] = [];
  while (cursor.at < pattern.length) {
    if (pattern[cursor.at] === "$" && cursor.at === pattern.length - 1) return { fromStart, toEnd: true, elements };
    const element = readChoice(cursor) ?? readItem(cursor);
    if (element === undefined) return undefined;
    elements.push(element);
  }
  return { fromStart, toEnd: false, elements };
}

/** What the expression finds right at the cursor, which then stands behind it. */
function take(cursor: Cursor, expression: RegExp): string | undefined {
  expression.lastIndex = cursor.at;
  const found = expression.exec(cursor.pattern)?.[0];
  if (found !== undefined) cursor.at += found.length;
  return found;
}

function readChoice(cursor: Cursor): Choice | undefined {
  const found = take(cursor, CHOICE);
  if (found === undefined) return undefined;
  return { texts: found.slice(found.startsWith("(?:") ? 3 : 1, -1).split("|") };
}

function readItem(cursor: Cursor): Item | undefined {
  const characters = readCharacters(cursor);
  if (characters === undefined) return undefined;
  const repeat = readRepeat(take(cursor, REPEAT));
  // A second one would mean that as few as possible are taken, or nothing at all.
  if (repeat === undefined || take(cursor, REPEAT) !== undefined) return undefined;
  const only = typeof characters === "string" && repeat.least === 1 && repeat.most === 1 ? characters : undefined;
  return { ...repeat, characters: typeof characters === "string" ? among(characters) : characters, letter: only };
}

/** One letter as a text, several as a table. */
function readCharacters(cursor: Cursor): string | Characters | undefined {
  const { pattern } = cursor;
  if (pattern[cursor.at] === ".") {
    cursor.at += 1;
    return allBut("\n");
  }
  if (pattern[cursor.at] !== "[") {
    const kind = take(cursor, KIND);
    return kind === undefined ? readLetter(cursor, LETTER) : among(KINDS[kind.slice(1)] ?? "");
  }
  const negated = pattern[cursor.at + 1] === "^";
  cursor.at += negated ? 2 : 1;
  const listed = readBrackets(cursor);
  if (listed === undefined) return undefined;
  return negated ? allBut(listed) : among(listed);
}

function readLetter(cursor: Cursor, plain: RegExp): string | undefined {
  return take(cursor, plain) ?? take(cursor, ESCAPED)?.slice(1);
}

/** The characters up to `]`. */
function readBrackets(cursor: Cursor): string | undefined {
  const start = cursor.at;
  let listed = "";
  while (cursor.pattern[cursor.at] !== "]") {
    const next = readDash(cursor, start) ?? readRange(cursor) ?? readLetter(cursor, LETTER_IN_BRACKETS);
    const kind = next === undefined ? take(cursor, KIND) : undefined;
    const found = next ?? (kind === undefined ? undefined : KINDS[kind.slice(1)]);
    if (found === undefined) return undefined;
    listed += found;
  }
  cursor.at += 1;
  return listed === "" ? undefined : listed;
}

/** A hyphen means itself at either end only. */
function readDash(cursor: Cursor, start: number): string | undefined {
  const { pattern, at } = cursor;
  if (pattern[at] !== "-" || (at !== start && pattern[at + 1] !== "]")) return undefined;
  cursor.at += 1;
  return "-";
}

function readRange(cursor: Cursor): string | undefined {
  const found = take(cursor, RANGE);
  if (found === undefined) return undefined;
  const [first, last] = [found.charCodeAt(0), found.charCodeAt(2)];
  // Backwards: no pattern at all.
  if (first > last) return undefined;
  return String.fromCharCode(...Array.from({ length: last - first + 1 }, (_, index) => first + index));
}

function readRepeat(written: string | undefined): { readonly least: number; readonly most: number } | undefined {
  if (written === undefined) return { least: 1, most: 1 };
  if (written === "*") return { least: 0, most: Number.POSITIVE_INFINITY };
  if (written === "+") return { least: 1, most: Number.POSITIVE_INFINITY };
  if (written === "?") return { least: 0, most: 1 };
  const [from = "", to] = written.slice(1, -1).split(",");
  const least = Number(from);
  const most = to === undefined ? least : to === "" ? Number.POSITIVE_INFINITY : Number(to);
  const counted = most === Number.POSITIVE_INFINITY ? least : most;
  return least <= most && counted <= MOST_REPEATS ? { least, most } : undefined;
}

function among(listed: string): Characters {
  const ascii = new Uint8Array(ASCII);
  for (const character of listed) ascii[character.charCodeAt(0)] = 1;
  return { ascii, beyond: false };
}

function allBut(listed: string): Characters {
  const { ascii } = among(listed);
  return { ascii: ascii.map((member) => 1 - member), beyond: true };
}
