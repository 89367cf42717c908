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

/** Nothing but printable ASCII and the blanks that tokens may stand between; nothing of it is a control character. */
const ASCII_TEXT = /^[\t\n\r -~]*$/;

const WORD = /[\p{L}_][\p{L}\p{M}\p{N}_$]*/uy;
const NUMBER = /0[xX][0-9A-Fa-f]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?/y;
const PARAMETER = /\$[0-9]{1,5}/y;
const WORD_CHARACTER = /[\p{L}\p{M}\p{N}_$]/u;
const PART_OF_WORD = /[\p{L}\p{M}\p{N}_$.]/u;

/** What an ASCII character begins. */
const [OTHER, BLANK, LETTER, DIGIT, QUOTE] = [0, 1, 2, 3, 4] as const;
const [DOLLAR, SMALL_A] = [36, 97] as const;
const ASCII = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[A-Za-z_]/.test(character)) return LETTER;
  if (/[0-9]/.test(character)) return DIGIT;
  if (/["'\u0060]/.test(character)) return QUOTE;
  return /[\t\n\r ]/.test(character) ? BLANK : OTHER;
});

/** What a word of ASCII goes on with. */
const WORD_CODES = ASCII.map((kind, code) => Number(kind === LETTER || kind === DIGIT || code === DOLLAR));

/** Between backticks: one name. Where they are operators, this is still a name between two of them. */
const BACKTICK_NAME = /^[\p{L}\p{M}\p{N}_$.-]+$/u;

