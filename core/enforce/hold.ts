import { endApproval, readCurrent } from "../approvals/expiry.ts";
import { LeashError, LeashPending } from "../errors.ts";
import { journalId, readEntry } from "../journal/entries.ts";
import type { Approval } from "../model/approval.ts";
import type { AuthorizeOptions } from "../model/leash.ts";
import type { Pause } from "../model/runtime.ts";
import type { Stored } from "../store/envelope.ts";
import { watchFor } from "../store/watch-for.ts";
import type { Scope } from "./context.ts";
import { throwIfAborted, type Known } from "./lookup.ts";

/**
 * Step 6, the waiting: pauses until the approval is no longer pending. The verdict is always read from the store; what a
 * pause returns carries no authority, and what it throws (a framework's interrupt) passes through untouched.
 */
export async function untilSettled(
  scope: Scope,
  held: Extract<Known, { kind: "held" }>,
  { pause: stated = "hold", onHold }: Pick<AuthorizeOptions, "pause" | "onHold">,
  signal: AbortSignal,
): Promise<Stored<Approval>> {
  let { approval } = held;
  // A call that nothing brings back could be suspended and never found again.
  const pause = stated === "suspend" && approval.value.identity === "ephemeral" ? "hold" : stated;
  // Also for a question that an earlier process asked: whoever was told then may be gone.
  if (approval.value.status === "pending") scope.context.announce(approval.value);
  if (pause === "hold" && approval.value.status === "pending") tell(onHold, approval.value);
  while (approval.value.status === "pending") {
    if (pause === "defer" || pause === "suspend") throw new LeashPending(approval.value);
    if (pause === "hold") await hold(scope, approval, held.entry.value.digest, signal);
    else await suspend(pause, approval.value, signal);
    approval = await current(scope, approval.value.id);
  }
  return approval;
}

function tell(onHold: AuthorizeOptions["onHold"], approval: Approval): void {
  try {
    onHold?.(approval);
  } catch {
    // A courtesy to whoever watches; the approval stands at the desk.
  }
}

async function suspend(pause: Pause, approval: Approval, signal: AbortSignal): Promise<void> {
  throwIfAborted(signal);
  await pause(approval, { signal });
  // Lets timers and I/O in between two looks at the store, however hasty the pause is.
  await new Promise((resolve) => setImmediate(resolve));
}

async function hold(
  scope: Scope,
  approval: Stored<Approval>,
  proposedDigest: string,
  signal: AbortSignal,
): Promise<void> {
  await waitForChange(scope, approval, signal);
  if (!signal.aborted) return;
  await cancel(scope, approval.value.id, proposedDigest);
  throwIfAborted(signal);
}

/** Sleeps until the approval may have changed, its time is up, or the signal aborts. Holds the process open meanwhile. */
export async function waitForChange(
  scope: Scope,
  { value, version }: Stored<Approval>,
  signal: AbortSignal,
): Promise<void> {
  const { store } = scope.context;
  const atMostMs = value.expiresAt - store.now() + 1;
  await watchFor(store, { kind: "approval", id: value.id, version, atMostMs, signal });
}

/**
 * The caller went away: a late answer must find nothing to approve. Others who wait for the very same call ask anew.
 */
async function cancel(scope: Scope, id: string, proposedDigest: string): Promise<void> {
  const { store, stream } = scope.context;
  for (;;) {
    const approval = await latest(scope, await current(scope, id), proposedDigest);
    if (approval.value.status !== "pending") return;
    if (await endApproval(store, stream, approval, "cancelled")) return;
  }
}

export async function current(scope: Scope, id: string): Promise<Stored<Approval>> {
  const approval = await readCurrent(scope.context.store, scope.context.stream, id);
  if (approval === undefined) {
    throw new LeashError("LEASH_STORE_UNAVAILABLE", "An approval that was opened is missing from the store.");
  }
  return approval;
}

/** The same approval or, where an approver edited its call, the one that the call waits for now. A way to find it, no authority. */
export async function latest(
  scope: Scope,
  approval: Stored<Approval>,
  proposedDigest: string,
): Promise<Stored<Approval>> {
  const { callKey, status } = approval.value;
  if (status !== "cancelled") return approval;
  const entry = await readEntry(scope.context.store, journalId({ callKey, digest: proposedDigest }));
  const id = entry?.value.approvalId ?? null;
  const found = id === null ? approval : await current(scope, id);
  return found.value.edit?.proposedDigest === proposedDigest ? found : approval;
}
