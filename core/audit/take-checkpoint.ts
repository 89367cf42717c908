import { setImmediate } from "node:timers/promises";
import { LeashError } from "../errors.ts";
import { uuidv7 } from "../ids.ts";
import type { Checkpoint, CheckpointOptions, StreamHead } from "../model/log.ts";
import type { Random } from "../model/runtime.ts";
import { type Stored, toBody } from "../store/envelope.ts";
import type { Head } from "../store/chain.ts";
import type { Change, Store } from "../store/store.ts";
import type { KeyRing } from "../tokens/keys.ts";
import { decodePublicKey } from "../tokens/paserk.ts";
import { type CheckpointSigner, signCheckpoint } from "./checkpoint.ts";
import {
  checkpointId,
  checkpointRow,
  type CheckpointRow,
  type CoveredRow,
  EDGE,
  edgeOf,
  type EdgeRow,
  NOT_COVERED,
  readCovered,
  readEdge,
  streamId,
} from "./checkpoint-rows.ts";
import { readLast, rebuildLast } from "./last-checkpoint.ts";
import { type Place, readRow } from "./line.ts";
import { openRow } from "../store/envelope.ts";
import type { Edge } from "./tree/edge.ts";

export interface CheckpointParts {
  readonly store: Store;
  readonly keys: KeyRing;
  readonly random: Random;
}

/** Streams in one checkpoint, so that its note stays well below what readers of notes take. */
const MOST_STREAMS = 1_000;
/** Lines in one checkpoint: a log that was never signed is signed in steps, and what is done stays done. */
const MOST_LINES = 50_000;
/** Lines that are checked in one go, between two pauses for whatever else the process does. */
const LINES_AT_A_TIME = 200;
/** Each conflict means that another process took a checkpoint. */
const MOST_CONFLICTS = 20;

/**
 * Signs what is in the log by now. Lines that no checkpoint covers yet are checked first and join the tree, stream by stream in
 * the order of names. Of several processes that do so at the same time one wins, and the others go on from there.
 *
 * @returns the new checkpoint; the last one where nothing was added; null for a log without records.
 * @throws {LeashError} `LEASH_LOG_INVALID` when a new line, the stored tree or the last checkpoint does not hold: nothing is signed
 * then. `LEASH_TOKEN_INVALID` where the key of the last checkpoint is lost. `LEASH_CONFIG_INVALID` without a key that may sign; `LEASH_STORE_UNAVAILABLE`.
 */
export async function takeCheckpoint(
  parts: CheckpointParts,
  options: CheckpointOptions = {},
): Promise<Checkpoint | null> {
  let { keyLost = false } = options;
  for (let conflicts = 0; conflicts < MOST_CONFLICTS;) {
    const before = await readTree(parts, keyLost);
    const growth = await collectGrowth(parts.store, before.edge);
    if (growth.heads.length === 0) {
      if (keyLost) throw broken("nothing was added since the checkpoint whose key is lost");
      return before.last;
    }
    const taken = await write(parts, before, growth);
    if (taken === undefined) conflicts += 1;
    else if (growth.isAll) return taken;
    else keyLost = false;
  }
  throw new LeashError(
    "LEASH_STORE_UNAVAILABLE",
    "Other processes took checkpoints all the time, so none was taken here. The log is covered up to theirs; try again.",
  );
}

/** Where the tree stands. */
interface Tree {
  readonly origin: string;
  readonly edge: Edge;
  /** Version of the edge's row. */
  readonly version: number;
  readonly last: Checkpoint | null;
}

async function readTree({ keys, random, store }: CheckpointParts, keyLost: boolean): Promise<Tree> {
  const stored = await readEdge(store);
  if (stored === undefined) {
    const fresh: EdgeRow = { v: 1, origin: `leashkit/${uuidv7(store.now(), random)}`, size: 0, hashes: [] };
    return { origin: fresh.origin, edge: edgeOf(fresh), version: 0, last: null };
  }
  const { value, version } = stored;
  const edge = edgeOf(value);
  const row = await store.get("checkpoint", checkpointId(value.size));
  if (row === undefined) throw broken("the last checkpoint is missing");
  const last = keyLost
    ? await rebuildLast(store, value.origin)
    : readLast(openRow<CheckpointRow>(row).value.note, keys.publicKeys("checkpoint"), value.origin);
  // What is signed must continue what was signed: a stored edge that somebody changed would not.
  if (last.size !== edge.size || last.root !== edge.root().toString("hex")) {
    throw broken("the stored tree is not the one of the last checkpoint");
  }
  return { origin: value.origin, edge, version, last };
}

