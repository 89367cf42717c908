import { LeashError } from "../errors.ts";
import type { KeySet, PublicKey } from "../model/keys.ts";
import type { Checkpoint, InclusionProof } from "../model/log.ts";
import { type CheckpointExpectation, verifyCheckpoint } from "./checkpoint.ts";
import { readLine } from "./line.ts";
import { readHash } from "./tree/hash.ts";
import { holdsConsistency, holdsInclusion } from "./tree/verify-paths.ts";

/**
 * Checks that one record is in the log that a checkpoint states, without the log.
 *
 * @param keys What `leash.keySet()` gave, from a place that the log's writer cannot change.
 * @returns the checkpoint. The record is the proof's `line`.
 * @throws {LeashError} `LEASH_LOG_INVALID` when the line is not the one that the checkpoint covers; and as `verifyCheckpoint`.
 * @example verifyInclusion(JSON.parse(await readFile("proof.json", "utf8")), keys);
 */
export function verifyInclusion(
  proof: InclusionProof,
  keys: KeySet | readonly PublicKey[],
  expectation: CheckpointExpectation = {},
): Checkpoint {
  if (proof.v !== 1) throw invalid("its format version is not known here");
  const checkpoint = verifyCheckpoint(proof.checkpoint, keys, expectation);
  const line = readLine(proof.line);
  if ("problem" in line) throw invalid(line.problem);
  if (line.stream !== proof.stream || line.seq !== proof.seq) throw invalid("its line is another one than it says");
  const [leaf, root, ...path] = [line.hash, checkpoint.root, ...proof.path].map(readHash);
  const isRead = leaf !== undefined && root !== undefined && path.every((hash) => hash !== undefined);
  if (!isRead || !holdsInclusion({ index: proof.index, size: checkpoint.size, leaf, path, root })) {
    throw invalid("the line is not in the log that the checkpoint states");
  }
  return checkpoint;
}

/** Whether the smaller of two checkpoints is the beginning of the larger one, by the hashes between. */
export function verifyConsistency(claim: {
  readonly from: Pick<Checkpoint, "size" | "root">;
  readonly to: Pick<Checkpoint, "size" | "root">;
  /** As hex. */
  readonly path: readonly string[];
}): boolean {
  const [subtreeRoot, root, ...path] = [claim.from.root, claim.to.root, ...claim.path].map(readHash);
  if (subtreeRoot === undefined || root === undefined || !path.every((hash) => hash !== undefined)) return false;
  return holdsConsistency({ end: claim.from.size, size: claim.to.size, subtreeRoot, root, path });
}

function invalid(problem: string): LeashError {
  return new LeashError(
    "LEASH_LOG_INVALID",
    `The proof of a record does not hold: ${problem}. Ask for a new one, and keep this one for whoever examines it.`,
  );
}
