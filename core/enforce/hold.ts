import { endApproval } from "../approvals/expiry.ts";
import { LeashPending } from "../errors.ts";
import type { Approval } from "../model/approval.ts";
import type { AuthorizeOptions } from "../model/gate.ts";
import type { Pause } from "../model/runtime.ts";
import type { Stored } from "../store/envelope.ts";
import { watchFor } from "../store/watch-for.ts";
import { isAborted, signalOf, throwIfAborted } from "./abort.ts";
import type { Scope } from "./context.ts";
import { current, latest } from "./current.ts";
import type { Known } from "./lookup.ts";

// The real one, as in the store.
const { setImmediate } = globalThis;

/** A question that is open, and as little of it as the wait needs: many wait for hours. */
export interface Question {
  readonly id: string;
  readonly version: number;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  readonly proposedDigest: string;
  readonly pause: "hold" | Pause;
}

/**
 * Step 6: people are told of an open question, and how it is waited for is settled.
 * @throws {LeashPending} where the call is deferred or suspended: the question stands, and whoever asks again finds it.
 */
export function hold(
  scope: Scope,
  { approval, entry }: Extract<Known, { kind: "held" }>,
  { pause: stated = "hold", onHold }: Pick<AuthorizeOptions, "pause" | "onHold">,
): Question {
  // A call that nothing brings back could be suspended and never found again.
  const pause = stated === "suspend" && approval.value.identity === "ephemeral" ? "hold" : stated;
  // Also for a question that an earlier process asked: whoever was told then may be gone.
  scope.context.announce(approval.value);
  if (pause === "hold") tell(onHold, approval.value);
  if (pause === "defer" || pause === "suspend") throw new LeashPending(approval.value);
  return questionOf(approval, entry.value.digest, pause);
}

function questionOf({ value, version }: Stored<Approval>, proposedDigest: string, pause: Question["pause"]): Question {
  return { id: value.id, version, expiresAt: value.expiresAt, proposedDigest, pause };
}

/**
 * Waits until the approval is no longer pending. The verdict is read from the store afterwards; what a pause returns carries no
 * authority, and what it throws (a framework's interrupt) passes through untouched.
 */
export async function untilSettled(scope: Scope, asked: Question, signal: AbortSignal | undefined): Promise<void> {
  for (let question: Question | undefined = asked; question !== undefined;) {
    if (question.pause === "hold") await wait(scope, question, signal);
    else await pauseWith(scope, question.id, question.pause, signal);
    if (isAborted(signal) && question.pause === "hold") await withdraw(scope, question, signal);
    question = await stillOpen(scope, question);
  }
}

function wait(
  { context }: Scope,
  { expiresAt, id, version }: Question,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { store } = context;
  return watchFor(store, { kind: "approval", id, version, atMostMs: expiresAt - store.now() + 1, signal });
}

async function stillOpen(scope: Scope, { id, pause, proposedDigest }: Question): Promise<Question | undefined> {
  const approval = await current(scope, id);
  return approval.value.status === "pending" ? questionOf(approval, proposedDigest, pause) : undefined;
}

function tell(onHold: AuthorizeOptions["onHold"], approval: Approval): void {
  try {
    onHold?.(approval);
  } catch {
    // A courtesy to whoever watches; the approval stands at the desk.
  }
}

async function pauseWith(scope: Scope, id: string, pause: Pause, signal: AbortSignal | undefined): Promise<void> {
  throwIfAborted(signal);
  const { value } = await current(scope, id);
  if (value.status !== "pending") return;
  await pause(value, { signal: signalOf({ signal }) });
  // Lets timers and I/O in between two looks at the store, however hasty the pause is.
  await new Promise((resolve) => setImmediate(resolve));
}

/** @throws {LeashDenied} `LEASH_ABORTED`, always: nobody waits for the answer any more. */
async function withdraw(scope: Scope, { id, proposedDigest }: Question, signal: AbortSignal): Promise<void> {
  await cancel(scope, id, proposedDigest);
  scope.context.announce({ ...(await current(scope, id)).value, status: "cancelled" });
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
