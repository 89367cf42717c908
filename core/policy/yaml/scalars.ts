import { CST } from "yaml";
import type { Place } from "../issues.ts";
import type { LocatedScalar } from "../located.ts";
import { endOf, type Reading, refuseSyntax } from "./reading.ts";

/** The words of the core schema (YAML 1.2.2, section 10.3.2) that are no texts; everything else of letters is one. */
const WORDS: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ["", null],
  ["~", null],
  ["null", null],
  ["Null", null],
  ["NULL", null],
  ["true", true],
  ["True", true],
  ["TRUE", true],
  ["false", false],
  ["False", false],
  ["FALSE", false],
]);
const LONGEST_WORD = 5;

/** Every spelling of a number in the core schema. */
const NUMBER =
  /^(?:[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

/** Whole numbers written plainly: what survives every YAML and JSON reader unchanged. */
const WHOLE_NUMBER = /^-?(?:0|[1-9][0-9]{0,15})$/;

/** Starts of plain texts that need the library's own look. */
const RESERVED_STARTS = new Set(["\t", ",", "%", "|", ">", "@", "`"]);

type QuotedOrPlain = CST.FlowScalar & { readonly type: Exclude<CST.FlowScalar["type"], "alias"> };

type ScalarToken = QuotedOrPlain | CST.BlockScalar;

/** A scalar's text before the schema gives it a type. */
export interface ScalarText {
  readonly value: string;
  readonly isPlain: boolean;
  /** As in `LocatedScalar`. */
  readonly verbatimAt: number | undefined;
}

/** A scalar, not an alias of one. */
export function isScalar(token: CST.Token): token is ScalarToken {
  return CST.isScalar(token);
}

/** What a scalar says: as it stands where it stands on one line without escapes, by the library's rules where not. */
export function readText(token: ScalarToken, reading: Reading): ScalarText {
  const isPlain = token.type === "scalar";
  if (token.type !== "block-scalar") {
    const value = verbatimText(token);
    if (value !== undefined) {
      reading.end = endOf(token.end, token.offset + token.source.length, reading);
      return { value, isPlain, verbatimAt: isPlain ? token.offset : token.offset + 1 };
    }
  }
  if (token.type !== "block-scalar" && !isClosed(token)) {
    refuseSyntax(reading, token.offset, "the closing quotation mark is missing");
  }
  const { value, range } = CST.resolveAsScalar(token, true, (offset, _code, message) =>
    refuseSyntax(reading, offset, message),
  );
  reading.end = range[2];
  return { value, isPlain, verbatimAt: verbatimOffset(reading.text, token.offset, value) };
}

/** The value of a scalar that shows it letter by letter; undefined where the library must look. */
function verbatimText({ type, source }: QuotedOrPlain): string | undefined {
  if (source.includes("\n")) return undefined;
  if (type === "scalar") return RESERVED_STARTS.has(source.charAt(0)) ? undefined : source;
  const quote = type === "double-quoted-scalar" ? '"' : "'";
  if (source.length < 2 || source.indexOf(quote, 1) !== source.length - 1) return undefined;
  return type === "double-quoted-scalar" && source.includes("\\") ? undefined : source.slice(1, -1);
}

/** The lexer also ends a quoted text where a line is not indented enough; its last mark may then be an escaped one. */
function isClosed({ type, source }: QuotedOrPlain): boolean {
  if (type === "single-quoted-scalar") return source.split("'").length % 2 === 1;
  if (type !== "double-quoted-scalar") return true;
  let backslashes = 0;
  while (source.at(-2 - backslashes) === "\\") backslashes += 1;
  return source.length > 1 && source.endsWith('"') && backslashes % 2 === 0;
}

/** Where the text shows the value as it is: right there, or behind one quotation mark. */
function verbatimOffset(text: string, offset: number, value: string): number | undefined {
  for (const candidate of [offset, offset + 1]) if (text.startsWith(value, candidate)) return candidate;
  return undefined;
}

/** Gives a scalar its type by the core schema, and refuses numbers that are not plainly written whole ones. */
export function readScalar(token: ScalarToken, place: Place, reading: Reading): LocatedScalar {
  const { value, isPlain, verbatimAt } = readText(token, reading);
  const typed = isPlain ? readPlain(value) : value;
  if (typeof typed === "string") {
    if (!typed.isWellFormed()) reading.report("yaml_text", place, "a text holds half of a surrogate pair");
    return { kind: "scalar", value: typed, place, verbatimAt };
  }
  if (typed === undefined) {
    reading.report("yaml_number", place, "a number must be whole, plainly written and at most 2^53-1");
    return emptyAt(place);
  }
  return { kind: "scalar", value: typed, place, verbatimAt: undefined };
}

/** The typed value of a plain scalar; undefined for a number that policies do not have. */
export function readPlain(source: string): string | number | boolean | null | undefined {
  if (source.length <= LONGEST_WORD) {
    const word = WORDS.get(source);
    if (word !== undefined) return word;
  }
  if (!startsLikeNumber(source) || !NUMBER.test(source)) return source;
  const value = Number(source);
  return WHOLE_NUMBER.test(source) && Number.isSafeInteger(value) ? value : undefined;
}

/** A digit, or one of the three marks that may stand before digits. */
function startsLikeNumber(source: string): boolean {
  const first = source.charCodeAt(0);
  return (first >= 48 && first <= 57) || first === 43 || first === 45 || first === 46;
}

/** A value that is not there. */
export function emptyAt(place: Place): LocatedScalar {
  return { kind: "scalar", value: null, place, verbatimAt: undefined };
}
