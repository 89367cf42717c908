import { hash } from "node:crypto";

/** SHA-256, in bytes. */
export const HASH_BYTES = 32;

/** The root of a tree without leaves: SHA-256 of nothing (RFC 6962 section 2.1). */
export const EMPTY_ROOT: Buffer = hash("sha256", "", "buffer");

// 0x01, then two hashes. One for the process: it is filled and read without a pause between.
const PAIR = Buffer.alloc(1 + 2 * HASH_BYTES, 1);

/** RFC 6962 section 2.1 node hash: SHA-256(0x01 || left || right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  PAIR.set(left, 1);
  PAIR.set(right, 1 + HASH_BYTES);
  // By way of a text: asked for a buffer, the platform takes three times as long.
  return Buffer.from(hash("sha256", PAIR, "binary"), "latin1");
}

/** The largest power of two below `size`, which is at least 2: where RFC 6962 splits a tree. */
export function splitPoint(size: number): number {
  let point = 1;
  while (point * 2 < size) point *= 2;
  return point;
}

/** A hash as 64 hex digits, read; undefined for anything else. */
export function readHash(hex: string): Buffer | undefined {
  return /^[0-9a-f]{64}$/u.test(hex) ? Buffer.from(hex, "hex") : undefined;
}
