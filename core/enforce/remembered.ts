import { countRetry, type Denial, recall } from "../approvals/memory.ts";
import { rememberedRecord } from "../audit/approval-records.ts";
import { decidedRecord, type Origin } from "../audit/records.ts";
import type { Decision } from "../model/decision.ts";
import { decisionId, type Scope } from "./context.ts";
import { type Decided } from "./decide.ts";
import { denial } from "./denial.ts";
import type { Proposal } from "./proposal.ts";
import { deniedByPolicy } from "./refusals.ts";

/**
 * Answers a call about which a person would be asked, where a person said no to one like it a short while ago: nobody is asked
 * again, and the retry is counted in the commit that denies it.
 * @throws {LeashDenied} where a no is remembered.
 */
export async function refuseRemembered(
  scope: Scope,
  proposal: Proposal,
  decided: Decided,
  origin: Origin,
): Promise<void> {
  const { recorder, store, stream } = scope.context;
  const { action, decision } = decided;
  const { principal, tool, digest } = action;
  const call = {
    principal,
    tool,
    counterparty: decision.counterparty,
    digests: [digest, proposal.action.digest, proposal.proposedDigest],
  };
  let id: string | undefined;
  for (;;) {
    const found = await recall(store, call, decision.terms);
    if (found === undefined) return;
    id ??= decisionId(scope);
    const { denial: counted, change } = countRetry(found);
    const denied = deniedBefore(scope, decision, counted);
    const ids = { approval_id: counted.approvalId, decision_id: id };
    const records = [
      decidedRecord(action, denied, origin, ids),
      rememberedRecord(action, denied, counted.approvalId, counted.retries),
    ];
    const result = await store.commit([change, ...recorder.decision(id, decided, denied)], { stream, records });
    if (result.ok) throw deniedByPolicy(denied);
  }
}

function deniedBefore(scope: Scope, decision: Decision, { approver, at, until, retries }: Denial): Decision {
  const { rule, ruleDigest, counterparty } = decision;
  const because =
    `${approver} did at ${new Date(at).toISOString()}; this is retry ${retries}, ` +
    `and nobody is asked before ${new Date(until).toISOString()}`;
  const reason = "A person denied a call like this one.";
  return { ...denial(scope, "person_denied", reason), rule, ruleDigest, counterparty, because };
}
