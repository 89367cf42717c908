import { EMPTY_ROOT, HASH_BYTES, nodeHash, splitPoint } from "./hash.ts";

/** A tree with all of its hashes at hand, 64 bytes for each leaf: proofs are looked up, not computed. */
export interface HashTree {
  readonly size: number;
  append(leaf: Uint8Array): void;
  /** Root of the first `size` leaves. */
  root(size: number): Buffer;
  /** RFC 6962 section 2.1.1: hashes that prove that the leaf at `index` is in the tree of the first `size` leaves. */
  inclusion(index: number, size: number): readonly Buffer[];
  /** RFC 6962 section 2.1.2: hashes that prove that the first `from` leaves are the beginning of the first `to`. */
  consistency(from: number, to: number): readonly Buffer[];
}

/** Indexes and sizes are the caller's to check: they must lie within the tree. */
export function createHashTree(): HashTree {
  const levels: Level[] = [];
  let size = 0;
  const rangeHash = (start: number, end: number): Buffer => {
    const width = end - start;
    if (width === 0) return EMPTY_ROOT;
    const height = Math.round(Math.log2(width));
    if (2 ** height === width && start % width === 0) return levels[height]?.at(start / width) ?? EMPTY_ROOT;
    const middle = start + splitPoint(width);
    return nodeHash(rangeHash(start, middle), rangeHash(middle, end));
  };
  const pathTo = (index: number, start: number, end: number): readonly Buffer[] => {
    if (end - start <= 1) return [];
    const middle = start + splitPoint(end - start);
    if (index < middle) return [...pathTo(index, start, middle), rangeHash(middle, end)];
    return [...pathTo(index, middle, end), rangeHash(start, middle)];
  };
  const between = (from: number, start: number, end: number, isWhole: boolean): readonly Buffer[] => {
    if (from === end) return isWhole ? [] : [rangeHash(start, end)];
    const middle = start + splitPoint(end - start);
    if (from <= middle) return [...between(from, start, middle, isWhole), rangeHash(middle, end)];
    return [...between(from, middle, end, false), rangeHash(start, middle)];
  };
  return {
    get size() {
      return size;
    },
    append(leaf) {
      addTo(levels, 0, leaf);
      let merged = leaf;
      let height = 0;
      for (let rest = size; rest % 2 === 1; rest = (rest - 1) / 2) {
        merged = nodeHash(levels[height]?.at(rest - 1) ?? EMPTY_ROOT, merged);
        height += 1;
        addTo(levels, height, merged);
      }
      size += 1;
    },
    root: (end) => rangeHash(0, end),
    inclusion: (index, end) => pathTo(index, 0, end),
    consistency: (from, to) => (from === 0 ? [] : between(from, 0, to, true)),
  };
}

/** The perfect subtrees of one height, side by side. */
interface Level {
  at(index: number): Buffer;
  add(hash: Uint8Array): void;
}

const FIRST_CAPACITY = 64;

function createLevel(): Level {
  let bytes = Buffer.alloc(FIRST_CAPACITY * HASH_BYTES);
  let count = 0;
  return {
    at: (index) => bytes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES),
    add(hash) {
      if ((count + 1) * HASH_BYTES > bytes.length) bytes = Buffer.concat([bytes], bytes.length * 2);
      bytes.set(hash, count * HASH_BYTES);
      count += 1;
    },
  };
}

function addTo(levels: Level[], height: number, hash: Uint8Array): void {
  const level = (levels[height] ??= createLevel());
  level.add(hash);
}
