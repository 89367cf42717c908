import { isUtf8 } from "node:buffer";
import type { LogReport } from "../model/log.ts";
import { EMPTY_HEAD, type Head } from "../store/chain.ts";
import type { LogLine, Store } from "../store/store.ts";
import { misplacement, readLine, streamNamed, type Place, type ReadLine } from "./line.ts";
import { readLines } from "./export.ts";

/** The result of checking one stream, and its last line that holds: where a checkpoint would be taken. */
export interface StreamReport {
  readonly records: number;
  readonly head: Head;
  readonly firstBad: LogReport["firstBad"];
}

/**
 * Recomputes the hash chain of one stream from its bytes, up to the first line that does not hold.
 *
 * An edit, a deletion, an insertion, a swap or a repetition is found and named by the position at which it shows. What no chain
 * can show by itself: lines cut off its end, or the whole rewritten by somebody who recomputed every hash. For those, compare
 * `head` with one kept elsewhere, such as a signed checkpoint.
 *
 * @param stream The stream the lines must belong to.
 * @param lines In order, from the first on.
 */
export async function verifyLines(
  stream: string,
  lines: Iterable<LogLine> | AsyncIterable<LogLine>,
): Promise<StreamReport> {
  let place: Place = firstPlace(stream);
  for await (const row of lines) {
    const bad = (problem: string): StreamReport => ({
      ...report(place),
      firstBad: { stream, seq: place.seq, problem },
    });
    if (row.stream !== stream) return bad("the row is stored under another stream");
    if (row.seq !== place.seq)
      return bad(`the row stored here has seq ${row.seq}: a line is missing, repeated or out of order`);
    const read = readLine(row.line);
    if ("problem" in read) return bad(read.problem);
    const misplaced = misplacement(read, place);
    if (misplaced !== undefined) return bad(misplaced.problem);
    place = after(read);
  }
  return report(place);
}

/**
 * Recomputes the hash chains of all streams in a store. `firstBad` is the first bad line of the first bad stream, in the order
 * of the streams' names; `records` counts the lines that hold. See `verifyLines` for what a chain cannot show.
 * @throws {LeashError} `LEASH_STORE_UNAVAILABLE` when the store cannot be read: that says nothing about the log.
 */
export async function verifyLog(store: Store): Promise<LogReport> {
  const streams = await store.streams();
  let records = 0;
  let firstBad: LogReport["firstBad"] = null;
  for (const stream of streams) {
    const result = await verifyLines(stream, readLines(store, stream));
    records += result.records;
    firstBad ??= result.firstBad;
  }
  return { ok: firstBad === null, streams: streams.length, records, firstBad };
}

/**
 * Recomputes the hash chains of an exported log, in which several streams may follow one another or interleave. Stops at the
 * first bad line, whose number in the file (from 1) the problem states. See `verifyLines` for what a chain cannot show.
 *
 * @param source The file's bytes or text, or its lines (each with or without its line feed). Prefer bytes: a text was decoded
 * by somebody else, who may have replaced what was not UTF-8.
 * @example const report = await verifyJsonl(await readFile("leash-log.jsonl"));
 */
export async function verifyJsonl(
  source: string | Uint8Array | Iterable<string> | AsyncIterable<string>,
): Promise<LogReport> {
  const places = new Map<string, Place>();
  let last: Place = firstPlace("");
  let records = 0;
  for await (const line of splitLines(source)) {
    const read = line === undefined ? { problem: "the line is not UTF-8" } : readLine(line);
    const damaged = "problem" in read;
    const place = damaged ? damagedPlace(line, places, last) : (places.get(read.stream) ?? firstPlace(read.stream));
    const bad = damaged ? read : misplacement(read, place);
    if (damaged || bad !== undefined) {
      const problem = `line ${records + 1} of the file: ${bad?.problem}`;
      return { ok: false, streams: places.size, records, firstBad: { stream: place.stream, seq: place.seq, problem } };
    }
    records += 1;
    last = after(read);
    places.set(last.stream, last);
  }
  return { ok: true, streams: places.size, records, firstBad: null };
}

/**
 * Where a damaged line was meant to stand, as far as one can tell: next in the stream that it names, or next after the last
 * line where that name itself was damaged.
 */
function damagedPlace(line: string | undefined, places: ReadonlyMap<string, Place>, last: Place): Place {
  const stream = line === undefined ? undefined : streamNamed(line);
  if (stream === undefined) return last;
  return places.get(stream) ?? (places.size === 0 ? firstPlace(stream) : last);
}

function after(line: ReadLine): Place {
  return { stream: line.stream, seq: line.seq + 1, prev: line.hash };
}

function firstPlace(stream: string): Place {
  return { stream, seq: EMPTY_HEAD.seq, prev: EMPTY_HEAD.hash };
}

function report({ seq, prev }: Place): StreamReport {
  return { records: seq, head: { seq, hash: prev }, firstBad: null };
}

const LINE_FEED = 0x0a;

/** Lines without their line feed; undefined for one that is not UTF-8. */
async function* splitLines(
  source: string | Uint8Array | Iterable<string> | AsyncIterable<string>,
): AsyncGenerator<string | undefined> {
  if (typeof source !== "string" && !(source instanceof Uint8Array)) {
    for await (const line of source) yield line.endsWith("\n") ? line.slice(0, -1) : line;
    return;
  }
  const bytes = Buffer.from(source);
  let start = 0;
  while (start < bytes.length) {
    const found = bytes.indexOf(LINE_FEED, start);
    const end = found === -1 ? bytes.length : found;
    const line = bytes.subarray(start, end);
    yield isUtf8(line) ? line.toString() : undefined;
    start = end + 1;
  }
}
