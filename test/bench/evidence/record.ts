import type { AuditRecord } from "@leashkit/core";

const digest = (digit: string): string => digit.repeat(64);

/** A record as the gate writes it for leave to run, the longest of those that every call has. */
export function sampleRecord(number: number): AuditRecord {
  const id = `0199d3a1-7c00-7000-8000-${String(number).padStart(12, "0")}`;
  return {
    payload: {
      type: "granted",
      tenant: "default",
      actor_type: "agent",
      actor_id: "shopper",
      action_type: "purchase",
      decision: "ALLOW",
      effective: "ALLOW",
      rule: "small-orders",
      reason_code: "rule",
      policy_id: "leash",
      policy_digest: digest("1"),
      digest: digest("2"),
      input_ref: digest("3"),
    },
    envelope: {
      action_id: id,
      decision_id: id,
      proof_kid: `k4.pid.${"A".repeat(44)}`,
      proof_jti: id,
      adapter: "langchain",
    },
  };
}
