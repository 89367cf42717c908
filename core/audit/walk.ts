import type { Checkpoint, LogReport, StreamHead } from "../model/log.ts";
import { hashOf } from "../store/chain.ts";
import { compareUtf8 } from "../store/order.ts";
import type { Store } from "../store/store.ts";
import { readPages } from "./export.ts";
import { firstPlace, type Place, placeAfter, readRow } from "./line.ts";
import { createEdge } from "./tree/edge.ts";

export type BadLine = NonNullable<LogReport["firstBad"]>;

/** A way through a stored log, every line once: by its checkpoints as far as they go, then to the ends of the streams. */
export interface Walk {
  /** The first bad line of each stream that has one. Behind it nothing of the stream is read. */
  readonly problems: ReadonlyMap<string, BadLine>;
  /** Lines that hold. */
  records(): number;
  /** Leaves of the tree so far. */
  size(): number;
  /** The root at the size that is watched for; undefined before it, and where a bad line came first. */
  rootWatched(): string | undefined;
  /**
   * Goes on to the next checkpoint: its lines join the tree. Bad lines are noted in `problems`.
   * @returns what is wrong with the checkpoint itself, in words.
   */
  follow(checkpoint: Checkpoint): Promise<string | undefined>;
  /** Goes on to the end of a stream. */
  advance(stream: string): Promise<void>;
  /** Looks for the first stream in which the stated line is missing or another. */
  compareHeads(store: Store, heads: readonly StreamHead[]): Promise<void>;
}

/** @param watched The size of tree at which the root is wanted. */
export function createWalk(store: Store, watched: number | undefined): Walk {
  const places = new Map<string, Place>();
  const problems = new Map<string, BadLine>();
  const edge = createEdge();
  let isWhole = true;
  let root = watched === 0 ? edge.root().toString("hex") : undefined;
  const placeOf = (stream: string): Place => places.get(stream) ?? firstPlace(stream);
  const note = (stream: string, seq: number, problem: string): void => {
    if (!problems.has(stream)) problems.set(stream, { stream, seq, problem });
  };
  const append = (hash: string): void => {
    if (!isWhole) return;
    edge.append(Buffer.from(hash, "hex"));
    if (edge.size === watched) root = edge.root().toString("hex");
  };
  const read = async (stream: string, to: number, onLine?: (hash: string) => void): Promise<void> => {
    let place = placeOf(stream);
    pages: for await (const page of readPages(store, stream, place.seq, to)) {
      for (const row of page) {
        const line = readRow(row, place);
        if ("problem" in line) {
          note(stream, place.seq, line.problem);
          break pages;
        }
        onLine?.(line.hash);
        place = placeAfter(line);
      }
    }
    places.set(stream, place);
  };
  const readCovered = async (head: StreamHead): Promise<void> => {
    const from = placeOf(head.stream);
    if (!problems.has(head.stream)) await read(head.stream, head.size, append);
    const { prev, seq } = placeOf(head.stream);
    if (!problems.has(head.stream)) {
      if (seq < head.size)
        note(head.stream, seq, `the line is missing: a checkpoint covers ${head.size} of the stream`);
      else if (prev !== head.hash) {
        note(
          head.stream,
          from.seq,
          `the line, or one up to ${head.size - 1}, was rewritten with all hashes behind it: a checkpoint has another`,
        );
        places.set(head.stream, from);
      }
    }
    if (problems.has(head.stream)) isWhole = false;
  };
  return {
    problems,
    records: () => [...places.values()].reduce((sum, { seq }) => sum + seq, 0),
    size: () => edge.size,
    rootWatched: () => root,
    async follow({ heads, root: signed, size }) {
      const before = edge.size;
      if (isWhole && before + growthOf(heads, placeOf) !== size) {
        return "it does not continue the checkpoint before it: one between is missing";
      }
      for (const head of heads) await readCovered(head);
      return isWhole && edge.root().toString("hex") !== signed
        ? "its root is not that of the records it covers"
        : undefined;
    },
    advance: async (stream) => {
      if (!problems.has(stream)) await read(stream, Infinity);
    },
    async compareHeads(from, heads) {
      for (const { hash, size, stream } of heads) {
        const [row] = problems.has(stream) ? [] : await from.lines(stream, size - 1, 1);
        if (row?.seq === size - 1 && hashOf(row.line) === hash) continue;
        if (row !== undefined) {
          note(
            stream,
            0,
            `the line, or one up to ${size - 1}, was rewritten with all hashes behind it: the kept checkpoint has another`,
          );
          places.set(stream, firstPlace(stream));
        } else if (!problems.has(stream)) {
          await read(stream, Infinity);
          note(stream, placeOf(stream).seq, `the line is missing: the kept checkpoint covers ${size} of the stream`);
        }
        if (problems.has(stream)) return;
      }
    },
  };
}

function growthOf(heads: readonly StreamHead[], placeOf: (stream: string) => Place): number {
  let sum = 0;
  let last: string | undefined;
  for (const { size, stream } of heads) {
    const grown = size - placeOf(stream).seq;
    if (grown < 1 || (last !== undefined && compareUtf8(last, stream) >= 0)) return Number.NaN;
    sum += grown;
    last = stream;
  }
  return sum;
}
