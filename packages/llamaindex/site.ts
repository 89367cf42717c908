import { AsyncLocalStorage } from "node:async_hooks";
import type { ToolCall } from "@leashkit/core";
import { takeCallId } from "./call-ids.ts";
import type { Settings } from "./options.ts";
import { currentRun, type SuspendableRun } from "./run-context.ts";

/** Where a call is made. */
export interface Site {
  /** `scope` only where the very same call can come back after a restart. */
  readonly identity: Pick<ToolCall, "callId" | "scope">;
  /** The run that can be suspended for this call. */
  readonly run: SuspendableRun | undefined;
  /** True where a model reads what the call comes to. */
  readonly isRead: boolean;
}

/** Of a model's call that is new each time, and for which no run can be suspended. */
export const NO_SITE: Site = Object.freeze({ identity: {}, run: undefined, isRead: true });

/** A guarded tool that is at work, and the run it is part of. */
interface AtWork {
  readonly run: SuspendableRun | undefined;
}

const atWork = new AsyncLocalStorage<AtWork>();

/**
 * Calls that a tool makes while it is at work, by a sub-agent say, are no calls of the run around it: its ids are not theirs, and
 * it cannot be suspended for them because the tool has begun. They are known to a run that the tool starts itself. The same goes
 * for what an unguarded tool makes: the run knows the calls of its turn.
 */
export async function siteOf(settings: Settings, input: unknown): Promise<Site> {
  const outer = atWork.getStore();
  const run = currentRun();
  const inner = outer !== undefined && run === outer.run;
  const callId = await takeCallId(input);
  const scope = inner ? undefined : run === undefined ? settings.scope : run.scope(input);
  const isRead = callId !== undefined;
  if (callId === undefined || callId === "" || scope === undefined) return { ...NO_SITE, isRead };
  return { identity: { callId, scope }, run, isRead };
}

/** Runs a tool's own work. */
export function within<T>(work: () => T): T {
  return atWork.run({ run: currentRun() }, work);
}
