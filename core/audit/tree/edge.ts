import { LeashError } from "../../errors.ts";
import { EMPTY_ROOT, nodeHash } from "./hash.ts";

/** The right edge of a growing tree: enough to append to it and to know its root, whatever its size. */
export interface Edge {
  /** Leaves so far. Each is kept as it is: it must not change. */
  readonly size: number;
  append(leaf: Buffer): void;
  /** RFC 6962 tree hash of all leaves so far. */
  root(): Buffer;
  /** The roots of the perfect trees that the tree consists of, the largest first. */
  hashes(): readonly Buffer[];
}

/**
 * @param from Where to go on: the size and hashes of an earlier edge.
 * @throws {LeashError} `LEASH_LOG_INVALID` when the hashes are not as many as the size asks.
 */
export function createEdge(from: { readonly size: number; readonly hashes: readonly Buffer[] } = EMPTY): Edge {
  const hashes = [...from.hashes];
  let { size } = from;
  if (hashes.length !== countOnes(size)) {
    throw new LeashError(
      "LEASH_LOG_INVALID",
      `The stored edge of the tree does not fit its size ${size}, so it was not used. Verify the log, and compare it with a kept checkpoint.`,
    );
  }
  return {
    get size() {
      return size;
    },
    append(leaf) {
      let merged = leaf;
      for (let rest = size; rest % 2 === 1; rest = (rest - 1) / 2)
        merged = nodeHash(hashes.pop() ?? EMPTY_ROOT, merged);
      hashes.push(merged);
      size += 1;
    },
    root: () =>
      hashes.reduceRight<Buffer | undefined>((right, left) => (right ? nodeHash(left, right) : left), undefined) ??
      EMPTY_ROOT,
    hashes: () => [...hashes],
  };
}

const EMPTY = { size: 0, hashes: [] } as const;

function countOnes(size: number): number {
  let ones = 0;
  for (let rest = size; rest >= 1; rest = Math.floor(rest / 2)) ones += rest % 2;
  return ones;
}
