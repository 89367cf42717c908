import type { Line, Word } from "./line.ts";

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

/** A word while it is read. */
interface Draft {
  text: string;
  readonly marks: Set<number>;
  readonly nested: Line[];
  glob: boolean;
  substituted: boolean;
  unknown: boolean;
  splits: boolean;
  plain: boolean;
  assigns: number;
  /** An unquoted `=` was seen: only the first one can assign. */
  equals: boolean;
  /** Where an unquoted `{` stands. */
  brace: number;
}

/** Gives the reader up: the text is outside the subset. */
export function unreadable(problem: string): never {
  throw new SyntaxError(problem);
}

/** Wild characters and unknown parts of a command line: each costs time wherever names are compared. */
const MOST_MARKS = 256;

/** What ends a word where it is not quoted. */
const WORD_END = new Set([" ", "\t", "\n", ";", "&", "|", "<", ">", "(", ")"]);

/** What follows `!` where an interactive shell leaves it alone. */
const NO_HISTORY = new Set([" ", "\t", "\n", "=", '"', undefined]);

/** Characters that mean nothing to a shell, wherever in a word they stand. */
const ORDINARY = /[A-Za-z0-9_./,:@%+-]+/y;

const ASSIGNED_NAME = /^[A-Za-z_][A-Za-z0-9_]*\+?$/;

/** Reads one word, up to an unquoted blank or operator. The scanner stands on its first character. */
export function readWord(scanner: Scanner): Word {
  const draft: Draft = {
    text: "",
    marks: new Set(),
    nested: [],
    glob: false,
    substituted: false,
    unknown: false,
    splits: false,
    plain: true,
    assigns: -1,
    equals: false,
    brace: -1,
  };
  readTilde(scanner, draft);
  while (scanner.at < scanner.text.length && !WORD_END.has(charAt(scanner))) readPart(scanner, draft);
  return finish(draft);
}

/** `~` and `~/` are the home folder, which the value keeps as `~`; another user's home is not known. */
function readTilde(scanner: Scanner, draft: Draft): void {
  if (charAt(scanner) !== "~") return;
  const next = scanner.text[scanner.at + 1];
  if (next !== undefined && next !== "/" && !WORD_END.has(next)) hide(draft);
}

function readPart(scanner: Scanner, draft: Draft): void {
  ORDINARY.lastIndex = scanner.at;
  const [ordinary] = ORDINARY.exec(scanner.text) ?? [];
  if (ordinary !== undefined) {
    scanner.at += ordinary.length;
    draft.text += ordinary;
    return;
  }
  const char = charAt(scanner);
  switch (char) {
    case "\\":
      return readEscape(scanner, draft);
    case "'":
      return readSingleQuotes(scanner, draft);
    case '"':
      return readDoubleQuotes(scanner, draft);
    case "$":
      return readDollar(scanner, draft, false);
    case "`":
      return unreadable("it has a backtick; `$(...)` says the same");
    default:
      scanner.at += 1;
      readBareCharacter(scanner, draft, char);
  }
}

function readBareCharacter(scanner: Scanner, draft: Draft, char: string): void {
  if (char === "*" || char === "?" || char === "[" || char === "]") {
    mark(scanner, draft);
    draft.glob ||= char !== "]";
  } else if (char === "{") {
    if (draft.brace === -1) draft.brace = draft.text.length;
  } else if (char === "!") {
    readHistory(scanner, draft);
  } else if (char === "=" && !draft.equals) {
    draft.equals = true;
    if (draft.plain && ASSIGNED_NAME.test(draft.text)) draft.assigns = draft.text.length;
  }
  draft.text += char;
}

/** `!word` stands for an earlier command in a shell that somebody types into. */
function readHistory(scanner: Scanner, draft: Draft): void {
  if (!NO_HISTORY.has(scanner.text[scanner.at])) hide(draft);
}

function readEscape(scanner: Scanner, draft: Draft): void {
  const escaped = scanner.text[scanner.at + 1] ?? unreadable("it ends in a backslash");
  // Shells join the lines before they look for variables, so what stands around the break would be read wrongly here.
  if (escaped === "\n") unreadable("it breaks a line within a word");
  scanner.at += 2;
  draft.plain = false;
  draft.text += escaped;
}

function readSingleQuotes(scanner: Scanner, draft: Draft): void {
  const end = scanner.text.indexOf("'", scanner.at + 1);
  if (end === -1) unreadable("a single quote is not closed");
  draft.plain = false;
  draft.text += scanner.text.slice(scanner.at + 1, end);
  scanner.at = end + 1;
}

/** Between double quotes a backslash escapes only these. */
const ESCAPED_IN_QUOTES = new Set(["$", "`", '"', "\\"]);

function readDoubleQuotes(scanner: Scanner, draft: Draft): void {
  draft.plain = false;
  scanner.at += 1;
  for (;;) {
    const char = scanner.text[scanner.at] ?? unreadable("a double quote is not closed");
    if (char === '"') break;
    if (char === "`") unreadable("it has a backtick; `$(...)` says the same");
    if (char === "$") {
      readDollar(scanner, draft, true);
      continue;
    }
    scanner.at += 1;
    if (char === "\\") readQuotedEscape(scanner, draft);
    else {
      if (char === "!") readHistory(scanner, draft);
      draft.text += char;
    }
  }
  scanner.at += 1;
}

