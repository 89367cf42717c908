import { uuidv8 } from "../ids.ts";
import type { AuditEnvelope, AuditPayload, AuditRecord } from "../model/audit.ts";
import type { Approver } from "../model/approval.ts";
import type { Action } from "../model/call.ts";
import type { Decision } from "../model/decision.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { PublicKey } from "../model/keys.ts";
import type { Principal } from "../model/principal.ts";

/** What identifies the call's surroundings in the log and differs from run to run. */
export interface Origin {
  readonly adapter?: string;
  readonly traceId?: string;
}

/** The effect as people read it: an allow that carries a transform is a COMPUTE. */
export function effectName(decision: Pick<Decision, "effect" | "transform">): NonNullable<AuditPayload["decision"]> {
  if (decision.effect === "allow" && decision.transform !== null) return "COMPUTE";
  return decision.effect.toUpperCase() as Uppercase<Decision["effect"]>;
}

export function agentPayload(principal: Principal, type: AuditPayload["type"]): AuditPayload {
  const { agent, subject, tenant } = principal;
  return { type, tenant, actor_type: "agent", actor_id: agent, subject };
}

/** Written out, not put together: this is made for every call, and objects that are spread are slow to make. */
function envelope(
  { adapter, traceId }: Origin,
  ids: AuditEnvelope,
  actionId = ids.action_id,
): Record<keyof AuditEnvelope, string | undefined> {
  return {
    action_id: actionId,
    decision_id: ids.decision_id,
    approval_id: ids.approval_id,
    proof_kid: ids.proof_kid,
    proof_jti: ids.proof_jti,
    adapter,
    trace_id: traceId,
    kid: ids.kid,
  };
}

/** A decision was made. `effective` is OBSERVED where the call ran whatever it said. */
export function decidedRecord(
  action: Action,
  decision: Decision,
  origin: Origin,
  ids: AuditEnvelope = {},
): AuditRecord {
  const { principal, tool } = action;
  const { shadow } = decision;
  return {
    // Written out, not put together: this is made for every call, and objects that are spread are slow to make.
    payload: {
      type: "decided",
      tenant: principal.tenant,
      actor_type: "agent",
      actor_id: principal.agent,
      action_type: tool,
      decision: effectName(decision),
      effective: decision.mode === "observe" ? "OBSERVED" : effectName(decision),
      shadow_decision: shadow && (shadow.effect.toUpperCase() as Uppercase<Decision["effect"]>),
      shadow_rule: shadow?.rule,
      rule: decision.rule,
      reason_code: decision.reasonCode,
      policy_id: decision.policyId,
      policy_digest: decision.policyDigest,
      digest: action.digest,
      input_ref: action.inputDigest,
      subject: principal.subject,
    },
    envelope: envelope(origin, ids, action.actionId),
  };
}

/** A call was refused before it could be sealed: there is no digest to speak of. */
export function refusedRecord(
  principal: Principal,
  tool: string,
  decision: Decision,
  origin: Origin,
  ids: AuditEnvelope = {},
): AuditRecord {
  return {
    payload: {
      ...agentPayload(principal, "decided"),
      action_type: tool,
      decision: "DENY",
      effective: decision.mode === "observe" ? "OBSERVED" : "DENY",
      rule: decision.rule,
      reason_code: decision.reasonCode,
      policy_id: decision.policyId,
      policy_digest: decision.policyDigest,
    },
    envelope: envelope(origin, ids),
  };
}

/** Leave to run was given: written in the same commit that starts the run. */
export function grantedRecord(action: Action, decision: Decision, origin: Origin, ids: AuditEnvelope): AuditRecord {
  const { principal, tool } = action;
  return {
    payload: {
      type: "granted",
      tenant: principal.tenant,
      actor_type: "agent",
      actor_id: principal.agent,
      action_type: tool,
      decision: effectName(decision),
      effective: decision.mode === "observe" ? "OBSERVED" : "ALLOW",
      rule: decision.rule,
      policy_id: decision.policyId,
      policy_digest: decision.policyDigest,
      digest: action.digest,
      input_ref: action.inputDigest,
      subject: principal.subject,
    },
    envelope: envelope(origin, ids, action.actionId),
  };
}

/** A run ended, or it is known that nobody will ever know how. */
export function outcomeRecord(
  principal: Principal,
  entry: Pick<JournalEntry, "tool" | "finalDigest" | "outputRef" | "failure" | "approvalId">,
  type: "executed" | "failed" | "unknown",
  origin: Origin,
  ids: AuditEnvelope,
): AuditRecord {
  return {
    payload: {
      type,
      tenant: principal.tenant,
      actor_type: "agent",
      actor_id: principal.agent,
      action_type: entry.tool,
      digest: entry.finalDigest,
      output_ref: entry.outputRef ?? undefined,
      detail: entry.failure === null ? undefined : `effect ${entry.failure.effect}`,
      subject: principal.subject,
    },
    envelope: envelope(origin, { ...ids, approval_id: entry.approvalId ?? undefined }),
  };
}

/** The call ran, and what the policy wants done after it was not. */
export function obligationRecord(action: Action, types: readonly string[], origin: Origin): AuditRecord {
  return {
    payload: {
      ...agentPayload(action.principal, "obligation.failed"),
      action_type: action.tool,
      digest: action.digest,
      detail: types.join(", "),
    },
    envelope: envelope(origin, {}, action.actionId),
  };
}

/** Something about the leash itself. */
export function systemRecord(
  tenant: string,
  type: "policy.loaded" | "policy.refused" | "mode.changed",
  details: Pick<AuditPayload, "policy_id" | "policy_digest" | "detail">,
): AuditRecord {
  return { payload: { type, tenant, actor_type: "system", actor_id: "leash", ...details }, envelope: {} };
}

/** A person said what became of a call whose outcome nobody knew. */
export function journalRecord(
  entry: Pick<JournalEntry, "tenant" | "tool" | "finalDigest" | "callKey" | "approvalId">,
  person: Approver,
  outcome: "done" | "not done",
  reason: string | undefined,
): AuditRecord {
  const approval = entry.approvalId === null ? {} : { approval_id: entry.approvalId };
  return {
    payload: {
      type: "journal.settled",
      tenant: entry.tenant,
      actor_type: "person",
      actor_id: person.id,
      action_type: entry.tool,
      digest: entry.finalDigest,
      detail: reason === undefined ? outcome : `${outcome}: ${reason}`,
    },
    envelope: { action_id: uuidv8(entry.callKey), ...approval },
  };
}

/** A person made a key, or took one out of use. */
export function keyRecord(
  tenant: string,
  type: "key.rotated" | "key.revoked",
  { activeFrom, kid, purpose, revokedAt }: PublicKey,
  person: string,
): AuditRecord {
  const [word, at] = type === "key.revoked" ? ["since", revokedAt] : ["from", activeFrom ?? null];
  const when = at === null ? "" : ` ${word} ${new Date(at).toISOString()}`;
  return {
    payload: { type, tenant, actor_type: "person", actor_id: person, detail: `${purpose}${when}` },
    envelope: { kid },
  };
}
