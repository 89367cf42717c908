import { EMPTY_ROOT, HASH_BYTES, nodeHash } from "./hash.ts";

/** That a leaf stands at an index of the tree with this root. */
export interface InclusionClaim {
  readonly index: number;
  readonly size: number;
  readonly leaf: Uint8Array;
  /** From the leaf up. */
  readonly path: readonly Uint8Array[];
  readonly root: Uint8Array;
}

/** True when the path proves it (RFC 9162 section 2.1.3.2). */
export function holdsInclusion({ index, size, leaf, path, root }: InclusionClaim): boolean {
  if (!isIndex(index) || !isIndex(size) || index >= size || ![leaf, ...path].every(isHash)) return false;
  let [at, last] = [index, size - 1];
  let computed: Uint8Array = leaf;
  for (const hash of path) {
    if (last === 0) return false;
    if (isOdd(at) || at === last) {
      computed = nodeHash(hash, computed);
      while (!isOdd(at) && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      computed = nodeHash(computed, hash);
    }
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && equal(computed, root);
}

/** That the leaves `start` to `end` (exclusive) of a tree form the subtree with this root. */
export interface ConsistencyClaim {
  readonly start: number;
  readonly end: number;
  readonly size: number;
  readonly subtreeRoot: Uint8Array;
  readonly root: Uint8Array;
  readonly path: readonly Uint8Array[];
}

/** That the smaller tree is the beginning of the larger one. An empty tree proves nothing, so it is refused. */
export function holdsConsistency(claim: Omit<ConsistencyClaim, "start">): boolean {
  return claim.end >= 1 && holdsSubtreeConsistency({ ...claim, start: 0 });
}

/**
 * The general form, of which consistency is the case that starts at 0: "verifying a subtree consistency proof" of
 * draft-ietf-plants-merkle-tree-certs. An empty subtree is part of every tree.
 */
export function holdsSubtreeConsistency(claim: ConsistencyClaim): boolean {
  const { start, end, size, path, root, subtreeRoot } = claim;
  if (!isSubtree(start, end) || !isIndex(size) || end > size || !path.every(isHash)) return false;
  if (path.length > 0 && !isHash(subtreeRoot)) return false;
  if (start === end) return path.length === 0 && equal(subtreeRoot, EMPTY_ROOT);
  const way = { first: start, last: end - 1, top: size - 1 };
  const up = (): void => {
    way.first = half(way.first);
    way.last = half(way.last);
    way.top = half(way.top);
  };
  while (way.first !== way.last && (way.last === way.top || isOdd(way.last))) up();
  const known = way.first === way.last ? subtreeRoot : path[0];
  if (known === undefined) return false;
  let [small, large]: [Uint8Array, Uint8Array] = [known, known];
  for (const hash of way.first === way.last ? path : path.slice(1)) {
    if (way.top === 0) return false;
    if (isOdd(way.last) || way.last === way.top) {
      if (way.first < way.last) small = nodeHash(hash, small);
      large = nodeHash(hash, large);
      while (!isOdd(way.last) && way.last !== 0) up();
    } else {
      large = nodeHash(large, hash);
    }
    up();
  }
  return way.top === 0 && equal(small, subtreeRoot) && equal(large, root);
}

/** True for a range that is a whole subtree: it starts at a multiple of the power of two that it fits into. */
export function isSubtree(start: number, end: number): boolean {
  if (!isIndex(start) || !isIndex(end) || end < start) return false;
  let width = 1;
  while (width < end - start) width *= 2;
  return start % width === 0;
}

function isHash(bytes: Uint8Array): boolean {
  return bytes.length === HASH_BYTES;
}

function isIndex(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isOdd(value: number): boolean {
  return value % 2 === 1;
}

function half(value: number): number {
  return Math.floor(value / 2);
}

/** Roots are public: nothing is learned from how long this takes. */
function equal(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
