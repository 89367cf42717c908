import { AsyncLocalStorage } from "node:async_hooks";
import type { LeashPending } from "@leashkit/core";
import type { NamesNextAgent } from "./hand-off.ts";

/** A run that can be suspended: what `runWorkflow` is at work on. */
export interface SuspendableRun {
  /**
   * Where the id of a call of this run's turn is unique and comes back after a restart. Undefined for arguments that are not of
   * the turn: the call of another agent that an unguarded tool runs meanwhile, say.
   */
  readonly scope: (input: unknown) => string | undefined;
  readonly state: NamesNextAgent;
  /** Suspends the run until a person has answered. Never settles: `resumeWorkflow` makes the call again. */
  park(pending: LeashPending): Promise<never>;
}

const runs = new AsyncLocalStorage<SuspendableRun>();

/** The run around this call, undefined outside of `runWorkflow` and `resumeWorkflow`. */
export function currentRun(): SuspendableRun | undefined {
  return runs.getStore();
}

/** Does the work as part of a run. */
export function withinRun<T>(run: SuspendableRun, work: () => T): T {
  return runs.run(run, work);
}
