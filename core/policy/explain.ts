import type { Action } from "../model/call.ts";
import type { Decision } from "../model/decision.ts";
import type { Facts } from "../model/facts.ts";
import type { ExplainedGuard, ExplainedLimit, ExplainedRule, Explanation } from "../model/policy.ts";
import type { ToolSpec } from "../model/tool.ts";
import type { CompiledPolicy } from "./compile.ts";
import type { CompiledRule } from "./compile-entries.ts";
import { evaluate } from "./evaluate.ts";
import { holds } from "./layer.ts";
import { amountOf, usedOf } from "./limits.ts";
import { CallView } from "./view.ts";

/** Rules that are named as having nearly allowed the call. */
const MOST_NEAR_RULES = 2;

/** Why a call is decided as it is. Made on demand: nothing of it is on the path of a decision. */
export function explain(policy: CompiledPolicy, action: Action, tool: ToolSpec, facts: Facts): Explanation {
  const decision = evaluate(policy, action, tool, facts);
  const views = policy.index.of(tool).portions.map((portion) => new CallView(action, tool, facts, portion));
  const rules = views.flatMap((view) => {
    const { denies, layer, others } = view.portion;
    return [...denies, ...others].map((rule) => explainRule(rule, layer.id, view, decision));
  });
  const because = becauseOf(decision, rules);
  return { decision, because, rules, guards: views.flatMap(explainGuards), limits: views.flatMap(explainLimits) };
}

const WORDS = new Map<boolean | undefined, ExplainedRule["holds"]>([
  [true, "true"],
  [false, "false"],
  [undefined, "unknown"],
]);

function explainRule(rule: CompiledRule, policy: string, view: CallView, decision: Decision): ExplainedRule {
  const held = holds(rule, view);
  const failing = (rule.condition?.parts ?? []).flatMap((part) => {
    const partHeld = part.holds(view);
    if (partHeld === true) return [];
    return [partHeld === undefined ? `${part.source} (unknown)` : part.source];
  });
  return {
    policy,
    rule: rule.id,
    effect: rule.effect,
    holds: WORDS.get(held) ?? "unknown",
    failing: held === true ? [] : failing,
    decides: decision.rule === rule.id,
  };
}

function explainGuards(view: CallView): readonly ExplainedGuard[] {
  return view.portion.guarding.flatMap(({ guards, name }) =>
    guards.map((guard) => {
      const refusal = guard.check(view.action.input, view.facts.probes);
      return {
        policy: view.portion.layer.id,
        tool: name,
        guard: guard.name,
        refusal: refusal === undefined ? null : { code: refusal.code, message: refusal.message },
      };
    }),
  );
}

function explainLimits(view: CallView): readonly ExplainedLimit[] {
  return view.portion.limits.map((limit) => ({
    limit: limit.id,
    window: `${limit.window.lengthMs / 1000} s`,
    max: limit.max,
    used: usedOf(limit, view) ?? null,
    amount: amountOf(limit, view) ?? null,
  }));
}

/** What could not be told, and what the rules lack that would have allowed the call; null for a call that is allowed. */
function becauseOf({ effect }: Decision, rules: readonly ExplainedRule[]): string | null {
  if (effect === "allow") return null;
  const unknown = rules
    .filter((rule) => rule.decides && rule.holds === "unknown" && rule.failing.length > 0)
    .map(({ failing }) => `what it asks cannot be told: ${failing.join(", ")}`);
  const near = rules
    .filter((rule) => rule.effect === "allow" && rule.failing.length > 0)
    .slice(0, MOST_NEAR_RULES)
    .map(({ rule, failing }) => `rule "${rule}" would allow it, but not true is: ${failing.join(", ")}`);
  const found = [...unknown, ...near];
  return found.length === 0 ? null : found.join("; ");
}
