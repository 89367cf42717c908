import type { Origin } from "../audit/records.ts";
import type { GuardOptions, Run } from "../model/gate.ts";
import type { CallWatch } from "../model/telemetry.ts";
import { endOf } from "../telemetry/telemetry.ts";
import type { Ran } from "./outcome.ts";

/** Who watches a call, if anybody. The gate sets it; no caller can. */
export interface Watched {
  readonly watch?: CallWatch | undefined;
}

/** Where a call comes from, and who watches it. */
export type Surroundings = Origin & Watched;

export type WatchedOptions<T> = GuardOptions<T> & Watched;

/** Runs the way of a call, and tells who watches how it ended. */
export async function watching<T>(
  watch: CallWatch,
  run: Run<T>,
  way: (run: Run<T>) => Promise<Ran<T>>,
): Promise<Ran<T>> {
  let started = false;
  const told: Run<T> = (input, permit) => {
    started = true;
    return watch.run(input, () => run(input, permit));
  };
  try {
    const ran = await way(told);
    watch.returned(ran.result);
    watch.ended(started ? "done" : "recorded");
    return ran;
  } catch (error) {
    watch.ended(endOf(error, started), error);
    throw error;
  }
}
