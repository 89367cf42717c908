import { endApproval, waitForChange } from "../approvals/expiry.ts";
import { LeashPending } from "../errors.ts";
import type { Approval } from "../model/approval.ts";
import type { AuthorizeOptions } from "../model/gate.ts";
import type { Pause } from "../model/runtime.ts";
import type { Stored } from "../store/envelope.ts";
import { signalOf, throwIfAborted } from "./abort.ts";
import type { Scope } from "./context.ts";
import { current, latest } from "./current.ts";
import type { Known } from "./lookup.ts";

/**
 * Step 6, the waiting: pauses until the approval is no longer pending. The verdict is always read from the store; what a
 * pause returns carries no authority, and what it throws (a framework's interrupt) passes through untouched.
 */
export async function untilSettled(
  scope: Scope,
  held: Extract<Known, { kind: "held" }>,
  { pause: stated = "hold", onHold, signal }: Pick<AuthorizeOptions, "pause" | "onHold" | "signal">,
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
    else await pauseWith(pause, approval.value, signal);
    approval = await current(scope, approval.value.id);
  }
  // An equal question that was kept back is told of now.
  scope.context.announce(approval.value);
  return approval;
}

function tell(onHold: AuthorizeOptions["onHold"], approval: Approval): void {
  try {
    onHold?.(approval);
  } catch {
    // A courtesy to whoever watches; the approval stands at the desk.
  }
}

async function pauseWith(pause: Pause, approval: Approval, signal: AbortSignal | undefined): Promise<void> {
  throwIfAborted(signal);
  await pause(approval, { signal: signalOf({ signal }) });
  // Lets timers and I/O in between two looks at the store, however hasty the pause is.
  await new Promise((resolve) => setImmediate(resolve));
}

async function hold(
  scope: Scope,
  approval: Stored<Approval>,
  proposedDigest: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await waitForChange(scope.context.store, approval, signal);
  if (signal?.aborted !== true) return;
  await cancel(scope, approval.value.id, proposedDigest);
  scope.context.announce({ ...approval.value, status: "cancelled" });
  throwIfAborted(signal);
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