function readQuotedEscape(scanner: Scanner, draft: Draft): void {
  const next = scanner.text[scanner.at] ?? unreadable("a double quote is not closed");
  if (next === "\n") unreadable("it breaks a line within a word");
  if (ESCAPED_IN_QUOTES.has(next)) {
    scanner.at += 1;
    draft.text += next;
  } else {
    draft.text += "\\";
  }
}

const VARIABLE = /\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\}|[0-9@*#?$!-])/y;

function readDollar(scanner: Scanner, draft: Draft, quoted: boolean): void {
  const next = scanner.text[scanner.at + 1];
  if (next === "(") return readSubstitution(scanner, draft, quoted);
  if (next === "'" && !quoted) return readAnsiQuotes(scanner, draft);
  if (next === "[" || (next === '"' && !quoted)) unreadable(`it has \`$${next}\``);
  VARIABLE.lastIndex = scanner.at;
  const found = VARIABLE.exec(scanner.text);
  if (found === null) {
    if (next === "{") unreadable("it has a `${...}` that is more than a name");
    scanner.at += 1;
    draft.text += "$";
    return;
  }
  scanner.at += found[0].length;
  draft.plain = false;
  draft.substituted = true;
  draft.splits ||= !quoted || found[0] === "$@";
  // The home folder is known, and places are looked for in it.
  if ((found[1] ?? found[2]) === "HOME") draft.text += "~";
  else addUnknown(scanner, draft);
}

function readSubstitution(scanner: Scanner, draft: Draft, quoted: boolean): void {
  if (scanner.text[scanner.at + 2] === "(") unreadable("it computes with `$((`");
  scanner.at += 2;
  draft.nested.push(scanner.substitution(scanner));
  draft.plain = false;
  draft.substituted = true;
  draft.splits ||= !quoted;
  addUnknown(scanner, draft);
}

const ANSI_ESCAPES: ReadonlyMap<string, string> = new Map([
  ["a", "\u0007"],
  ["b", "\b"],
  ["e", "\u001B"],
  ["E", "\u001B"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["v", "\v"],
  ["\\", "\\"],
  ['"', '"'],
  ["?", "?"],
]);

const ANSI_CODE = /(?:x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3}))/y;

/** `$'...'`: bash decodes it and some shells do not, so the value is known and the word still counts as substituted. */
function readAnsiQuotes(scanner: Scanner, draft: Draft): void {
  draft.plain = false;
  draft.substituted = true;
  scanner.at += 2;
  for (;;) {
    const char = scanner.text[scanner.at] ?? unreadable("a single quote is not closed");
    scanner.at += 1;
    if (char === "'") return;
    draft.text += char === "\\" ? readAnsiEscape(scanner) : char;
  }
}

function readAnsiEscape(scanner: Scanner): string {
  const next = scanner.text[scanner.at] ?? unreadable("a single quote is not closed");
  // Shells without this form end the quotes here.
  if (next === "'") unreadable("it escapes a single quote between `$'` and `'`");
  const known = ANSI_ESCAPES.get(next);
  if (known !== undefined) {
    scanner.at += 1;
    return known;
  }
  ANSI_CODE.lastIndex = scanner.at;
  const found = ANSI_CODE.exec(scanner.text) ?? unreadable("it has an unknown escape between `$'` and `'`");
  scanner.at += found[0].length;
  const octal = found[4];
  const code =
    octal === undefined ? Number.parseInt(found[1] ?? found[2] ?? found[3] ?? "", 16) : Number.parseInt(octal, 8);
  if (code === 0 || code > 0x10_ff_ff) unreadable("it has an escape for no character");
  return String.fromCodePoint(octal === undefined ? code : code & 0xff);
}

/** Notes that the value of the word is not known. */
function hide(draft: Draft): void {
  draft.substituted = true;
  draft.unknown = true;
  draft.splits = true;
}

/** Stands for a part whose value is not known. */
function addUnknown(scanner: Scanner, draft: Draft): void {
  mark(scanner, draft);
  draft.unknown = true;
  draft.text += "$";
}

function mark(scanner: Scanner, draft: Draft): void {
  scanner.marks += 1;
  if (scanner.marks > MOST_MARKS) unreadable(`it has more than ${MOST_MARKS} wild characters and unknown parts`);
  draft.marks.add(draft.text.length);
}

function finish(draft: Draft): Word {
  const { brace, equals: _, ...word } = draft;
  // A comma or two dots behind a brace make a shell write the word several times.
  if (brace !== -1 && (word.text.includes(",", brace) || word.text.includes("..", brace))) {
    return { ...word, substituted: true, unknown: true, splits: true };
  }
  return word;
}

function charAt(scanner: Scanner): string {
  return scanner.text[scanner.at] ?? "";
}