interface Growth {
  readonly heads: readonly StreamHead[];
  readonly before: ReadonlyMap<string, Stored<Head>>;
  /** False where more is left than one checkpoint takes. */
  readonly isAll: boolean;
}

/** Appends the new lines of all streams to the edge. */
async function collectGrowth(store: Store, edge: Edge): Promise<Growth> {
  const before = await readCovered(store);
  const heads: StreamHead[] = [];
  const most = edge.size + MOST_LINES;
  for (const stream of await store.streams()) {
    const { value } = before.get(stream) ?? NOT_COVERED;
    const end = await appendLines(store, { stream, seq: value.seq, prev: value.hash }, edge, most);
    if (end.seq > value.seq) heads.push({ stream, size: end.seq, hash: end.prev });
    if (heads.length === MOST_STREAMS || edge.size === most) return { heads, before, isAll: false };
  }
  return { heads, before, isAll: true };
}

/** @param most The size at which the tree takes no more for now. */
async function appendLines(store: Store, from: Place, edge: Edge, most: number): Promise<Place> {
  let place = from;
  while (edge.size < most) {
    const limit = Math.min(LINES_AT_A_TIME, most - edge.size);
    const page = await store.lines(place.stream, place.seq, limit);
    for (const row of page) {
      const read = readRow(row, place);
      if ("problem" in read) throw broken(`${read.problem} (stream ${place.stream}, record ${place.seq})`);
      edge.append(Buffer.from(read.hash, "hex"));
      place = { stream: read.stream, seq: read.seq + 1, prev: read.hash };
    }
    if (page.length < limit) return place;
    await setImmediate();
  }
  return place;
}

/** Undefined where another process was quicker. */
async function write(parts: CheckpointParts, tree: Tree, { before, heads }: Growth): Promise<Checkpoint | undefined> {
  const { edge, origin } = tree;
  const { kid, signer } = signerOf(parts.keys);
  const body = { origin, size: edge.size, root: edge.root().toString("hex"), heads };
  const checkpoint: Checkpoint = { ...body, kid, isRevoked: false, note: signCheckpoint(body, signer) };
  const from = new Map([...before].map(([stream, { value }]) => [stream, value.seq] as const));
  const next: EdgeRow = { v: 1, origin, size: edge.size, hashes: edge.hashes().map((hash) => hash.toString("hex")) };
  const changes: readonly Change[] = [
    { ...EDGE, expect: tree.version, body: toBody(next) },
    {
      kind: "checkpoint",
      id: checkpointId(edge.size),
      expect: 0,
      body: toBody(checkpointRow(checkpoint, tree.last?.size ?? 0, from)),
    },
    ...heads.map(({ hash, size, stream }): Change => {
      const covered: CoveredRow = { v: 1, size, hash };
      const expect = before.get(stream)?.version ?? NOT_COVERED.version;
      return { kind: "tree", id: streamId(stream), expect, body: toBody(covered) };
    }),
  ];
  const { ok } = await parts.store.commit(changes);
  return ok ? checkpoint : undefined;
}

function signerOf(keys: KeyRing): { readonly kid: string; readonly signer: CheckpointSigner } {
  const signer = keys.signer("checkpoint");
  const { kid } = signer;
  const key = keys.publicKeys("checkpoint").find((known) => known.kid === kid);
  if (key === undefined) {
    throw new LeashError(
      "LEASH_CONFIG_INVALID",
      "The key that signs checkpoints is not in its own key set, so nothing was signed.",
    );
  }
  return { kid, signer: { publicKey: decodePublicKey(key.publicKey), sign: (message) => signer.signBytes(message) } };
}

function broken(problem: string): LeashError {
  return new LeashError(
    "LEASH_LOG_INVALID",
    `The log does not hold, so it was not signed: ${problem}. Keep it as it is, and verify it against a checkpoint that was kept elsewhere.`,
  );
}
