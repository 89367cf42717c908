import { DEFAULT_LIMITS, type Limits } from "./canonical.ts";
import { LeashError } from "./errors.ts";
import type { Json, JsonObject } from "./model/json.ts";

interface Reader {
  readonly text: string;
  readonly limits: Limits;
  at: number;
  depth: number;
  members: number;
}

/**
 * Reads JSON (RFC 8259) as strictly as I-JSON (RFC 7493) asks: a duplicate name, a lone surrogate, an integer beyond 2^53-1,
 * a number that overflows or vanishes, a byte order mark, a `__proto__` member and anything over the limits is refused.
 *
 * @throws {LeashError} `LEASH_INPUT_INVALID` with the offset; the message never quotes the text.
 * @example parseStrictJson('{"to":"ann","to":"eve"}') // throws
 */
export function parseStrictJson(text: string, limits: Partial<Limits> = {}): Json {
  const reader: Reader = { text, limits: { ...DEFAULT_LIMITS, ...limits }, at: 0, depth: 0, members: 0 };
  if (text.length > reader.limits.length) fail(reader, "the text is too long");
  const value = readValue(reader);
  skipSpace(reader);
  if (reader.at < text.length) fail(reader, "there is text after the value");
  return value;
}

/** True for what is an object in JSON: neither null nor a list. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readValue(reader: Reader): Json {
  skipSpace(reader);
  switch (reader.text[reader.at]) {
    case "{":
      return readObject(reader);
    case "[":
      return readArray(reader);
    case '"':
      return readString(reader);
    case "t":
      return readWord(reader, "true", true);
    case "f":
      return readWord(reader, "false", false);
    case "n":
      return readWord(reader, "null", null);
    default:
      return readNumber(reader);
  }
}

function readObject(reader: Reader): Json {
  const entries: Record<string, Json> = {};
  open(reader);
  if (closes(reader, "}")) return entries;
  do {
    skipSpace(reader);
    if (reader.text[reader.at] !== '"') fail(reader, "a member's name is missing");
    const name = readString(reader);
    if (name === "__proto__") fail(reader, "a member is named __proto__");
    if (Object.hasOwn(entries, name)) fail(reader, "a member's name occurs twice");
    expect(reader, ":");
    entries[name] = readValue(reader);
    member(reader);
  } while (separates(reader, "}"));
  return entries;
}

function readArray(reader: Reader): Json {
  const elements: Json[] = [];
  open(reader);
  if (closes(reader, "]")) return elements;
  do {
    elements.push(readValue(reader));
    member(reader);
  } while (separates(reader, "]"));
  return elements;
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

function readNumber(reader: Reader): number {
  NUMBER.lastIndex = reader.at;
  const literal = NUMBER.exec(reader.text)?.[0];
  if (literal === undefined) return fail(reader, "a value is missing or malformed");
  const value = Number(literal);
  if (!Number.isFinite(value)) fail(reader, "a number is too large");
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) fail(reader, "an integer is beyond 2^53-1");
  if (value === 0 && /[1-9]/.test(literal.split(/[eE]/)[0] ?? ""))
    fail(reader, "a number is too small to be told from zero");
  reader.at += literal.length;
  return value === 0 ? 0 : value;
}

// A string literal up to its closing quote; JSON.parse then decodes the escapes.
// eslint-disable-next-line no-control-regex -- RFC 8259 section 7 forbids exactly these unescaped.
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const LONE_SURROGATE = /\p{Surrogate}/u;

function readString(reader: Reader): string {
  STRING.lastIndex = reader.at;
  const literal = STRING.exec(reader.text)?.[0];
  if (literal === undefined) return fail(reader, "a string is malformed or not closed");
  const value: unknown = JSON.parse(literal);
  if (typeof value !== "string" || LONE_SURROGATE.test(value)) return fail(reader, "a string holds a lone surrogate");
  reader.at += literal.length;
  return value;
}

function readWord<T>(reader: Reader, word: string, value: T): T {
  if (!reader.text.startsWith(word, reader.at)) fail(reader, "a value is malformed");
  reader.at += word.length;
  return value;
}

function open(reader: Reader): void {
  reader.at += 1;
  reader.depth += 1;
  member(reader);
  if (reader.depth > reader.limits.depth) fail(reader, "the value is nested too deeply");
}

function closes(reader: Reader, end: string): boolean {
  skipSpace(reader);
  if (reader.text[reader.at] !== end) return false;
  reader.at += 1;
  reader.depth -= 1;
  return true;
}

/** After an element: true for a comma, false (and one level up) for the end. */
function separates(reader: Reader, end: string): boolean {
  if (closes(reader, end)) return false;
  expect(reader, ",");
  return true;
}

function expect(reader: Reader, character: string): void {
  skipSpace(reader);
  if (reader.text[reader.at] !== character) fail(reader, `a "${character}" is missing`);
  reader.at += 1;
}

function member(reader: Reader): void {
  reader.members += 1;
  if (reader.members > reader.limits.members) fail(reader, "there are too many members");
}

function skipSpace(reader: Reader): void {
  let code = reader.text.charCodeAt(reader.at);
  while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) {
    reader.at += 1;
    code = reader.text.charCodeAt(reader.at);
  }
}

function fail(reader: Reader, problem: string): never {
  throw new LeashError("LEASH_INPUT_INVALID", `The JSON text was refused: ${problem}, at offset ${reader.at}.`);
}
