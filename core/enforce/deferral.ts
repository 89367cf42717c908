import { readCurrent } from "../approvals/expiry.ts";
import { sha256Hex } from "../digest.ts";
import type { Approval } from "../model/approval.ts";
import type { Action } from "../model/call.ts";
import { openRow, toBody } from "../store/envelope.ts";
import type { Change } from "../store/store.ts";
import type { Scope } from "./context.ts";

/** Where a deferred call can be found again by an agent that makes the same call a second time under a new call id. */
interface Deferral {
  readonly v: 1;
  readonly approvalId: string;
}

function deferralId({ principal, session, digest }: Action): string {
  return sha256Hex(
    JSON.stringify(["leashkit/deferral/1", principal.tenant, principal.subject, principal.agent, session, digest]),
  );
}

/**
 * Gives the same call made again the identity of the one that was deferred, as long as that one is open or a person denied it:
 * so the agent collects the one execution, and cannot ask twice by repeating itself.
 */
export async function adoptDeferral(scope: Scope, action: Action): Promise<Action> {
  const { store, stream } = scope.context;
  const row = await store.get("deferral", deferralId(action));
  if (row === undefined) return action;
  const approval = await readCurrent(store, stream, openRow<Deferral>(row).value.approvalId);
  const status = approval?.value.status;
  if (approval === undefined || (status !== "pending" && status !== "approved" && status !== "denied")) return action;
  return Object.freeze({ ...action, callKey: approval.value.callKey, actionId: approval.value.actionId });
}

export async function deferralChange(scope: Scope, proposed: Action, approval: Approval): Promise<Change> {
  const id = deferralId(proposed);
  const row = await scope.context.store.get("deferral", id);
  const body: Deferral = { v: 1, approvalId: approval.id };
  return { kind: "deferral", id, expect: row?.version ?? 0, body: toBody(body), dueAt: approval.expiresAt };
}
