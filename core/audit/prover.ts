import { LeashError } from "../errors.ts";
import type { KeySet, PublicKey } from "../model/keys.ts";
import type { Checkpoint, ConsistencyProof, InclusionProof } from "../model/log.ts";
import type { Store } from "../store/store.ts";
import { readCheckpoints, readCoveredLines } from "./covered.ts";
import { createHashTree } from "./tree/tree.ts";

/** Gives any number of proofs over what the checkpoints of a log cover. It holds 64 bytes for each record. */
export interface Prover {
  /** Records that can be proven. */
  readonly size: number;
  /** @throws {LeashError} `LEASH_INPUT_INVALID` for a record that no checkpoint covers. */
  prove(stream: string, seq: number): Promise<InclusionProof>;
  /** @throws {LeashError} `LEASH_INPUT_INVALID` where no checkpoint has one of the sizes. */
  proveConsistency(from: number, to: number): ConsistencyProof;
}

/** Lines of a stream that stand side by side in the tree. */
interface Run {
  readonly stream: string;
  readonly from: number;
  readonly to: number;
  /** Place of the first in the tree. */
  readonly start: number;
}

/**
 * Reads the whole log once.
 * @throws {LeashError} `LEASH_LOG_INVALID` where the stored lines are not what the last checkpoint covers; `LEASH_TOKEN_INVALID`.
 */
export async function openProver(store: Store, keys: KeySet | readonly PublicKey[]): Promise<Prover> {
  const checkpoints = await readCheckpoints(store, keys);
  const tree = createHashTree();
  for await (const { leaf } of readCoveredLines(store, checkpoints)) tree.append(leaf);
  const last = checkpoints.at(-1);
  if (last !== undefined && (tree.size !== last.size || tree.root(last.size).toString("hex") !== last.root)) {
    throw new LeashError(
      "LEASH_LOG_INVALID",
      "The stored lines are not those of the last checkpoint, so nothing was proven. Verify the log.",
    );
  }
  const runs = runsOf(checkpoints);
  const hex = (path: readonly Buffer[]): readonly string[] => path.map((hash) => hash.toString("hex"));
  return {
    size: tree.size,
    async prove(stream, seq) {
      const run = runs.get(stream)?.find(({ from, to }) => from <= seq && seq < to);
      const [row] = run === undefined ? [] : await store.lines(stream, seq, 1);
      if (run === undefined || row === undefined || last === undefined) {
        throw unknown(`no checkpoint covers record ${seq} of stream ${JSON.stringify(stream)}. Take one first`);
      }
      const index = run.start + seq - run.from;
      const path = hex(tree.inclusion(index, last.size));
      return { v: 1, stream, seq, line: row.line, index, path, checkpoint: last.note };
    },
    proveConsistency(from, to) {
      const [older, newer] = [from, to].map((size) => checkpoints.find((one) => one.size === size));
      if (older === undefined || newer === undefined || from > to) {
        throw unknown(`there are no two checkpoints over ${from} and, later, ${to} records`);
      }
      return { v: 1, from, to, path: hex(tree.consistency(from, to)), checkpoints: [older.note, newer.note] };
    },
  };
}

function runsOf(checkpoints: readonly Checkpoint[]): ReadonlyMap<string, readonly Run[]> {
  const runs = new Map<string, Run[]>();
  let start = 0;
  for (const { heads } of checkpoints) {
    for (const { size: to, stream } of heads) {
      const known = runs.get(stream) ?? [];
      const from = known.at(-1)?.to ?? 0;
      known.push({ stream, from, to, start });
      runs.set(stream, known);
      start += to - from;
    }
  }
  return runs;
}

function unknown(problem: string): LeashError {
  return new LeashError("LEASH_INPUT_INVALID", `The log cannot prove this: ${problem}.`);
}
