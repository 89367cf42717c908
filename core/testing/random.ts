import assert from "node:assert/strict";
import type { Random } from "../model/runtime.ts";

/** Randomness that a seed repeats: for tests only, never for keys or ids that must not be guessed. */
export interface SeededRandom extends Random {
  /** From 0 up to, not including, 1. */
  next(): number;
  /** A whole number from 0 up to, not including, `below`. */
  integer(below: number): number;
  /** One element of a list that is not empty. */
  pick<Item>(items: readonly Item[]): Item;
}

/**
 * Mulberry32 (Tommy Ettinger, 2017): 32 bits of state, good enough to spread test cases.
 * @example
 * const random = seededRandom(42);
 * random.pick(["click", "crash", "retry"]);
 */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (below: number): number => {
    assert.ok(Number.isSafeInteger(below) && below >= 1 && below <= 2 ** 32, "`below` is from 1 to 2^32");
    return Math.floor(next() * below);
  };
  const pick = <Item>(items: readonly Item[]): Item => {
    const index = integer(items.length);
    const [item] = items.slice(index, index + 1);
    assert.ok(item !== undefined, "an element was picked");
    return item;
  };
  return Object.assign((size: number) => Uint8Array.from({ length: size }, () => integer(256)), {
    next,
    integer,
    pick,
  });
}
