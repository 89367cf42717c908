import type { Clock } from "../model/runtime.ts";
import { storeUnavailable } from "./unavailable.ts";

/** The machine's wall clock. */
export const systemClock: Clock = { now: () => Date.now() };

/** Time that does not run backwards. */
export interface StoreClock extends Clock {
  /** Whatever was written at `time` is past from now on. */
  reached(time: number): void;
}

/**
 * The larger of a clock and the latest time known, in epoch milliseconds. A wall clock that is set back makes this one
 * stand still until it has caught up: an expiry that was reached once stays reached.
 */
export function storeClock(clock: Clock, latest = 0): StoreClock {
  let floor = latest;
  return {
    now: () => {
      const wall = clock.now();
      if (!Number.isFinite(wall)) throw storeUnavailable("The clock gave no time, so nothing can be dated");
      floor = Math.max(floor, Math.floor(wall));
      return floor;
    },
    reached: (time) => {
      floor = Math.max(floor, time);
    },
  };
}
