import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isLeashError } from "../../errors.ts";
import { createEdge } from "./edge.ts";
import { EMPTY_ROOT } from "./hash.ts";
import { createHashTree, type HashTree } from "./tree.ts";
import { holdsConsistency, holdsInclusion } from "./verify-paths.ts";

const sha256 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const leafOf = (at: number): Buffer => sha256(Buffer.from([0]), Buffer.from(`leaf ${at}`));

/** RFC 6962 section 2.1, written out as it stands there. */
function treeHash(leaves: readonly Buffer[]): Buffer {
  const [first] = leaves;
  if (first === undefined) return sha256();
  if (leaves.length === 1) return first;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return sha256(Buffer.from([1]), treeHash(leaves.slice(0, split)), treeHash(leaves.slice(split)));
}

const MOST = 70;
const leaves = Array.from({ length: MOST }, (_unused, at) => leafOf(at));

function grow(size: number): HashTree {
  const tree = createHashTree();
  for (const leaf of leaves.slice(0, size)) tree.append(leaf);
  return tree;
}

const tree = grow(MOST);
const flip = (hash: Buffer, bit: number): Buffer => {
  const changed = Buffer.from(hash);
  changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  return changed;
};

describe("the tree over a log", () => {
  it("has the root that RFC 6962 defines, at every size, as a whole tree and as an edge", () => {
    const edge = createEdge();
    for (let size = 0; size <= MOST; size += 1) {
      const root = treeHash(leaves.slice(0, size));
      expect(tree.root(size), `size ${size}`).toEqual(root);
      expect(edge.root(), `size ${size}`).toEqual(root);
      expect(createEdge({ size, hashes: edge.hashes() }).root(), `size ${size}`).toEqual(root);
      if (size < MOST) edge.append(leafOf(size));
    }
    expect(tree.root(0)).toEqual(EMPTY_ROOT);
  });

  it("goes on from a stored edge as if it had never stopped", () => {
    for (let stop = 0; stop <= MOST; stop += 1) {
      const before = createEdge();
      for (const leaf of leaves.slice(0, stop)) before.append(leaf);
      const after = createEdge({ size: before.size, hashes: before.hashes() });
      for (const leaf of leaves.slice(stop)) after.append(leaf);
      expect(after.root(), `stop ${stop}`).toEqual(tree.root(MOST));
    }
  });

  it("refuses an edge that does not fit its size", () => {
    const invalid = expect.toSatisfy((error) => isLeashError(error, "LEASH_LOG_INVALID"));
    for (const size of [0, 2, 4, 3]) {
      expect(() => createEdge({ size, hashes: size === 0 || size === 3 ? [leafOf(0)] : [] })).toThrow(invalid);
    }
  });

  it("I10: proves every leaf of every size, and nothing else", () => {
    for (let size = 1; size <= MOST; size += 1) {
      const root = tree.root(size);
      for (let index = 0; index < size; index += 1) {
        const path = tree.inclusion(index, size);
        const claim = { index, size, leaf: leafOf(index), path, root };
        expect(holdsInclusion(claim), `${index} of ${size}`).toBe(true);
        expect(holdsInclusion({ ...claim, leaf: leafOf(index + 1) })).toBe(false);
        expect(holdsInclusion({ ...claim, root: leafOf(index + 1) })).toBe(false);
        expect(holdsInclusion({ ...claim, path: [...path, root] })).toBe(false);
        expect(holdsInclusion({ ...claim, index: size })).toBe(false);
        if (path.length > 0) expect(holdsInclusion({ ...claim, path: path.slice(1) })).toBe(false);
        if (size > 1) expect(holdsInclusion({ ...claim, index: (index + 1) % size })).toBe(false);
      }
    }
  });

  it("I10: proves that every tree is the beginning of every later one, and no other", () => {
    for (let to = 1; to <= MOST; to += 1) {
      for (let from = 1; from <= to; from += 1) {
        const path = tree.consistency(from, to);
        const claim = { end: from, size: to, subtreeRoot: tree.root(from), root: tree.root(to), path };
        expect(holdsConsistency(claim), `${from} to ${to}`).toBe(true);
        expect(holdsConsistency({ ...claim, subtreeRoot: leafOf(99) })).toBe(false);
        expect(holdsConsistency({ ...claim, root: leafOf(99) })).toBe(false);
        expect(holdsConsistency({ ...claim, path: [...path, leafOf(99)] })).toBe(false);
        if (path.length > 0) expect(holdsConsistency({ ...claim, path: path.slice(0, -1) })).toBe(false);
      }
    }
    expect(holdsConsistency({ end: 0, size: 1, subtreeRoot: EMPTY_ROOT, root: tree.root(1), path: [] })).toBe(false);
  });

  it("I10: takes nothing for a hash that is shorter or longer than one", () => {
    const claim = { index: 2, size: 5, leaf: leafOf(2), path: tree.inclusion(2, 5), root: tree.root(5) };
    const way = { end: 3, size: 5, subtreeRoot: tree.root(3), root: tree.root(5), path: tree.consistency(3, 5) };
    for (const odd of [Buffer.alloc(0), leafOf(2).subarray(1), Buffer.concat([leafOf(2), leafOf(3)])]) {
      expect(holdsInclusion({ ...claim, leaf: odd })).toBe(false);
      expect(holdsInclusion({ index: 0, size: 1, leaf: odd, path: [], root: odd })).toBe(false);
      expect(holdsInclusion({ ...claim, path: [odd, ...claim.path.slice(1)] })).toBe(false);
      expect(holdsConsistency({ ...way, subtreeRoot: odd })).toBe(false);
      expect(holdsConsistency({ ...way, path: [odd, ...way.path.slice(1)] })).toBe(false);
    }
  });

  it("I10: takes no proof with one bit changed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: MOST }), fc.nat(), fc.nat(), fc.nat(255), (size, one, two, bit) => {
        const index = one % size;
        const path = tree.inclusion(index, size);
        const at = two % path.length;
        const changed = path.map((hash, place) => (place === at ? flip(hash, bit) : hash));
        return !holdsInclusion({ index, size, leaf: leafOf(index), path: changed, root: tree.root(size) });
      }),
    );
  });
});
