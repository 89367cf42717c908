import { waitForChange } from "../approvals/expiry.ts";
import { readRef, showsWhatRuns } from "../approvals/rows.ts";
import { LeashDenied } from "../errors.ts";
import type { Approval } from "../model/approval.ts";
import type { Deferred } from "../model/gate.ts";
import type { Stored } from "../store/envelope.ts";
import { isAborted } from "./abort.ts";
import { admit, type Admission, type AdmitOptions } from "./authorize.ts";
import type { Scope } from "./context.ts";
import { current, latest } from "./current.ts";
import { proposalOf } from "./proposal.ts";
import { voidApproval } from "./refusals.ts";
import { reopen } from "./seal.ts";

interface Found {
  readonly approval: Stored<Approval>;
  readonly proposedDigest: string;
}

/** The approval that this very principal was told the ref of. */
async function find(scope: Scope, ref: string): Promise<Found | undefined> {
  const row = await readRef(scope.context.store, scope.principal, ref);
  if (row === undefined) return undefined;
  return { approval: await current(scope, row.approvalId), proposedDigest: row.proposedDigest };
}

export async function deferred(
  scope: Scope,
  ref: string,
  options: { readonly settled?: boolean; readonly signal?: AbortSignal } = {},
): Promise<Deferred | undefined> {
  const found = await find(scope, ref);
  if (found === undefined) return undefined;
  const { signal } = options;
  let approval = await latest(scope, found.approval, found.proposedDigest);
  while (options.settled === true && approval.value.status === "pending" && !isAborted(signal)) {
    await waitForChange(scope.context.store, approval, signal);
    approval = await latest(scope, await current(scope, approval.value.id), found.proposedDigest);
  }
  const { tool, status, expiresAt } = approval.value;
  return { ref: approval.value.ref, tool, status, expiresAt };
}

/**
 * Takes a call up again from its approval: the sealed bytes that the person saw, not what an agent says they were. An edit is
 * found as for a call proposed again: by the row of the call.
 */
export async function admitDeferred(scope: Scope, ref: string, options: AdmitOptions): Promise<Admission> {
  const found = await find(scope, ref);
  if (found === undefined) {
    throw new LeashDenied({ reasonCode: "approval_void", reason: "No call of this agent waits under that ref." });
  }
  const { approval, proposedDigest } = found;
  if (!showsWhatRuns(approval.value))
    throw voidApproval(approval.value, "The approval's text does not fit its digest.");
  return admit(scope, proposalOf(reopen(scope, approval.value), proposedDigest), false, { pause: "defer", ...options });
}
