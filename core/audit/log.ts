import { LeashError } from "../errors.ts";
import type { AuditLog, Checkpoint } from "../model/log.ts";
import type * as TakeCheckpoint from "./take-checkpoint.ts";

let loading: Promise<typeof TakeCheckpoint> | undefined;

/** Loaded once: it is asked for every minute, and at every end. */
const loadTakeCheckpoint = (): Promise<typeof TakeCheckpoint> => (loading ??= import("./take-checkpoint.ts"));

/** The log of a store. What it takes is loaded when it is asked for: no call through the gate needs it. */
export function createAuditLog(parts: TakeCheckpoint.CheckpointParts): AuditLog {
  const { keys, store } = parts;
  const ownKeys = () => keys.publicKeys("checkpoint");
  return {
    async verify({ checkpoint, keys: kept } = {}) {
      const { verifyLog } = await import("./verify-log.ts");
      return verifyLog(store, { keys: kept === undefined ? ownKeys : () => kept, checkpoint });
    },
    async checkpoint(options) {
      const { takeCheckpoint } = await loadTakeCheckpoint();
      return takeCheckpoint(parts, options);
    },
    async prove(stream, seq) {
      const { openProver } = await import("./prover.ts");
      return (await openProver(store, ownKeys())).prove(stream, seq);
    },
    async proveConsistency(from, to) {
      const { openProver } = await import("./prover.ts");
      return (await openProver(store, ownKeys())).proveConsistency(from, to);
    },
    async writeTiles(folder) {
      const { readCheckpoints, readCoveredLines } = await import("./covered.ts");
      const { writeTiles } = await import("./tiles.ts");
      const checkpoints = await readCheckpoints(store, ownKeys());
      const last = requireLast(checkpoints);
      await writeTiles(folder, last, readCoveredLines(store, checkpoints));
      return last;
    },
  };
}

function requireLast(checkpoints: readonly Checkpoint[]): Checkpoint {
  const last = checkpoints.at(-1);
  if (last !== undefined) return last;
  throw new LeashError(
    "LEASH_INPUT_INVALID",
    "The log has no checkpoint yet, so there is nothing to export. Take one first.",
  );
}
