import { LeashError } from "../errors.ts";
import type { KeySet, PublicKey } from "../model/keys.ts";
import type { Checkpoint } from "../model/log.ts";
import { hashOf } from "../store/chain.ts";
import { openRow } from "../store/envelope.ts";
import type { LogLine, Store } from "../store/store.ts";
import { verifyCheckpoint } from "./checkpoint.ts";
import { type CheckpointRow, readCheckpointRows } from "./checkpoint-rows.ts";
import { readLines } from "./export.ts";
import { readHash } from "./tree/hash.ts";

/** A line of the log as a leaf of the tree. */
export interface CoveredLine extends LogLine {
  readonly leaf: Buffer;
}

/**
 * All stored checkpoints by size.
 * @throws {LeashError} `LEASH_TOKEN_INVALID` for one whose signature does not hold.
 */
export async function readCheckpoints(
  store: Store,
  keys: KeySet | readonly PublicKey[],
): Promise<readonly Checkpoint[]> {
  const checkpoints: Checkpoint[] = [];
  for await (const row of readCheckpointRows(store)) {
    checkpoints.push(verifyCheckpoint(openRow<CheckpointRow>(row).value.note, keys, { revoked: true }));
  }
  return checkpoints;
}

/**
 * The lines that checkpoints cover, in the order of the tree. The leaves are read, not recomputed: whoever builds a tree of them
 * compares its root with the checkpoint's.
 * @throws {LeashError} `LEASH_LOG_INVALID` where a line is missing or carries no hash.
 */
export async function* readCoveredLines(store: Store, checkpoints: readonly Checkpoint[]): AsyncGenerator<CoveredLine> {
  const ends = new Map<string, number>();
  for (const { heads } of checkpoints) {
    for (const { size, stream } of heads) {
      let seq = ends.get(stream) ?? 0;
      for await (const row of readLines(store, stream, seq, size)) {
        const leaf = readHash(hashOf(row.line) ?? "");
        if (row.seq !== seq || leaf === undefined) break;
        yield { ...row, leaf };
        seq += 1;
      }
      if (seq < size) {
        throw new LeashError(
          "LEASH_LOG_INVALID",
          `Record ${seq} of stream ${JSON.stringify(stream)} is missing or damaged. Verify the log.`,
        );
      }
      ends.set(stream, size);
    }
  }
}
