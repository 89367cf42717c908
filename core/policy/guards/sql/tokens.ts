/** A piece of SQL. */
export interface Token {
  /** `word`: not quoted, in capitals. `name`: between double quotes or backticks. `text`: between single quotes. */
  readonly kind: "word" | "name" | "text" | "number" | "parameter" | "sign";
  /** Of a text: its inside. Of a sign: one character. */
  readonly text: string;
}

/** UTF-16 units; a query that a person might still read. */
const LONGEST_SQL = 65_536;

// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029]/;

const WORD = /[\p{L}_][\p{L}\p{M}\p{N}_$]*/uy;
const NUMBER = /0[xX][0-9A-Fa-f]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?/y;
const PARAMETER = /\$[0-9]{1,5}/y;
const WORD_CHARACTER = /[\p{L}\p{M}\p{N}_$]/u;
const PART_OF_WORD = /[\p{L}\p{M}\p{N}_$.]/u;
const BEYOND_ASCII = /[^\t\n\r -~]/;

/** Between backticks: one name. Where they are operators, this is still a name between two of them. */
const BACKTICK_NAME = /^[\p{L}\p{M}\p{N}_$.-]+$/u;

/** A backslash that ends a text in some databases and stands for itself in others. */
const BACKSLASH = /\\(?:['"\\\u0060]|$)/;

/** Words that a text may follow without a blank: kinds of texts that all end at the same quote. */
const TEXT_PREFIXES: ReadonlySet<string> = new Set(["E", "N", "B", "X", "DATE", "TIME", "TIMESTAMP", "INTERVAL"]);

/** Never outside quotes: each begins a comment, an escape or a client's command somewhere. */
const NEVER: ReadonlySet<string> = new Set(["\\", "#", "{", "}"]);

interface Scan {
  readonly text: string;
  readonly tokens: Token[];
  at: number;
  /** True between `[` and `]`: an array's index in some databases, a quoted name in others. */
  inBrackets: boolean;
}

/**
 * Cuts SQL into pieces that every database cuts alike; undefined where two could differ in where a text, a name or a comment
 * ends: backslashes before quotes, dollar quotes, `#` and `--x` comments, nested comments, comments that MySQL runs, names in
 * brackets or backticks that hold anything special, quotes that do not end. Plain comments are left out.
 */
export function tokenize(text: string): readonly Token[] | undefined {
  if (text.length > LONGEST_SQL || CONTROL.test(text)) return undefined;
  const scan: Scan = { text, tokens: [], at: 0, inBrackets: false };
  while (scan.at < text.length) {
    if (!step(scan)) return undefined;
  }
  return scan.inBrackets ? undefined : scan.tokens;
}

/** Reads one piece; false where it cannot be read in one way only. */
function step(scan: Scan): boolean {
  const character = scan.text.charAt(scan.at);
  if (character === " " || character === "\n" || character === "\t" || character === "\r") {
    scan.at += 1;
    return true;
  }
  if (isLetter(character)) return wordEnds(scan, takeWord(scan));
  if (character === "'") return quoted(scan, "text", character);
  if (character === '"' || character === "`") return quoted(scan, "name", character);
  if (character === "$") return parameter(scan);
  if (character >= "\u0080") {
    const word = take(scan, WORD);
    return word !== undefined && wordEnds(scan, word);
  }
  const pair = scan.text.slice(scan.at, scan.at + 2);
  if (pair === "--") return lineComment(scan);
  if (pair === "/*") return blockComment(scan);
  if (pair === "*/" || pair === "&'" || pair === '&"') return false;
  const number = isDigit(character) || character === "." ? take(scan, NUMBER) : undefined;
  if (number === undefined) return sign(scan, character);
  scan.tokens.push({ kind: "number", text: number });
  return !PART_OF_WORD.test(characterAt(scan));
}

function isLetter(character: string): boolean {
  return (character >= "a" && character <= "z") || (character >= "A" && character <= "Z") || character === "_";
}

function isDigit(character: string): boolean {
  return character >= "0" && character <= "9";
}

/** What `WORD` finds here, without it where all is ASCII. */
function takeWord(scan: Scan): string {
  const { text, at } = scan;
  let end = at + 1;
  while (isLetter(text.charAt(end)) || isDigit(text.charAt(end)) || text.charAt(end) === "$") end += 1;
  if (text.charAt(end) >= "\u0080") return take(scan, WORD) ?? "";
  scan.at = end;
  return text.slice(at, end);
}

/** What the pattern finds right here. */
function take(scan: Scan, pattern: RegExp): string | undefined {
  pattern.lastIndex = scan.at;
  const found = pattern.exec(scan.text)?.[0];
  if (found !== undefined) scan.at += found.length;
  return found;
}

function characterAt({ text, at }: Scan): string {
  const point = text.codePointAt(at);
  return point === undefined ? "" : String.fromCodePoint(point);
}

function wordEnds(scan: Scan, word: string): boolean {
  const upper = (BEYOND_ASCII.test(word) ? word.normalize("NFKC") : word).toUpperCase();
  scan.tokens.push({ kind: "word", text: upper });
  const next = scan.text.charAt(scan.at);
  if (next === "'") return TEXT_PREFIXES.has(upper);
  return next !== '"' && next !== "`" && !word.includes("$$");
}

function parameter(scan: Scan): boolean {
  const found = take(scan, PARAMETER);
  if (found === undefined || PART_OF_WORD.test(characterAt(scan))) return false;
  scan.tokens.push({ kind: "parameter", text: found });
  return true;
}

function sign(scan: Scan, character: string): boolean {
  if (NEVER.has(character)) return false;
  if (character === "[" || character === "]") {
    if (scan.inBrackets === (character === "[")) return false;
    if (character === "]" && scan.text.charAt(scan.at + 1) === "]") return false;
    scan.inBrackets = !scan.inBrackets;
  }
  scan.tokens.push({ kind: "sign", text: character });
  scan.at += 1;
  return true;
}

function quoted(scan: Scan, kind: "text" | "name", quote: string): boolean {
  const end = closingQuote(scan.text, scan.at + 1, quote);
  if (end === -1) return false;
  const inside = scan.text.slice(scan.at + 1, end);
  scan.at = end + 1;
  // Three quotes begin a longer kind of text in some databases.
  if (inside.startsWith(quote) || WORD_CHARACTER.test(characterAt(scan))) return false;
  if (BACKSLASH.test(inside) || (scan.inBrackets && /[[\]]/.test(inside))) return false;
  if (quote === "`" && !BACKTICK_NAME.test(inside)) return false;
  scan.tokens.push({ kind, text: inside.replaceAll(quote + quote, quote) });
  return true;
}

/** The quote that is not doubled; -1 where there is none. */
function closingQuote(text: string, from: number, quote: string): number {
  let end = text.indexOf(quote, from);
  while (end !== -1 && text.charAt(end + 1) === quote) end = text.indexOf(quote, end + 2);
  return end;
}

/** Needs the blank that MySQL needs, and one kind of line break. */
function lineComment(scan: Scan): boolean {
  const feed = scan.text.indexOf("\n", scan.at);
  const end = feed === -1 ? scan.text.length : feed;
  const comment = scan.text.slice(scan.at + 2, end);
  scan.at = end;
  const oneLine = !comment.replace(/\r$/, "").includes("\r");
  return oneLine && !scan.inBrackets && (comment === "" || /^[\t\r ]/.test(comment));
}

function blockComment(scan: Scan): boolean {
  const end = scan.text.indexOf("*/", scan.at + 2);
  if (end === -1 || scan.inBrackets) return false;
  const comment = scan.text.slice(scan.at + 2, end);
  scan.at = end + 2;
  return !comment.includes("/*") && !/^(?:[!+/]|M!)/i.test(comment);
}
