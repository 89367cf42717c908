import type { Allowance } from "../model/allowance.ts";
import type { Approval } from "../model/approval.ts";
import type { AuditPayload, AuditRecord } from "../model/audit.ts";
import type { Action } from "../model/call.ts";
import type { Decision } from "../model/decision.ts";
import { agentPayload } from "./records.ts";

type ApprovalType = Extract<AuditPayload["type"], `approval.${string}`>;

/** Something happened to an approval without a person: it was opened, expired, lapsed, was cancelled or could not be used. */
export function approvalRecord(
  approval: Approval,
  type: Exclude<
    ApprovalType,
    "approval.voted" | "approval.settled" | "approval.revoked" | "approval.remembered" | "approval.viewed"
  >,
  detail?: string,
): AuditRecord {
  const byAgent = type === "approval.opened" || type === "approval.cancelled" || type === "approval.consumed";
  return {
    payload: {
      type,
      tenant: approval.principal.tenant,
      actor_type: byAgent ? "agent" : "system",
      actor_id: byAgent ? approval.principal.agent : "leash",
      action_type: approval.tool,
      decision: approval.demand === "step_up" ? "STEP_UP" : "APPROVE",
      rule: approval.rule,
      policy_id: approval.policyId,
      policy_digest: approval.policyDigest,
      digest: approval.digest,
      // Nothing is used before what the desk signed was verified.
      ...(type === "approval.consumed" && { signature_valid: true }),
      ...(detail !== undefined && { detail }),
      subject: approval.principal.subject,
      agent: approval.principal.agent,
    },
    envelope: { action_id: approval.actionId, approval_id: approval.id },
  };
}

/** A call was refused without asking, because a person said no to one like it. */
export function rememberedRecord(action: Action, decision: Decision, approvalId: string, retries: number): AuditRecord {
  return {
    payload: {
      ...agentPayload(action.principal, "approval.remembered"),
      action_type: action.tool,
      rule: decision.rule,
      policy_id: decision.policyId,
      policy_digest: decision.policyDigest,
      digest: action.digest,
      detail: `retry ${retries}`,
    },
    envelope: { action_id: action.actionId, approval_id: approvalId },
  };
}

/** A person said yes to calls like one that they saw, or took that back. */
export function allowanceRecord(
  allowance: Allowance,
  type: "allowance.granted" | "allowance.revoked",
  person: string,
  reason: string | null,
): AuditRecord {
  const { approvalId, expiresAt, id, rule, shape, tenant, tool, uses } = allowance;
  const until = new Date(expiresAt).toISOString();
  const what = type === "allowance.granted" ? `${id}: ${uses} calls until ${until}` : id;
  return {
    payload: {
      type,
      tenant,
      actor_type: "person",
      actor_id: person,
      action_type: tool,
      rule,
      digest: shape,
      detail: reason === null ? what : `${what}: ${reason}`,
    },
    envelope: { approval_id: approvalId },
  };
}

/** A call ran on a standing yes. */
export function allowanceUsedRecord({ approvalId, id, rule, used, uses }: Allowance, action: Action): AuditRecord {
  return {
    payload: {
      ...agentPayload(action.principal, "allowance.used"),
      action_type: action.tool,
      rule,
      digest: action.digest,
      detail: `${id}: ${used} of ${uses}`,
    },
    envelope: { action_id: action.actionId, approval_id: approvalId },
  };
}
