import type { Action } from "../model/call.ts";
import type { Decision } from "../model/decision.ts";
import { atLeast } from "../model/effect.ts";
import type { Reservation } from "../model/journal.ts";
import type { Heard } from "../recording/recorder.ts";
import { type DecidingScope, pin, type Scope } from "./context.ts";
import { denial } from "./denial.ts";
import { type Hearing, openHearing } from "./hearing.ts";
import { decideOnce, type Round } from "./round.ts";
import { reseal } from "./seal.ts";

/** A call and what became of it under the policy: `action` is what would run, after all transforms. */
export interface Decided extends Round {
  readonly proposed: Action;
  readonly action: Action;
  /** What the decision was made of. */
  readonly heard: Heard;
  /** True where what the call as proposed demands counts beside what its edited form does. */
  readonly isJoint?: boolean;
}

const MAX_ROUNDS = 4;

/**
 * Steps 4 and 5: asks the policy, applies what it computes and asks again until nothing changes. Total: whatever goes wrong
 * is a denial. All rounds are of one policy.
 *
 * @param own what this very call counts on already: it does not stand in its own way.
 */
export function decide(now: Scope, proposed: Action, own: readonly Reservation[] = []): Promise<Decided> {
  const scope = pin(now);
  const hearing = openHearing(scope, proposed, own);
  return scope.narrowings.length === 0 ? decideIn(scope, proposed, hearing) : decideNarrowed(scope, proposed, hearing);
}

async function decideNarrowed(scope: Scope, proposed: Action, hearing: Hearing): Promise<Decided> {
  try {
    await scope.context.archive.keep(scope.narrowings.map(({ policy }) => policy));
  } catch {
    const decision = denial(scope, "policy_error", "The policy of this agent could not be kept for the log.");
    return { proposed, action: proposed, decision, heard: hearing };
  }
  return decideIn(scope, proposed, hearing);
}

/** The rounds of one decision: pure over what the hearing answers. */
export async function decideIn(scope: DecidingScope, proposed: Action, hearing: Hearing): Promise<Decided> {
  let action = proposed;
  let applied: Decision["transform"] = null;
  let strictest: Decision | undefined;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const { counted, decision } = await decideOnce(scope, action, hearing);
    if (decision.effect === "deny")
      return { proposed, action, decision: { ...decision, transform: applied }, heard: hearing };
    // What one form of the call demands, another form of it does not lift.
    if (strictest === undefined || atLeast(decision.effect, strictest.effect)) strictest = decision;
    const next = decision.transform === null ? action : apply(scope, action, decision.transform);
    if (next === undefined) {
      const denied = denial(scope, "policy_error", "The policy's computed form cannot be sealed.");
      return { proposed, action, decision: denied, heard: hearing };
    }
    if (next.digest === action.digest) {
      const settled = strictest.transform === applied ? strictest : { ...strictest, transform: applied };
      return { proposed, action, decision: settled, counted, heard: hearing };
    }
    action = next;
    applied = decision.transform;
  }
  const reason = `The policy's computed form did not settle in ${MAX_ROUNDS} rounds.`;
  return { proposed, action, decision: denial(scope, "policy_error", reason), heard: hearing };
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
  const isJoint = strictest !== asEdited.decision || terms !== strictest.terms;
  return { ...asEdited, decision: { ...strictest, terms, counterparty, transform }, isJoint };
}

function apply(
  scope: DecidingScope,
  action: Action,
  transform: NonNullable<Decision["transform"]>,
): Action | undefined {
  try {
    return reseal(action, transform.tool, transform.input, scope.context.registry.get(transform.tool));
  } catch {
    return undefined;
  }
}
