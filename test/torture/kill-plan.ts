import type { SeededRandom } from "@leashkit/core/testing";

/** Calls that one process proposes, all at once. */
export const CALLS = 5;

/** How one process is to die. */
export type Kill =
  | { readonly by: "store"; readonly point: number }
  | { readonly by: "tool"; readonly moment: "before" | "after"; readonly call: number }
  | { readonly by: "clock"; readonly afterMs: number };

/** A process passes some 60 to 130 points in its life. */
const MOST_POINTS = 90;

/** From before the process opens its store until about its end, in milliseconds. */
const [EARLIEST_MS, LATEST_MS] = [100, 600];

/** Half die at an operation of the store, a quarter in the tool, a quarter by the clock, wherever they happen to be. */
export function drawKill(random: SeededRandom, firstCall: number): Kill {
  const way = random.integer(4);
  if (way === 0) {
    return { by: "tool", moment: random.pick(["before", "after"]), call: firstCall + random.integer(CALLS) };
  }
  if (way === 1) return { by: "clock", afterMs: EARLIEST_MS + random.integer(LATEST_MS - EARLIEST_MS) };
  return { by: "store", point: 1 + random.integer(MOST_POINTS) };
}

export function describeKill(kill: Kill): string {
  if (kill.by === "store") return `at point ${kill.point} of its store's operations`;
  return kill.by === "tool" ? `${kill.moment} the effect of call ${kill.call}` : `after ${kill.afterMs} ms`;
}
