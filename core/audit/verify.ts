import type { LogReport } from "../model/log.ts";
import type { KeySet, PublicKey } from "../model/keys.ts";
import type { Head } from "../store/chain.ts";
import { compareUtf8 } from "../store/order.ts";
import type { LogLine } from "../store/store.ts";
import { verifyCheckpoint } from "./checkpoint.ts";
import { type LogSource, readJsonl } from "./jsonl.ts";
import {
  firstPlace,
  misplacement,
  placeAfter,
  type Place,
  type Problem,
  readLine,
  readRow,
  streamNamed,
} from "./line.ts";

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
    const read = readRow(row, place);
    if ("problem" in read) return { ...report(place), firstBad: { stream, seq: place.seq, problem: read.problem } };
    place = placeAfter(read);
  }
  return report(place);
}

/** Checkpoints that were kept, and the published keys that they are checked with. */
export interface KeptCheckpoints {
  /** Signed notes, in any order. Each tells of the streams that grew before it was signed. */
  readonly checkpoints: readonly string[];
  readonly keys: KeySet | readonly PublicKey[];
}

/**
 * Recomputes the hash chains of an exported log, in which several streams may follow one another or interleave. Stops at the
 * first bad line, whose number in the file (from 1) the problem states. See `verifyLines` for what a chain cannot show; kept
 * checkpoints show it for the streams that they name.
 *
 * @param source Prefer bytes: all of them, or the chunks of a file, which need not fit into memory.
 * @throws {LeashError} `LEASH_TOKEN_INVALID`, `LEASH_TOKEN_REVOKED` for a kept checkpoint that does not count.
 * @example const report = await verifyJsonl(createReadStream("leash-log.jsonl"), { checkpoints: [note], keys });
 */
export async function verifyJsonl(source: LogSource, kept?: KeptCheckpoints): Promise<LogReport> {
  const heads = headsOf(kept);
  const places = new Map<string, Place>();
  let last: Place = firstPlace("");
  let records = 0;
  for await (const lines of readJsonl(source)) {
    for (const line of lines) {
      const read = line === undefined ? { problem: "the line is not UTF-8" } : readLine(line);
      const damaged = "problem" in read;
      const place = damaged ? damagedPlace(line, places, last) : (places.get(read.stream) ?? firstPlace(read.stream));
      const bad = damaged ? read : (misplacement(read, place) ?? heads.contradict(placeAfter(read)));
      if (damaged || bad !== undefined) {
        const problem = `line ${records + 1} of the file: ${bad?.problem}`;
        const { seq, stream } = place;
        return { ok: false, streams: places.size, records, firstBad: { stream, seq, problem } };
      }
      records += 1;
      last = placeAfter(read);
      places.set(last.stream, last);
    }
  }
  const firstBad = heads.missing(places) ?? null;
  return { ok: firstBad === null, streams: places.size, records, firstBad };
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

function report({ seq, prev }: Place): StreamReport {
  return { records: seq, head: { seq, hash: prev }, firstBad: null };
}

/** What kept checkpoints say of single lines. */
interface Heads {
  /** What is wrong with a stream that has come to this place. */
  contradict(place: Place): Problem | undefined;
  /** The first line that a checkpoint covers and that is not there. */
  missing(places: ReadonlyMap<string, Place>): LogReport["firstBad"] | undefined;
}

function headsOf(kept: KeptCheckpoints | undefined): Heads {
  const hashes = new Map<string, Map<number, string>>();
  for (const note of kept?.checkpoints ?? []) {
    for (const { hash, size, stream } of verifyCheckpoint(note, kept?.keys ?? []).heads) {
      const known = hashes.get(stream) ?? new Map<number, string>();
      hashes.set(stream, known.set(size, hash));
    }
  }
  return {
    contradict({ prev, seq, stream }) {
      const hash = hashes.get(stream)?.get(seq);
      if (hash === undefined || hash === prev) return undefined;
      return {
        problem: "the line, or one before it, was rewritten with all hashes behind it: a checkpoint has another",
      };
    },
    missing(places) {
      for (const [stream, known] of [...hashes].sort(([one], [other]) => compareUtf8(one, other))) {
        const { seq } = places.get(stream) ?? firstPlace(stream);
        const covered = Math.max(...known.keys());
        const problem = `the line is missing: a checkpoint covers ${covered} of the stream`;
        if (seq < covered) return { stream, seq, problem };
      }
      return undefined;
    },
  };
}
