import { shortRef, uuidv7 } from "../ids.ts";
import type { Approval } from "../model/approval.ts";
import type { Action } from "../model/call.ts";
import type { Decision } from "../model/decision.ts";
import type { Random } from "../model/runtime.ts";
import type { Change } from "../store/store.ts";
import { type RefRow, writeApproval, writeRef } from "./rows.ts";

/** Builds the question that a decision asks about exactly this action. */
export function draftApproval(action: Action, decision: Decision, now: number, random: Random): Approval | undefined {
  if (decision.terms === null || (decision.effect !== "approve" && decision.effect !== "step_up")) return undefined;
  return {
    v: 1,
    id: uuidv7(now, random),
    ref: shortRef(random),
    status: "pending",
    demand: decision.effect,
    callKey: action.callKey,
    digest: action.digest,
    actionId: action.actionId,
    identity: action.identity,
    tool: action.tool,
    text: action.text,
    principal: action.principal,
    session: action.session,
    labels: action.labels,
    schemaDigest: action.schemaDigest,
    counterparty: decision.counterparty,
    ...(decision.over !== undefined && { over: decision.over }),
    rule: decision.rule,
    ruleDigest: decision.ruleDigest,
    reason: decision.reason,
    policyId: decision.policyId,
    policyDigest: decision.policyDigest,
    terms: decision.terms,
    requestedAt: action.requestedAt,
    openedAt: now,
    expiresAt: now + decision.terms.expiresInMs,
    settledAt: null,
    verdicts: [],
    edit: null,
  };
}

/** The rows of a new approval: itself, and the short name under which its own principal finds it. */
export function openingChanges(approval: Approval, proposedDigest: string): Change[] {
  const ref: RefRow = { v: 1, approvalId: approval.id, proposedDigest };
  return [writeApproval(approval, 0), writeRef(approval, ref)];
}
