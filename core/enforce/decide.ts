import { gatherFacts } from "../facts/gather.ts";
import type { Action } from "../model/call.ts";
import type { Decision, ReasonCode } from "../model/decision.ts";
import type { Facts } from "../model/facts.ts";
import type { ToolSpec } from "../model/tool.ts";
import { atLeast } from "../model/effect.ts";
import { type InForce, inForce, pin, type Scope } from "./context.ts";
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
 * is a denial. All rounds are of one policy.
 */
export async function decide(now: Scope, proposed: Action): Promise<Decided> {
  const scope = pin(now);
  let action = proposed;
  let applied: Decision["transform"] = null;
  let strictest: Decision | undefined;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const decision = await decideOnce(scope, action);
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
export async function decideEdited(now: Scope, proposed: Action, edited: Action): Promise<Decided> {
  const scope = pin(now);
  const asEdited = await decide(scope, edited);
  const { decision: asProposed } = await decide(scope, proposed);
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

async function decideOnce(scope: Scope, action: Action): Promise<Decision> {
  const { context } = scope;
  const { policy } = inForce(scope);
  const refuse = (code: ReasonCode, reason: string): Decision => denial(scope, code, reason);
  const tool = context.registry.get(action.tool);
  if (tool === undefined) return refuse("tool_unknown", "The tool is not registered with this leash.");
  if (!isWithin(scope, action.tool)) {
    return refuse("narrowed", "The tool is outside what the parent agent passed on.");
  }
  try {
    const { counterparty, probe, store } = context;
    const gathered = gatherFacts(policy, action, tool, { now: store.now(), counterparty, probe });
    return decideBy(scope, action, tool, gathered instanceof Promise ? await gathered : gathered);
  } catch {
    return refuse("policy_error", "The policy could not be evaluated.");
  }
}

function decideBy(scope: Scope, action: Action, tool: ToolSpec, facts: Facts): Decision {
  const { policy, mode } = inForce(scope);
  const decision = policy.evaluate(action, tool, facts);
  const problem = cannotBeMet(decision, scope.context.obligations);
  if (problem !== undefined) return denial(scope, problem.code, problem.reason);
  const because = decision.effect === "allow" ? null : (policy.explain?.(action, tool, facts).because ?? null);
  return because === null ? { ...decision, mode } : { ...decision, mode, because };
}

/** A denial that no rule made. */
export function denial(scope: Scope, reasonCode: ReasonCode, reason: string): Decision {
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

/** True when every parent passed the tool on. */
export function isWithin({ narrowings }: Scope, tool: string): boolean {
  return narrowings.every((limits) => limits.tools === undefined || limits.tools.includes(tool));
}