/** A backslash that ends a text in some databases and stands for itself in others. */
const BACKSLASH = /\\(?:['"\\\u0060]|$)/;

/** Words that a text may follow without a blank: kinds of texts that all end at the same quote. */
const TEXT_PREFIXES: ReadonlySet<string> = new Set(["E", "N", "B", "X", "DATE", "TIME", "TIMESTAMP", "INTERVAL"]);

/** Never outside quotes: each begins a comment, an escape or a client's command somewhere. */
const NEVER: ReadonlySet<string> = new Set(["\\", "#", "{", "}"]);

/** By their codes, made once: every other piece of a query is one of them. */
const SIGNS: readonly Token[] = Array.from({ length: 128 }, (_, code) =>
  Object.freeze<Token>({ kind: "sign", text: String.fromCharCode(code) }),
);

interface Scan {
  readonly text: string;
  readonly tokens: Token[];
  /** True where a word may hold `$$`. */
  readonly dollars: boolean;
  at: number;
  /** True between `[` and `]`: an array's index in some databases, a quoted name in others. */
  inBrackets: boolean;
}

/** SQL cut into pieces. */
export interface Tokens {
  readonly list: readonly Token[];
  /** True where all of the SQL is ASCII, its comments and blanks included. */
  readonly ascii: boolean;
}

/**
 * Cuts SQL into pieces that every database cuts alike; undefined where two could differ in where a text, a name or a comment
 * ends: backslashes before quotes, dollar quotes, `#` and `--x` comments, nested comments, comments that MySQL runs, names in
 * brackets or backticks that hold anything special, quotes that do not end. Plain comments are left out.
 */
export function tokenize(text: string): Tokens | undefined {
  if (text.length > LONGEST_SQL) return undefined;
  const ascii = ASCII_TEXT.test(text);
  if (!ascii && CONTROL.test(text)) return undefined;
  const scan: Scan = { text, tokens: [], dollars: !ascii || text.includes("$$"), at: 0, inBrackets: false };
  while (scan.at < text.length) {
    if (ASCII[text.charCodeAt(scan.at)] === BLANK) scan.at += 1;
    else if (!step(scan)) return undefined;
  }
  return scan.inBrackets ? undefined : { list: scan.tokens, ascii };
}

/** Reads one piece, which is no blank; false where it cannot be read in one way only. */
function step(scan: Scan): boolean {
  const { text, at } = scan;
  const code = text.charCodeAt(at);
  if (code >= ASCII.length) return otherWord(scan);
  switch (ASCII[code]) {
    case LETTER:
      return word(scan);
    case QUOTE:
      return quoted(scan, text.charAt(at));
    case DIGIT:
      return number(scan);
    default:
      return punctuation(scan, text.charAt(at));
  }
}

function punctuation(scan: Scan, character: string): boolean {
  if (character === "$") return parameter(scan);
  const next = scan.text.charAt(scan.at + 1);
  if (character === "-" && next === "-") return lineComment(scan);
  if (character === "/" && next === "*") return blockComment(scan);
  if ((character === "*" && next === "/") || (character === "&" && (next === "'" || next === '"'))) return false;
  return character === "." && next >= "0" && next <= "9" ? number(scan) : sign(scan, character);
}

/** A word of ASCII, which nearly all are. */
function word(scan: Scan): boolean {
  const { text, at } = scan;
  let end = at;
  let capitals = true;
  for (; end < text.length; end += 1) {
    const code = text.charCodeAt(end);
    if (code >= ASCII.length) return otherWord(scan);
    if (WORD_CODES[code] === 0) break;
    capitals &&= code < SMALL_A;
  }
  scan.at = end;
  const found = text.slice(at, end);
  return wordEnds(scan, capitals ? found : found.toUpperCase());
}

function otherWord(scan: Scan): boolean {
  const found = take(scan, WORD);
  return found !== undefined && wordEnds(scan, found.normalize("NFKC").toUpperCase());
}

function number(scan: Scan): boolean {
  const plain = digits(scan);
  const found = plain ?? take(scan, NUMBER);
  if (found === undefined || (plain === undefined && PART_OF_WORD.test(characterAt(scan)))) return false;
  scan.tokens.push({ kind: "number", text: found });
  return true;
}

/** A number of nothing but digits, and nothing behind it that could go on with it: then the pattern finds no more either. */
function digits(scan: Scan): string | undefined {
  const { text, at } = scan;
  let end = at;
  while (end < text.length && ASCII[text.charCodeAt(end)] === DIGIT) end += 1;
  if (end === at || !endsWord(text, end) || text[end] === ".") return undefined;
  scan.at = end;
  return text.slice(at, end);
}

/** True where no word goes on. */
function endsWord(text: string, at: number): boolean {
  if (at >= text.length) return true;
  const code = text.charCodeAt(at);
  return code < ASCII.length ? WORD_CODES[code] === 0 : !WORD_CHARACTER.test(characterAt({ text, at }));
}

/** What the pattern finds right here. */
function take(scan: Scan, pattern: RegExp): string | undefined {
  pattern.lastIndex = scan.at;
  const found = pattern.exec(scan.text)?.[0];
  if (found !== undefined) scan.at += found.length;
  return found;
}

function characterAt({ text, at }: Pick<Scan, "text" | "at">): string {
  const point = text.codePointAt(at);
  return point === undefined ? "" : String.fromCodePoint(point);
}

/** @param upper in capitals. */
function wordEnds(scan: Scan, upper: string): boolean {
  scan.tokens.push({ kind: "word", text: upper });
  const next = scan.text.charAt(scan.at);
  if (next === "'") return TEXT_PREFIXES.has(upper);
  return next !== '"' && next !== "`" && !(scan.dollars && upper.includes("$$"));
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
  scan.tokens.push(SIGNS[character.charCodeAt(0)] ?? { kind: "sign", text: character });
  scan.at += 1;
  return true;
}

function quoted(scan: Scan, quote: string): boolean {
  const end = closingQuote(scan.text, scan.at + 1, quote);
  if (end === -1) return false;
  const inside = scan.text.slice(scan.at + 1, end);
  scan.at = end + 1;
  // Three quotes begin a longer kind of text in some databases.
  if (inside.startsWith(quote) || !endsWord(scan.text, scan.at)) return false;
  if ((inside.includes("\\") && BACKSLASH.test(inside)) || (scan.inBrackets && /[[\]]/.test(inside))) return false;
  if (quote === "`" && !BACKTICK_NAME.test(inside)) return false;
  const kind = quote === "'" ? "text" : "name";
  scan.tokens.push({ kind, text: inside.includes(quote) ? inside.replaceAll(quote + quote, quote) : inside });
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
