import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { added, type Bucket, type Counter, countedAt, EMPTY_COUNTER, stretchAt, withoutAmount } from "./counter.ts";

const HOUR = 3_600_000;
const ROLLING = { lengthMs: HOUR, fixed: false };
const FIXED = { lengthMs: HOUR, fixed: true };
const NOON = Date.UTC(2026, 0, 1, 12);

function charge(counter: Counter, now: number, amount: number, window = ROLLING): Counter {
  return added(counter, [...stretchAt(window, now), amount], window, now);
}

describe("a counter with a rolling window", () => {
  it("I7: counts a call for at least the whole window, and for at most one part in 64 longer", () => {
    fc.assert(
      fc.property(fc.integer({ min: 64, max: 10 * HOUR }), fc.integer({ min: 0, max: 4 * HOUR }), (lengthMs, shift) => {
        const window = { lengthMs, fixed: false };
        const at = NOON + shift;
        const counter = charge(EMPTY_COUNTER, at, 7, window);
        expect(countedAt(counter, window, at)).toBe(7);
        expect(countedAt(counter, window, at + lengthMs - 1)).toBe(7);
        expect(countedAt(counter, window, at + lengthMs + Math.ceil(lengthMs / 64) + 1)).toBe(0);
      }),
    );
  });

  it("I7: never holds less than what was charged within the window before now", () => {
    const charges = fc.array(fc.tuple(fc.integer({ min: 0, max: HOUR }), fc.integer({ min: 0, max: 1000 })), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(charges, (list) => {
        let now = NOON;
        let counter = EMPTY_COUNTER;
        const made: { readonly at: number; readonly amount: number }[] = [];
        for (const [wait, amount] of list) {
          now += wait;
          counter = charge(counter, now, amount);
          made.push({ at: now, amount });
          const exact = made.filter(({ at }) => at > now - HOUR).reduce((sum, { amount: one }) => sum + one, 0);
          expect(countedAt(counter, ROLLING, now)).toBeGreaterThanOrEqual(exact);
        }
      }),
    );
  });

  it("stays small, however many calls it counts", () => {
    let counter = EMPTY_COUNTER;
    for (let second = 0; second < 3 * 3600; second += 1) counter = charge(counter, NOON + second * 1000, 1);
    expect(counter.buckets.length).toBeLessThanOrEqual(66);
  });
});

describe("a counter with a fixed window", () => {
  it("starts anew at each multiple of its length, and not a moment before", () => {
    const counter = charge(EMPTY_COUNTER, NOON + 5, 7, FIXED);
    expect(countedAt(counter, FIXED, NOON + HOUR - 1)).toBe(7);
    expect(countedAt(counter, FIXED, NOON + HOUR)).toBe(0);
  });
});

describe("what is given back", () => {
  it("is what was counted, and nothing more", () => {
    const bucket: Bucket = [...stretchAt(ROLLING, NOON), 30];
    const counter = charge(charge(EMPTY_COUNTER, NOON, 30), NOON, 12);
    expect(countedAt(withoutAmount(counter, bucket), ROLLING, NOON)).toBe(12);
    expect(countedAt(withoutAmount(withoutAmount(counter, bucket), bucket), ROLLING, NOON)).toBe(0);
    expect(withoutAmount(EMPTY_COUNTER, bucket)).toEqual(EMPTY_COUNTER);
  });

  it("I7: of a stretch that no window counts any more gives no credit to another", () => {
    const old: Bucket = [...stretchAt(ROLLING, NOON), 30];
    const counter = charge(charge(EMPTY_COUNTER, NOON, 30), NOON + 2 * HOUR, 5);
    expect(countedAt(withoutAmount(counter, old), ROLLING, NOON + 2 * HOUR)).toBe(5);
  });
});

describe("a policy that changes a limit's window", () => {
  it("counts what was charged under the other one while a part of it lies within", () => {
    const counter = charge(EMPTY_COUNTER, NOON + 10, 7, FIXED);
    expect(countedAt(counter, ROLLING, NOON + HOUR)).toBe(7);
    const both = charge(counter, NOON + 20, 5, ROLLING);
    expect(countedAt(both, ROLLING, NOON + 30)).toBe(12);
  });
});
