import type { Origin } from "../audit/records.ts";
import type { GuardOptions, Run } from "../model/gate.ts";
import type { CallWatch } from "../model/telemetry.ts";
import { isLeashError } from "../errors.ts";
import type { Ran } from "./outcome.ts";

/** Where who watches stands in a call's options. A symbol of our own: no caller can put anything there. */
export const WATCH: unique symbol = Symbol("watch");

/** Who watches a call, if anybody. */
export interface Watched {
  readonly [WATCH]?: CallWatch | undefined;
}

/** Where a call comes from, and who watches it. */
export type Surroundings = Origin & Watched;

export type WatchedOptions<T> = GuardOptions<T> & Watched;

/** Runs the way of a call, and tells who watches how it ended. */
export async function watching<T>(
  watch: CallWatch,
  { run, suspends }: { readonly run: Run<T>; readonly suspends: (thrown: unknown) => boolean },
  way: (run: Run<T>) => Promise<Ran<T>>,
): Promise<Ran<T>> {
  let started = false;
  const thrown: unknown[] = [];
  const told: Run<T> = async (input, permit) => {
    started = true;
    try {
      return await watch.run(() => run(input, permit));
    } catch (error) {
      thrown.push(error);
      throw error;
    }
  };
  try {
    const ran = await way(told);
    watch.returned(ran.result);
    watch.ended(started ? "done" : "recorded");
    return ran;
  } catch (error) {
    // What the tool itself threw is told by where it was thrown: it may have been refused calls of its own.
    if (thrown.includes(error)) watch.ended(suspends(error) ? "suspended" : "failed", error);
    else watch.ended(endBy(error), error);
    throw error;
  }
}

/** How the gate ended a call. What it throws that is no refusal of its own is a framework's pause. */
function endBy(error: unknown): Parameters<CallWatch["ended"]>[0] {
  if (!isLeashError(error)) return "suspended";
  if (error.code === "LEASH_PENDING") return "pending";
  if (error.code === "LEASH_ABORTED") return "aborted";
  return error.code === "LEASH_OUTCOME_UNKNOWN" ? "unknown" : "refused";
}
