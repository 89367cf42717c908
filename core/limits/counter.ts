import type { CounterWindow } from "../model/facts.ts";

/** What was counted in one stretch of time. Epoch milliseconds; the end is not part of it. */
export type Bucket = readonly [start: number, end: number, amount: number];

/** What one counter holds: no stretch twice, the oldest first. */
export interface Counter {
  readonly v: 1;
  readonly buckets: readonly Bucket[];
}

export const EMPTY_COUNTER: Counter = { v: 1, buckets: [] };

/**
 * Stretches of a rolling window. Calls of one stretch are forgotten together, when the last of them may be: a cap holds for at
 * most one part in so many longer than it says, never for less, and a counter stays small whatever the traffic.
 */
const STRETCHES = 64;

/** What counts at a moment: every stretch of which a part lies within the window. */
export function countedAt({ buckets }: Counter, window: CounterWindow, now: number): number {
  const since = beginOf(window, now);
  return buckets.reduce((sum, [, end, amount]) => (end > since ? sum + amount : sum), 0);
}

/** The stretch in which a call of now counts. */
export function stretchAt(window: CounterWindow, now: number): readonly [start: number, end: number] {
  const length = window.fixed ? window.lengthMs : Math.max(1, Math.ceil(window.lengthMs / STRETCHES));
  const start = now - (now % length);
  return [start, start + length];
}

/** From when on a stretch counts in no such window, epoch milliseconds. */
export function goneAt([, end]: readonly [start: number, end: number, ...unknown[]], window: CounterWindow): number {
  return window.fixed ? end : end + window.lengthMs;
}

/** The counter with an amount in one stretch more; what no window of this length can count any more is dropped. */
export function added(counter: Counter, [start, end, amount]: Bucket, window: CounterWindow, now: number): Counter {
  const since = beginOf(window, now);
  const kept = counter.buckets.filter((bucket) => bucket[1] > since);
  return withAmount({ v: 1, buckets: kept }, [start, end, amount]);
}

/** The counter without what was counted in one stretch; a stretch that is gone, or holds less, gives no credit. */
export function withoutAmount(counter: Counter, [start, end, amount]: Bucket): Counter {
  const buckets = counter.buckets.flatMap((bucket): readonly Bucket[] => {
    if (bucket[0] !== start || bucket[1] !== end) return [bucket];
    const left = Math.max(0, bucket[2] - amount);
    return left === 0 ? [] : [[start, end, left]];
  });
  return { v: 1, buckets };
}

/** Everything that it holds, in whatever window. */
export function totalOf({ buckets }: Counter): number {
  return buckets.reduce((sum, [, , amount]) => sum + amount, 0);
}

function withAmount({ buckets }: Counter, [start, end, amount]: Bucket): Counter {
  const same = (bucket: Bucket): boolean => bucket[0] === start && bucket[1] === end;
  const before = buckets.find(same)?.[2] ?? 0;
  const others = buckets.filter((bucket) => !same(bucket));
  const all: readonly Bucket[] = [...others, [start, end, before + amount]];
  return { v: 1, buckets: all.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]) };
}

function beginOf({ fixed, lengthMs }: CounterWindow, now: number): number {
  return fixed ? now - (now % lengthMs) : now - lengthMs;
}
