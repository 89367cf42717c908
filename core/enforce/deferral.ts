import { readCurrent } from "../approvals/expiry.ts";
import { sha256Hex } from "../digest.ts";
import type { Approval } from "../model/approval.ts";
import { principalKey } from "../model/principal.ts";
import { openRow, toBody } from "../store/envelope.ts";
import type { Change } from "../store/store.ts";
import type { Scope } from "./context.ts";
import { latest } from "./current.ts";
import { proposalOf, type Proposal } from "./proposal.ts";

/** Where a deferred call can be found again by an agent that makes the same call a second time under a new call id. */
interface Deferral {
  readonly v: 1;
  readonly approvalId: string;
}

function deferralId({ action: { principal, session }, proposedDigest }: Proposal): string {
  return sha256Hex(JSON.stringify(["leashkit/deferral/1", ...principalKey(principal), session, proposedDigest]));
}

/**
 * Gives the same call made again the identity of the one that was deferred, as long as that one is open or a person denied it:
 * so the agent collects the one execution, and cannot ask twice by repeating itself. Undefined where there is none, or where
 * the proposal is that one.
 */
export async function adoptDeferral(scope: Scope, proposal: Proposal): Promise<Proposal | undefined> {
  const { store, stream } = scope.context;
  const row = await store.get("deferral", deferralId(proposal));
  if (row === undefined) return undefined;
  const { proposedDigest } = proposal;
  const first = await readCurrent(store, stream, openRow<Deferral>(row).value.approvalId);
  const approval = first && (await latest(scope, first, proposedDigest)).value;
  if (approval === undefined || !stillHolds(approval, store.now())) return undefined;
  const { callKey, actionId } = approval;
  if (callKey === proposal.action.callKey) return undefined;
  const action = Object.freeze({ ...proposal.action, callKey, actionId });
  return proposalOf(action, proposedDigest);
}

/** A no is remembered for as long as a yes could have been waited for. */
function stillHolds({ status, settledAt, terms }: Approval, now: number): boolean {
  if (status === "denied" || status === "revoked") return settledAt !== null && now < settledAt + terms.expiresInMs;
  return status === "pending" || status === "approved";
}

export async function deferralChange(scope: Scope, proposal: Proposal, approval: Approval): Promise<Change> {
  const id = deferralId(proposal);
  const row = await scope.context.store.get("deferral", id);
  const body: Deferral = { v: 1, approvalId: approval.id };
  return { kind: "deferral", id, expect: row?.version ?? 0, body: toBody(body), dueAt: approval.expiresAt };
}
