import type { Decision, ReasonCode } from "../model/decision.ts";
import { type DecidingScope, type InForce, inForce } from "./context.ts";

/** A denial that no rule made. */
export function denial(scope: DecidingScope, reasonCode: ReasonCode, reason: string): Decision {
  return denialBy(inForce(scope), reasonCode, reason);
}

/** The same, of a policy that stands in no scope. */
export function denialBy({ policy, mode }: InForce, reasonCode: ReasonCode, reason: string): Decision {
  return Object.freeze({
    v: 1,
    effect: "deny",
    rule: null,
    ruleDigest: null,
    reasonCode,
    reason,
    transform: null,
    obligations: [],
    terms: null,
    counterparty: null,
    proofTtlMs: 0,
    mode,
    policyId: policy.id,
    policyDigest: policy.digest,
  });
}
