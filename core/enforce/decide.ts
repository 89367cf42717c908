import type { Action } from "../model/call.ts";
import type { Decision } from "../model/decision.ts";
import { atLeast } from "../model/effect.ts";
import type { Reservation } from "../model/journal.ts";
import { pin, type Scope } from "./context.ts";
import { denial } from "./denial.ts";
import { decideOnce, type Round } from "./round.ts";
import { reseal } from "./seal.ts";

/** A call and what became of it under the policy: `action` is what would run, after all transforms. */
export interface Decided extends Round {
  readonly action: Action;
}

const MAX_ROUNDS = 4;

/**
 * Steps 4 and 5: asks the policy, applies what it computes and asks again until nothing changes. Total: whatever goes wrong
 * is a denial. All rounds are of one policy.
 *
 * @param own what this very call counts on already: it does not stand in its own way.
 */
export async function decide(now: Scope, proposed: Action, own: readonly Reservation[] = []): Promise<Decided> {
  const scope = pin(now);
  let action = proposed;
  let applied: Decision["transform"] = null;
  let strictest: Decision | undefined;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const { counted, decision } = await decideOnce(scope, action, own);
    if (decision.effect === "deny") return { action, decision: { ...decision, transform: applied } };
    // What one form of the call demands, another form of it does not lift.
    if (strictest === undefined || atLeast(decision.effect, strictest.effect)) strictest = decision;
    const next = decision.transform === null ? action : apply(scope, action, decision.transform);
    if (next === undefined)
      return { action, decision: denial(scope, "policy_error", "The policy's computed form cannot be sealed.") };
    if (next.digest === action.digest) return { action, decision: { ...strictest, transform: applied }, counted };
    action = next;
    applied = decision.transform;
  }
  const reason = `The policy's computed form did not settle in ${MAX_ROUNDS} rounds.`;
  return { action, decision: denial(scope, "policy_error", reason) };
}

/**
 * The same for a call that an approver edited, which is one more form of it: what the call as proposed demands, the edited form
 * does not lift. With whom the call deals is the edited form's.
 */
export async function decideEdited(
  now: Scope,
  proposed: Action,
  edited: Action,
  own: readonly Reservation[] = [],
): Promise<Decided> {
  const scope = pin(now);
  const asEdited = await decide(scope, edited, own);
  const { decision: asProposed } = await decide(scope, proposed, own);
  const { counterparty, effect, transform } = asEdited.decision;
  const [strictest, laxer] = atLeast(effect, asProposed.effect)
    ? [asEdited.decision, asProposed]
    : [asProposed, asEdited.decision];
  const terms: Decision["terms"] =
    strictest.terms !== null && laxer.terms?.edit === "other" ? { ...strictest.terms, edit: "other" } : strictest.terms;
  const { action, counted } = asEdited;
  return { action, decision: { ...strictest, terms, counterparty, transform }, counted };
}

function apply(scope: Scope, action: Action, transform: NonNullable<Decision["transform"]>): Action | undefined {
  try {
    return reseal(action, transform.tool, transform.input, scope.context.registry.get(transform.tool));
  } catch {
    return undefined;
  }
}
