import { type Line, NO_LINES, NO_MARKS, simpleWord, type Word } from "./line.ts";
import { endsWord, ordinaryEnd, type Scanner, unreadable } from "./scanner.ts";

/** A word while it is read. */
interface Draft {
  text: string;
  marks: Set<number> | undefined;
  nested: Line[] | undefined;
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

/** Wild characters and unknown parts of a command line: each costs time wherever names are compared. */
const MOST_MARKS = 256;

/** What follows `!` where an interactive shell leaves it alone. */
const NO_HISTORY = new Set([" ", "\t", "\n", "=", '"', undefined]);

const ASSIGNED_NAME = /^[A-Za-z_][A-Za-z0-9_]*\+?$/;

/** The same, or a member of a list: shells read a `~` behind the `=` of either. */
const ASSIGNED_PLACE = /^[A-Za-z_][A-Za-z0-9_]*(?:\[.*\])?\+?$/;

/** Reads one word in which every character stands for itself and behind which no redirection begins; else reads nothing. */
export function readPlainWord(scanner: Scanner): Word | undefined {
  const { text, at } = scanner;
  const end = ordinaryEnd(text, at);
  if (end === at || !endsWord(text, end) || text[end] === "<" || text[end] === ">") return undefined;
  scanner.at = end;
  return simpleWord(text.slice(at, end), true);
}

/** Reads one word, up to an unquoted blank or operator. The scanner stands on its first character. */
export function readWord(scanner: Scanner): Word {
  const draft: Draft = {
    text: "",
    marks: undefined,
    nested: undefined,
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
  while (!endsWord(scanner.text, scanner.at)) readPart(scanner, draft);
  return finish(draft);
}

/** `~` and `~/` are the home folder, which the value keeps as `~`; another user's home is not known. */
function readTilde(scanner: Scanner, draft: Draft): void {
  if (charAt(scanner) === "~" && !isOwnHome(scanner.text, scanner.at)) hide(draft);
}

function isOwnHome(text: string, tilde: number): boolean {
  return text[tilde + 1] === "/" || endsWord(text, tilde + 1);
}

/** What looks like an assignment is a list to the shell: a `~` after each of its colons is a home folder, too. */
function readListedTildes(scanner: Scanner, draft: Draft, end: number): void {
  const { text } = scanner;
  for (let colon = text.indexOf(":~", scanner.at); colon !== -1 && colon < end; colon = text.indexOf(":~", colon + 1)) {
    if (text[colon + 2] !== ":" && !isOwnHome(text, colon + 1)) hide(draft);
  }
}

function readPart(scanner: Scanner, draft: Draft): void {
  const end = ordinaryEnd(scanner.text, scanner.at);
  if (end > scanner.at) {
    if (draft.assigns !== -1) readListedTildes(scanner, draft, end);
    draft.text += scanner.text.slice(scanner.at, end);
    scanner.at = end;
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
    if (draft.plain && ASSIGNED_PLACE.test(draft.text)) readTilde(scanner, draft);
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
  (draft.nested ??= []).push(scanner.substitution(scanner));
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
  (draft.marks ??= new Set()).add(draft.text.length);
}

function finish(draft: Draft): Word {
  const { text, brace } = draft;
  // A comma or two dots behind a brace make a shell write the word several times.
  const several = brace !== -1 && (text.includes(",", brace) || text.includes("..", brace));
  return {
    text,
    marks: draft.marks ?? NO_MARKS,
    glob: draft.glob,
    substituted: several || draft.substituted,
    unknown: several || draft.unknown,
    splits: several || draft.splits,
    plain: draft.plain,
    assigns: draft.assigns,
    nested: draft.nested ?? NO_LINES,
  };
}

function charAt(scanner: Scanner): string {
  return scanner.text[scanner.at] ?? "";
}
