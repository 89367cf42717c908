import { gatherFacts } from "../facts/gather.ts";
import type { Action } from "../model/call.ts";
import type { Decision, ReasonCode } from "../model/decision.ts";
import { atLeast } from "../model/effect.ts";
import type { Scope } from "./context.ts";
import { cannotBeMet } from "./demands.ts";
import { reseal } from "./seal.ts";

/** A call and what became of it under the policy: `action` is what would run, after all transforms. */
export interface Decided {
  readonly action: Action;
  readonly decision: Decision;
}

const MAX_ROUNDS = 4;

/**
 * Steps 4 and 5: asks the policy, applies what it computes and asks again until nothing changes. Total: whatever goes wrong
 * is a denial.
 */
export function decide(scope: Scope, proposed: Action): Decided {
  let action = proposed;
  let applied: Decision["transform"] = null;
  let strictest: Decision | undefined;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const decision = decideOnce(scope, action);
    if (decision.effect === "deny") return { action, decision: { ...decision, transform: applied } };
    // What one form of the call demands, another form of it does not lift.
    if (strictest === undefined || atLeast(decision.effect, strictest.effect)) strictest = decision;
    const next = decision.transform === null ? action : apply(scope, action, decision.transform);
    if (next === undefined)
      return { action, decision: denial(scope, "policy_error", "The policy's computed form cannot be sealed.") };
    if (next.digest === action.digest) return { action, decision: { ...strictest, transform: applied } };
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
export function decideEdited(scope: Scope, proposed: Action, edited: Action): Decided {
  const asEdited = decide(scope, edited);
  const asProposed = decide(scope, proposed).decision;
  const { counterparty, effect, transform } = asEdited.decision;
  const [strictest, laxer] = atLeast(effect, asProposed.effect)
    ? [asEdited.decision, asProposed]
    : [asProposed, asEdited.decision];
  const terms: Decision["terms"] =
    strictest.terms !== null && laxer.terms?.edit === "other" ? { ...strictest.terms, edit: "other" } : strictest.terms;
  return { action: asEdited.action, decision: { ...strictest, terms, counterparty, transform } };
}

function apply(scope: Scope, action: Action, transform: NonNullable<Decision["transform"]>): Action | undefined {
  try {
    return reseal(action, transform.tool, transform.input, scope.context.registry.get(transform.tool));
  } catch {
    return undefined;
  }
}

function decideOnce(scope: Scope, action: Action): Decision {
  const { context } = scope;
  const refuse = (code: ReasonCode, reason: string): Decision => denial(scope, code, reason);
  const tool = context.registry.get(action.tool);
  if (tool === undefined) return refuse("tool_unknown", "The tool is not registered with this leash.");
  if (!isWithin(scope, action.tool)) {
    return refuse("narrowed", "The tool is outside what the parent agent passed on.");
  }
  try {
    const facts = gatherFacts(context.store.now(), action, context.counterparty);
    const decision = context.policy.evaluate(action, tool, facts);
    const problem = cannotBeMet(decision);
    return problem === undefined ? { ...decision, mode: context.mode } : refuse(problem.code, problem.reason);
  } catch {
    return refuse("policy_error", "The policy could not be evaluated.");
  }
}

/** A denial that no rule made. */
export function denial({ context }: Scope, reasonCode: ReasonCode, reason: string): Decision {
  const { policy, mode } = context;
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

/** True when every parent passed the tool on. */
export function isWithin({ narrowings }: Scope, tool: string): boolean {
  return narrowings.every((limits) => limits.tools === undefined || limits.tools.includes(tool));
}
