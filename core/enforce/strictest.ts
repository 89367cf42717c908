import { canonicalText } from "../canonical.ts";
import type { ApprovalTerms, Decision, Obligation } from "../model/decision.ts";
import { atLeast } from "../model/effect.ts";

/** True for a decision that waits for a person. */
export function asks({ effect }: Decision): boolean {
  return effect === "approve" || effect === "step_up";
}

/**
 * The word of two policies that both count: the strictest, and everything that either demands beside it. Of two that are as
 * strict the earlier one speaks. What the earlier one computes is made first; the later one is asked again about that form.
 */
export function together(earlier: Decision, later: Decision): Decision {
  const [strict, other] = atLeast(earlier.effect, later.effect) ? [earlier, later] : [later, earlier];
  if (strict.effect === "deny") return strict;
  const terms = strict.terms !== null && other.terms !== null ? jointTerms(strict.terms, other.terms) : strict.terms;
  if (terms === "nobody") {
    const reason = `${strict.reason}; ${other.reason}; and nobody could meet the terms of both`;
    return { ...strict, effect: "deny", reasonCode: "policy_error", reason, terms: null };
  }
  const over = [...(earlier.over ?? []), ...(later.over ?? [])];
  return {
    ...strict,
    ...(over.length > 0 && { over }),
    terms,
    transform: earlier.transform ?? later.transform,
    obligations: distinct([...earlier.obligations, ...later.obligations]),
    counterparty: earlier.counterparty ?? later.counterparty,
    proofTtlMs: Math.min(earlier.proofTtlMs, later.proofTtlMs),
  };
}

function distinct(obligations: readonly Obligation[]): readonly Obligation[] {
  return [...new Map(obligations.map((one) => [canonicalText(one), one])).values()];
}

/** Terms that meet both, also where only one of the two is asked on a stricter effect; `nobody` where none do. */
function jointTerms(a: ApprovalTerms, b: ApprovalTerms): ApprovalTerms | "nobody" {
  const [roles, methods] = [jointList(a.roles, b.roles), jointList(a.methods, b.methods)];
  if (roles === undefined || methods === undefined) return "nobody";
  return {
    expiresInMs: Math.min(a.expiresInMs, b.expiresInMs),
    useWithinMs: Math.min(a.useWithinMs, b.useWithinMs),
    quorum: Math.max(a.quorum, b.quorum),
    roles,
    fourEyes: a.fourEyes || b.fourEyes,
    reasonRequired: a.reasonRequired || b.reasonRequired,
    methods,
    notify: [...new Set([...a.notify, ...b.notify])],
    edit: a.edit === "other" ? a.edit : b.edit,
    ...bound("escalateAfterMs", Math.min, a, b),
    ...bound("denyMemoryMs", Math.max, a, b),
  };
}

/** One of each list must fit, and an empty list fits everybody; undefined where nothing fits both. */
function jointList(a: readonly string[], b: readonly string[]): readonly string[] | undefined {
  if (a.length === 0 || b.length === 0) return [...a, ...b];
  const both = a.filter((name) => b.includes(name));
  return both.length === 0 ? undefined : both;
}

function bound(
  name: "escalateAfterMs" | "denyMemoryMs",
  choose: (...values: readonly number[]) => number,
  a: ApprovalTerms,
  b: ApprovalTerms,
): Partial<ApprovalTerms> {
  const stated = [a[name], b[name]].filter((value) => value !== undefined);
  return stated.length === 0 ? {} : { [name]: choose(...stated) };
}
