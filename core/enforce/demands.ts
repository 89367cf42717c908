import type { ApprovalTerms, Decision, ReasonCode } from "../model/decision.ts";
import { EFFECTS } from "../model/effect.ts";

/** Why a decision's demand cannot be met here; undefined when it can. What cannot be met is denied, never overlooked. */
export function cannotBeMet(decision: Decision): { readonly code: ReasonCode; readonly reason: string } | undefined {
  if (!EFFECTS.includes(decision.effect)) {
    return { code: "policy_error", reason: "The policy answered with an unknown effect." };
  }
  if (decision.obligations.length > 0) {
    return { code: "obligation_unknown", reason: "The policy demands an obligation that nothing here can fulfil." };
  }
  if (decision.effect !== "deny" && !isDuration(decision.proofTtlMs)) {
    return { code: "policy_error", reason: "The policy states no lifetime for the proof." };
  }
  const asks = decision.effect === "approve" || decision.effect === "step_up";
  if (asks && (decision.terms === null || !areMet(decision.terms))) {
    return { code: "policy_error", reason: "The policy asks a person on terms that this desk cannot keep." };
  }
  return undefined;
}

/** One approver without a role is what the desk of this version asks for. */
function areMet(terms: ApprovalTerms): boolean {
  return (
    isDuration(terms.expiresInMs) &&
    isDuration(terms.useWithinMs) &&
    terms.quorum === 1 &&
    terms.roles.length === 0 &&
    !terms.fourEyes &&
    !terms.reasonRequired
  );
}

function isDuration(ms: number): boolean {
  return Number.isSafeInteger(ms) && ms > 0;
}
