import { leafHash } from "../digest.ts";
import { isLeashError } from "../errors.ts";
import type { JsonObject } from "../model/json.ts";
import { EMPTY_HEAD } from "../store/chain.ts";
import type { LogLine } from "../store/store.ts";
import { isJsonObject, parseStrictJson } from "../strict-json.ts";
import { readPlainLine } from "./plain-line.ts";

/** How a line of the log ends, `,"prev":"…","hash":"…"}`; everything before `,"hash":` is what the hash covers. */
const HASH_LENGTH = 64;
const HASH_FROM_END = HASH_LENGTH + '"}'.length;
const HASH_MEMBER_LENGTH = ',"hash":"'.length + HASH_FROM_END;
const PREV_FROM_END = HASH_LENGTH + '"'.length + HASH_MEMBER_LENGTH;
const HEX = /^[0-9a-f]{64}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Where a line must stand: which stream, which position, after which hash. */
export interface Place {
  readonly stream: string;
  readonly seq: number;
  readonly prev: string;
}

/** What a line that holds in itself says of its place. */
export interface ReadLine extends Place {
  readonly hash: string;
}

/** In a sentence, why a line does not hold. */
export interface Problem {
  readonly problem: string;
}

/**
 * Reads one line and checks all that can be checked without its neighbours. It must be exactly
 * `{"v":1,"stream":S,"seq":N,"ts":"…Z",<record>,"prev":"<64 hex>","hash":"<64 hex>"}`, strict JSON, with the RFC 6962 leaf hash
 * of the bytes before `,"hash":`.
 */
export function readLine(line: string): ReadLine | Problem {
  const read = readPlainLine(line);
  if (read === undefined) return readAnyLine(line);
  return leafHash(hashedPart(line)) === read.hash ? read : CHANGED;
}

const CHANGED: Problem = { problem: "the line was changed: its hash does not fit its bytes" };

function readAnyLine(line: string): ReadLine | Problem {
  const prev = line.slice(-PREV_FROM_END, -PREV_FROM_END + HASH_LENGTH);
  const hash = line.slice(-HASH_FROM_END, -HASH_FROM_END + HASH_LENGTH);
  if (!HEX.test(prev) || !line.endsWith(`,"prev":"${prev}","hash":"${hash}"}`)) {
    return { problem: "the line does not end in its prev and hash" };
  }
  if (leafHash(hashedPart(line)) !== hash) return CHANGED;
  const record = parseLine(line);
  if (record === undefined) return { problem: "the line is not a strict JSON object" };
  const { v, stream, seq, ts } = record;
  if (v !== 1) return { problem: "the line's format version is not known here" };
  if (typeof stream !== "string" || typeof seq !== "number" || !isTime(ts)) {
    return { problem: "the line's stream, seq or ts is missing or malformed" };
  }
  if (!line.startsWith(`{"v":1,"stream":${JSON.stringify(stream)},"seq":${seq},"ts":"${ts}",`))
    return { problem: "the line does not begin with v, stream, seq and ts" };
  return { stream, seq, prev, hash };
}

/** What the hash of a line covers, and so the entry that it is in a tree. Only for lines that hold. */
export function hashedPart(line: string): string {
  return line.slice(0, -HASH_MEMBER_LENGTH);
}

/** Reads a stored row that must stand at a place. */
export function readRow(row: LogLine, place: Place): ReadLine | Problem {
  if (row.stream !== place.stream) return { problem: "the row is stored under another stream" };
  if (row.seq !== place.seq) {
    return { problem: `the row stored here has seq ${row.seq}: a line is missing, repeated or out of order` };
  }
  const read = readLine(row.line);
  return "problem" in read ? read : (misplacement(read, place) ?? read);
}

/** Where the first line of a stream stands. */
export function firstPlace(stream: string): Place {
  return { stream, seq: EMPTY_HEAD.seq, prev: EMPTY_HEAD.hash };
}

/** Where the line behind this one stands. */
export function placeAfter(line: ReadLine): Place {
  return { stream: line.stream, seq: line.seq + 1, prev: line.hash };
}

/** What keeps a line from standing at a place, undefined when nothing does. */
export function misplacement(line: ReadLine, place: Place): Problem | undefined {
  if (line.stream !== place.stream) return { problem: "the line belongs to another stream" };
  if (line.seq !== place.seq) {
    return { problem: `the line says seq ${line.seq}: a line is missing, repeated or out of order` };
  }
  if (line.prev === place.prev) return undefined;
  return { problem: "the line does not follow the one before it: one of the two was replaced" };
}

/** The stream that a line names, whether or not the line holds. */
export function streamNamed(line: string): string | undefined {
  const stream = parseLine(line)?.["stream"];
  return typeof stream === "string" ? stream : undefined;
}

function parseLine(line: string): JsonObject | undefined {
  try {
    const value: unknown = parseStrictJson(line);
    return isJsonObject(value) ? value : undefined;
  } catch (error) {
    if (isLeashError(error, "LEASH_INPUT_INVALID")) return undefined;
    throw error;
  }
}

function isTime(value: unknown): value is string {
  return typeof value === "string" && TIME.test(value) && !Number.isNaN(Date.parse(value));
}
