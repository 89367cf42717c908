import { LeashError } from "../errors.ts";
import type { Checkpoint } from "../model/log.ts";
import { EMPTY_HEAD, type Head } from "../store/chain.ts";
import { openRow, type Stored } from "../store/envelope.ts";
import type { Row, Store } from "../store/store.ts";
import { createEdge, type Edge } from "./tree/edge.ts";
import { readHash } from "./tree/hash.ts";

/** A checkpoint as stored: kind "checkpoint", id = size in 16 digits. */
export interface CheckpointRow {
  readonly v: 1;
  readonly size: number;
  /** The size of the one before; 0 for the first. */
  readonly previous: number;
  readonly root: string;
  readonly note: string;
  /** By stream, the first new line and the one behind the last: in this order they are the tree's leaves. */
  readonly streams: Readonly<Record<string, readonly [from: number, to: number]>>;
}

/** The tree's right edge: kind "tree", id "edge". Whoever changes it has taken the checkpoint. */
export interface EdgeRow {
  readonly v: 1;
  readonly origin: string;
  readonly size: number;
  /** Of the perfect subtrees, the largest first, as hex. */
  readonly hashes: readonly string[];
}

/** How far the tree covers a stream: kind "tree", id "stream " and its name. */
export interface CoveredRow {
  readonly v: 1;
  readonly size: number;
  /** Of the last line covered. */
  readonly hash: string;
}

export const EDGE = { kind: "tree", id: "edge" } as const;
const STREAM = "stream ";
const SIZE_DIGITS = 16;
const PAGE = 1_000;

export const checkpointId = (size: number): string => String(size).padStart(SIZE_DIGITS, "0");
export const streamId = (stream: string): string => `${STREAM}${stream}`;

/** Rows of checkpoints by size, a page at a time. */
export async function* readCheckpointRows(store: Store): AsyncGenerator<Row> {
  for (let after = ""; ;) {
    const page = await store.list("checkpoint", { after, limit: PAGE });
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last.id;
  }
}

export async function readEdge(store: Store): Promise<Stored<EdgeRow> | undefined> {
  const row = await store.get(EDGE.kind, EDGE.id);
  return row === undefined ? undefined : openRow<EdgeRow>(row);
}

/** @throws {LeashError} `LEASH_LOG_INVALID` when the stored hashes are none. */
export function edgeOf({ hashes, size }: EdgeRow): Edge {
  const read = hashes.map(readHash).filter((hash) => hash !== undefined);
  if (read.length === hashes.length) return createEdge({ size, hashes: read });
  throw new LeashError(
    "LEASH_LOG_INVALID",
    "The stored edge of the tree is damaged, so nothing was signed. Verify the log.",
  );
}

/** How far each stream is covered, for the next compare-and-set. */
export async function readCovered(store: Store): Promise<ReadonlyMap<string, Stored<Head>>> {
  const covered = new Map<string, Stored<Head>>();
  for (let after = STREAM; ;) {
    const page = await store.list("tree", { after, limit: PAGE });
    for (const row of page) {
      const { value, version } = openRow<CoveredRow>(row);
      covered.set(row.id.slice(STREAM.length), { value: { seq: value.size, hash: value.hash }, version });
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return covered;
    after = last.id;
  }
}

export const NOT_COVERED: Stored<Head> = { value: EMPTY_HEAD, version: 0 };

/** The body of the row of a checkpoint. */
export function checkpointRow(
  checkpoint: Checkpoint,
  previous: number,
  from: ReadonlyMap<string, number>,
): CheckpointRow {
  const ranges = checkpoint.heads.map(({ size, stream }) => [stream, [from.get(stream) ?? 0, size]] as const);
  const { note, root, size } = checkpoint;
  return { v: 1, size, previous, root, note, streams: Object.fromEntries(ranges) };
}
