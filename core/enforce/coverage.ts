import { canonicalText } from "../canonical.ts";
import type { LeashDenied } from "../errors.ts";
import { atLeast } from "../model/effect.ts";
import type { Approval, Verdict } from "../model/approval.ts";
import { isStepUp } from "../approvals/step-up.ts";
import { verifyVerdict } from "../tokens/verdict.ts";
import type { Scope } from "./context.ts";
import type { Decided } from "./decide.ts";
import { voidApproval } from "./refusals.ts";

/**
 * Step 7's question: does what a person said yes to cover everything that is demanded now? Undefined when it does.
 * The row in the store is only a claim; the desk's signature on each verdict is what counts.
 */
export function uncovered(scope: Scope, approval: Approval, now: Decided): LeashDenied | undefined {
  const changed = whatChanged(approval, now);
  if (changed !== undefined) {
    return voidApproval(approval, `The approval no longer covers the call: ${changed}.`, "LEASH_POLICY_CHANGED");
  }
  const keys = scope.context.keys.publicKeys("approval");
  const valid = approval.verdicts.filter((verdict) => verifyVerdict(verdict, approval, keys));
  if (valid.length !== approval.verdicts.length) {
    return voidApproval(approval, "The approval carries an answer whose signature does not hold.");
  }
  const yes = valid.filter((verdict) => counts(verdict, approval));
  if (new Set(yes.map((verdict) => verdict.approver)).size < approval.terms.quorum || yes.length < valid.length) {
    return voidApproval(approval, "The approval does not carry the answers it needs.");
  }
  return undefined;
}

function whatChanged(approval: Approval, { action, decision }: Decided): string | undefined {
  if (action.digest !== approval.digest) return "the policy computes other input now";
  if (action.schemaDigest !== approval.schemaDigest) return "the tool's schema changed";
  if (canonicalText(decision.counterparty) !== canonicalText(approval.counterparty)) return "the counterparty's standing changed";
  if (decision.effect === "allow") return undefined;
  if (!atLeast(approval.demand, decision.effect)) return "the policy demands more now";
  if (decision.rule !== approval.rule || decision.ruleDigest !== approval.ruleDigest) return "another rule demands it now";
  return undefined;
}

function counts(verdict: Verdict, approval: Approval): boolean {
  if (verdict.answer !== "approve") return false;
  return approval.demand !== "step_up" || isStepUp(verdict, approval);
}
