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
  | "limit.settled"
  | "key.rotated"
  | "key.revoked"
  | "unguarded";

/** What a record says: the same for the same call through every adapter. Absent members are not written. */
export interface AuditPayload {
  readonly type: RecordType;
  readonly tenant: string;
  readonly actor_type: "agent" | "person" | "system";
  readonly actor_id: string;
  readonly action_type?: string | undefined;
  /** The effect decided; COMPUTE is an allow that carries a transform. */
  readonly decision?: Uppercase<Effect> | "COMPUTE" | undefined;
  /** What was done about it; OBSERVED where the call ran whatever the decision. */
  readonly effective?: Uppercase<Effect> | "COMPUTE" | "OBSERVED" | undefined;
  /** What rules and documents that are only observed would have answered, where that is something else. */
  readonly shadow_decision?: Uppercase<Effect> | undefined;
  readonly shadow_rule?: string | null | undefined;
  readonly rule?: string | null | undefined;
  readonly reason_code?: string | undefined;
  readonly policy_id?: string | undefined;
  readonly policy_digest?: string | undefined;
  readonly digest?: string | undefined;
  readonly input_ref?: string | undefined;
  readonly output_ref?: string | undefined;
  /** Whether the desk's signatures hold on what an approval's row says, where a yes was used or could not be. */
  readonly signature_valid?: boolean | undefined;
  /** For approvals: by which method and device the answer came. */
  readonly answer?: "approve" | "deny" | "revoke" | undefined;
  readonly method?: string | undefined;
  readonly assurance?: string | undefined;
  readonly device?: string | null | undefined;
  readonly detail?: string | undefined;
  /** On whose behalf the agent acts. */
  readonly subject?: string | undefined;
  /** Whose call it is about, where somebody else than that agent acted. */
  readonly agent?: string | undefined;
}

/** What differs from run to run: ids, the adapter's name and the trace. Time and chain fields are added when written. */
export interface AuditEnvelope {
  readonly action_id?: string | undefined;
  readonly decision_id?: string | undefined;
  readonly approval_id?: string | undefined;
  readonly proof_kid?: string | undefined;
  readonly proof_jti?: string | undefined;
  readonly adapter?: string | undefined;
  readonly trace_id?: string | undefined;
  /** Of a key that was made or revoked. */
  readonly kid?: string | undefined;
}

export interface AuditRecord {
  readonly payload: AuditPayload;
  readonly envelope: AuditEnvelope;
}
