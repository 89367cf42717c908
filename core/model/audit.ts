import type { Effect } from "./effect.ts";

/** Every change of state that the log tells of. */
export type RecordType =
  | "decided"
  | "granted"
  | "executed"
  | "failed"
  | "unknown"
  | "recovered"
  | "policy.loaded"
  | "policy.refused"
  | "mode.changed"
  | "approval.opened"
  | "approval.viewed"
  | "approval.voted"
  | "approval.settled"
  | "approval.revoked"
  | "approval.escalated"
  | "approval.remembered"
  | "approval.expired"
  | "approval.cancelled"
  | "approval.lapsed"
  | "approval.consumed"
  | "approval.refused"
  | "allowance.granted"
  | "allowance.used"
  | "allowance.revoked"
  | "journal.settled"
  | "obligation.failed"
  | "unguarded";

/** What a record says: the same for the same call through every adapter. Absent members are not written. */
export interface AuditPayload {
  readonly type: RecordType;
  readonly tenant: string;
  readonly actor_type: "agent" | "person" | "system";
  readonly actor_id: string;
  readonly action_type?: string;
  /** The effect decided; COMPUTE is an allow that carries a transform. */
  readonly decision?: Uppercase<Effect> | "COMPUTE";
  /** What was done about it; OBSERVED where the call ran whatever the decision. */
  readonly effective?: Uppercase<Effect> | "COMPUTE" | "OBSERVED";
  /** What rules and documents that are only observed would have answered, where that is something else. */
  readonly shadow_decision?: Uppercase<Effect>;
  readonly shadow_rule?: string | null;
  readonly rule?: string | null;
  readonly reason_code?: string;
  readonly policy_id?: string;
  readonly policy_digest?: string;
  readonly digest?: string;
  readonly input_ref?: string;
  readonly output_ref?: string;
  readonly signature_valid?: boolean;
  /** For approvals: by which method and device the answer came. */
  readonly answer?: "approve" | "deny" | "revoke";
  readonly method?: string;
  readonly assurance?: string;
  readonly device?: string | null;
  readonly detail?: string;
}

/** What differs from run to run: ids, the adapter's name and the trace. Time and chain fields are added when written. */
export interface AuditEnvelope {
  readonly action_id?: string;
  readonly decision_id?: string;
  readonly approval_id?: string;
  readonly proof_kid?: string;
  readonly proof_jti?: string;
  readonly adapter?: string;
  readonly trace_id?: string;
}

export interface AuditRecord {
  readonly payload: AuditPayload;
  readonly envelope: AuditEnvelope;
}
