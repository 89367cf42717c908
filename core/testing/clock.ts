import assert from "node:assert/strict";
import type { Clock } from "../model/runtime.ts";

/** A clock that stands still until it is told otherwise. Times in epoch milliseconds. */
export interface FakeClock extends Clock {
  /** Moves on by whole milliseconds, from 0. */
  advance(ms: number): void;
  /** Jumps, also backwards, as a wall clock may. */
  set(ms: number): void;
}

/**
 * Time that a test owns.
 * @param start epoch milliseconds; default 2026-01-01T00:00:00.000Z.
 * @example
 * const clock = fakeClock();
 * clock.advance(60_000);
 */
export function fakeClock(start: number = Date.UTC(2026, 0, 1)): FakeClock {
  let time = start;
  return {
    now: () => time,
    advance: (ms) => {
      assert.ok(Number.isSafeInteger(ms) && ms >= 0, "a clock advances by whole milliseconds; use `set` to go back");
      time += ms;
    },
    set: (ms) => {
      time = ms;
    },
  };
}
