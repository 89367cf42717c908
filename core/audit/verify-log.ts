import { isLeashError } from "../errors.ts";
import type { KeySet, PublicKey } from "../model/keys.ts";
import type { Checkpoint, LogReport, LogVerification } from "../model/log.ts";
import { openRow } from "../store/envelope.ts";
import { compareUtf8 } from "../store/order.ts";
import type { Row, Store } from "../store/store.ts";
import { verifyCheckpoint } from "./checkpoint.ts";
import { checkpointId, type CheckpointRow, readCheckpointRows, readEdge } from "./checkpoint-rows.ts";
import { createWalk, type Walk } from "./walk.ts";

export interface VerifyStoredLogOptions {
  /** Asked for when there is a checkpoint to check. */
  readonly keys: () => KeySet | readonly PublicKey[];
  /** A signed note that was kept elsewhere. */
  readonly checkpoint?: string | undefined;
}

/**
 * Recomputes everything of a stored log: the hash chains of all streams, the tree, every stored checkpoint, and that the log
 * continues a checkpoint that was kept elsewhere. Each line is read once; no more than the ends of the streams is held.
 *
 * `firstBad` is the first bad line of the first bad stream, in the order of the streams' names; `records` counts the lines that
 * hold. Where a stream was rewritten with all its hashes, the first line is named that the checkpoint before did not cover.
 *
 * @throws {LeashError} `LEASH_STORE_UNAVAILABLE` when the store cannot be read: that says nothing about the log;
 * `LEASH_TOKEN_INVALID`, `LEASH_TOKEN_REVOKED` when the kept checkpoint itself does not count.
 */
export async function verifyLog(store: Store, { checkpoint, keys }: VerifyStoredLogOptions): Promise<LogVerification> {
  const kept = checkpoint === undefined ? undefined : verifyCheckpoint(checkpoint, keys());
  const walk = createWalk(store, kept?.size);
  const signed = await followCheckpoints(store, walk, keys);
  // Also where a stored one is bad: the kept one may name the line.
  const keptBad = kept === undefined ? undefined : await compareKept(store, walk, kept, signed);
  const bad = signed.bad ?? keptBad;
  const streams = await store.streams();
  for (const stream of streams) await walk.advance(stream);
  return {
    ...reportOf(walk, streams.length, bad),
    checkpoints: signed.count,
    covered: signed.covered,
    badCheckpoint: bad ?? null,
  };
}

function reportOf(walk: Walk, streams: number, bad: BadCheckpoint | undefined): LogReport {
  const [first = null] = [...walk.problems.values()].sort((one, other) => compareUtf8(one.stream, other.stream));
  return { ok: first === null && bad === undefined, streams, records: walk.records(), firstBad: first };
}

type BadCheckpoint = NonNullable<LogVerification["badCheckpoint"]>;

/** What the stored checkpoints say. */
interface Signed {
  readonly count: number;
  readonly covered: number;
  readonly last: Checkpoint | undefined;
  readonly bad: BadCheckpoint | undefined;
}

async function followCheckpoints(store: Store, walk: Walk, keys: VerifyStoredLogOptions["keys"]): Promise<Signed> {
  // Before the checkpoints: one that is taken meanwhile makes them more, never fewer.
  const expected = (await readEdge(store))?.value.size ?? 0;
  let known: KeySet | readonly PublicKey[] | undefined;
  let [count, covered] = [0, 0];
  let last: Checkpoint | undefined;
  const end = (bad?: BadCheckpoint): Signed => ({ count, covered, last, bad });
  for await (const row of readCheckpointRows(store)) {
    known ??= keys();
    const read = readStored(row, known, last);
    if ("problem" in read) return end(read);
    const problem = await walk.follow(read);
    if (problem !== undefined) return end({ size: read.size, problem });
    last = read;
    count += 1;
    if (!read.isRevoked) covered = read.size;
  }
  if ((last?.size ?? 0) >= expected) return end();
  return end({ size: expected, problem: "the last checkpoint that was taken is missing" });
}

/** A stored checkpoint whose signature holds and whose row says what it says. */
function readStored(
  row: Row,
  keys: KeySet | readonly PublicKey[],
  last: Checkpoint | undefined,
): Checkpoint | BadCheckpoint {
  const size = Number(row.id);
  try {
    const { note, ...stored } = openRow<Omit<CheckpointRow, "note"> & { readonly note: unknown }>(row).value;
    if (typeof note !== "string") return { size, problem: "the row holds no signed note" };
    const checkpoint = verifyCheckpoint(note, keys, {
      revoked: true,
      ...(last === undefined ? {} : { origin: last.origin }),
    });
    const isSame =
      row.id === checkpointId(checkpoint.size) && stored.size === checkpoint.size && stored.root === checkpoint.root;
    if (!isSame) return { size, problem: "the row does not say what its signed note says" };
    if (stored.previous !== (last?.size ?? 0)) return { size, problem: "the checkpoint before it is missing" };
    return checkpoint;
  } catch (error) {
    if (isLeashError(error) && error.code.startsWith("LEASH_TOKEN_")) return { size, problem: error.message };
    throw error;
  }
}

/** Whether the log continues a checkpoint that was kept elsewhere. */
async function compareKept(
  store: Store,
  walk: Walk,
  kept: Checkpoint,
  { last }: Signed,
): Promise<BadCheckpoint | undefined> {
  const bad = (problem: string): BadCheckpoint => ({ size: kept.size, problem: `the kept checkpoint: ${problem}` });
  if (last !== undefined && last.origin !== kept.origin) return bad("it is of another log");
  // Beyond the stored ones: the next one, if nothing between is missing.
  const gap = walk.size() < kept.size ? await walk.follow(kept) : undefined;
  if (gap === undefined && walk.rootWatched() === kept.root) return undefined;
  await walk.compareHeads(store, kept.heads);
  if (walk.problems.size > 0) return undefined;
  return bad(gap ?? "the log was rewritten before it");
}
