import type { ApprovalTerms, Decision, ReasonCode } from "../model/decision.ts";
import { EFFECTS } from "../model/effect.ts";
import type { Policy } from "../model/policy.ts";
import type { ObligationHandlers } from "./obligations.ts";

/** Why a decision's demand cannot be met here; undefined when it can. What cannot be met is denied, never overlooked. */
export function cannotBeMet(
  decision: Decision,
  handlers: ObligationHandlers,
): { readonly code: ReasonCode; readonly reason: string } | undefined {
  if (!EFFECTS.includes(decision.effect)) {
    return { code: "policy_error", reason: "The policy answered with an unknown effect." };
  }
  if (decision.effect !== "deny" && !decision.obligations.every(({ type }) => handlers.has(type))) {
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

/** True for terms that the desk can keep; whether there are enough people with the right roles only they can show. */
function areMet(terms: ApprovalTerms): boolean {
  return (
    isDuration(terms.expiresInMs) &&
    isDuration(terms.useWithinMs) &&
    Number.isSafeInteger(terms.quorum) &&
    terms.quorum >= 1 &&
    (terms.escalateAfterMs === undefined || isDuration(terms.escalateAfterMs)) &&
    (terms.denyMemoryMs === undefined || terms.denyMemoryMs === 0 || isDuration(terms.denyMemoryMs))
  );
}

function isDuration(ms: number): boolean {
  return Number.isSafeInteger(ms) && ms > 0;
}

/** The terms of asking that the desk keeps. */
const KEPT: ReadonlySet<string> = new Set([
  "quorum",
  "roles",
  "four_eyes",
  "reason_required",
  "escalate_after",
  "deny_memory",
]);

/** Of what a policy uses, what is not there; undefined where everything is. Asked once, when the policy is put to use. */
export function missingFor(
  { charges, requires }: Pick<Policy, "charges" | "requires">,
  handlers: ObligationHandlers,
): { readonly what: string; readonly help: string } | undefined {
  if (requires === undefined) return undefined;
  const types = requires.obligations.filter((type) => !handlers.has(type));
  if (types.length > 0)
    return {
      what: `handlers for the obligations ${types.join(", ")}`,
      help: "Register them: `createLeash({ obligations: { … } })`.",
    };
  if (requires.counters && charges === undefined)
    return {
      what: "an engine that says what a call counts on its limits",
      help: "This one has no `charges`, so its limits would count nothing.",
    };
  const terms = requires.terms.filter((term) => !KEPT.has(term));
  if (terms.length > 0)
    return { what: `a desk that keeps ${terms.join(", ")}`, help: "The desk of this version does not know them." };
  if (requires.channels.length > 0)
    return {
      what: "a way to tell people by `notify`",
      help: "This version has none: pass surfaces as `createLeash({ notify })`.",
    };
  return undefined;
}
