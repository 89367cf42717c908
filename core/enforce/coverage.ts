import { objectionTo, yesCount } from "../approvals/eligibility.ts";
import { canonicalText } from "../canonical.ts";
import type { LeashDenied } from "../errors.ts";
import type { Overrun } from "../model/decision.ts";
import { atLeast } from "../model/effect.ts";
import type { Approval } from "../model/approval.ts";
import { verifyEdit } from "../tokens/edit.ts";
import { verifyVerdict } from "../tokens/verdict.ts";
import type { Scope } from "./context.ts";
import type { Decided } from "./decide.ts";
import { voidApproval } from "./refusals.ts";

/**
 * Step 7's question: does what a person said yes to cover everything that is demanded now? Undefined when it does.
 * The row in the store is only a claim: the demand comes from the policy of now, the answers and their times from what the
 * desk signed.
 *
 * @param use `first` also asks whether the yes is fresh enough to be used; `continued` is the same use going on.
 */
export function uncovered(
  scope: Scope,
  approval: Approval,
  now: Decided,
  use: "first" | "continued",
): LeashDenied | undefined {
  const changed = whatChanged(approval, now);
  if (changed !== undefined) {
    return voidApproval(approval, `The approval no longer covers the call: ${changed}.`, "LEASH_POLICY_CHANGED");
  }
  const unsigned = whatIsUnsigned(scope, approval);
  if (unsigned !== undefined) {
    return voidApproval(approval, `The approval carries ${unsigned} whose signature does not hold.`);
  }
  const { principal } = now.action;
  const counted = approval.verdicts.every(
    (verdict) => verdict.answer === "approve" && objectionTo(verdict, approval, principal) === undefined,
  );
  const isFresh = use === "continued" || inTime(approval, scope.context.store.now());
  if (!counted || !isFresh || yesCount(approval.verdicts) < Math.max(1, approval.terms.quorum)) {
    return voidApproval(approval, "The approval does not carry the answers it needs.");
  }
  return undefined;
}

/** What in the row of an approval the desk did not sign; undefined where it signed all that counts. */
export function whatIsUnsigned({ context }: Pick<Scope, "context">, approval: Approval): string | undefined {
  const keys = context.keys.publicKeys("approval");
  if (approval.edit !== null && !verifyEdit(approval.edit, approval, keys)) return "an edit";
  return approval.verdicts.every((verdict) => verifyVerdict(verdict, approval, keys)) ? undefined : "an answer";
}

function whatChanged(approval: Approval, { action, decision }: Decided): string | undefined {
  if (action.callKey !== approval.callKey) return "it was given for another call";
  if (action.digest !== approval.digest) return "the policy computes other input now";
  if (action.schemaDigest !== approval.schemaDigest) return "the tool's schema changed";
  if (!same(decision.counterparty, approval.counterparty)) return "the counterparty's standing changed";
  if (decision.effect === "allow") return undefined;
  if (!atLeast(approval.demand, decision.effect)) return "the policy demands more now";
  if (decision.rule !== approval.rule || decision.ruleDigest !== approval.ruleDigest)
    return "another rule demands it now";
  if (decision.over?.some((overrun) => !wasShown(overrun, approval)) === true)
    return "it would go further beyond a limit than was shown";
  return same(decision.terms, approval.terms) ? undefined : "its terms are not the policy's";
}

/** What others used meanwhile may have made it more than the person said yes to. */
function wasShown({ limit, total }: Overrun, { over = [] }: Approval): boolean {
  return over.some((shown) => shown.limit === limit && total <= shown.total);
}

function same(a: unknown, b: unknown): boolean {
  return canonicalText(a) === canonicalText(b);
}

/** By the times that the desk signed: the last yes is fresh enough to be used, and the first one was given to the same question. */
function inTime({ verdicts, terms }: Approval, now: number): boolean {
  const times = verdicts.map(({ at }) => at);
  const last = Math.max(...times);
  return now < last + terms.useWithinMs && last < Math.min(...times) + terms.expiresInMs;
}
