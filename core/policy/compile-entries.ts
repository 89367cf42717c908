import { domainDigest } from "../digest.ts";
import type { Decision, Obligation } from "../model/decision.ts";
import type { Effect } from "../model/effect.ts";
import { answer, type Identity, VERBS } from "./answers.ts";
import type { Condition } from "./conditions/condition.ts";
import type { Guard } from "./guards/guard.ts";
import type { MoneyStatement } from "./guards/money.ts";
import type { ComputeForm } from "./language/compute.ts";
import type { Pattern } from "./language/names.ts";
import type { RuleEntry } from "./language/rules.ts";
import { approvalTerms } from "./language/terms.ts";
import type { ToolEntry } from "./language/tools.ts";
import { type LayerAnswer, spoken, unsure } from "./layer.ts";

/** A rule ready to decide: everything of its answers that does not depend on the call is made at load. */
export interface CompiledRule {
  readonly id: string;
  /** Position in the file. */
  readonly order: number;
  readonly patterns: readonly Pattern[];
  readonly effect: Effect;
  readonly overridable: boolean;
  /** Undefined: always true. */
  readonly condition: Condition | undefined;
  /** The condition's own question: one step less on the way to it. */
  readonly holds: Condition["holds"] | undefined;
  readonly compute: ComputeForm | undefined;
  readonly whenTrue: LayerAnswer;
  readonly whenUnknown: LayerAnswer;
}

/** A tool as a document's `tools` block describes it. */
export interface CompiledTool {
  readonly name: string;
  readonly names: readonly string[];
  /** Member names of the counterparty's path in the input. */
  readonly counterparty: readonly string[] | undefined;
  readonly money: MoneyStatement | undefined;
  readonly idempotent: boolean | undefined;
  /** Its answer where no rule has one. */
  readonly decision: LayerAnswer | undefined;
  readonly guards: readonly Guard[];
  /** What becomes of a call that a guard finds outside its lists. */
  readonly whenOutside: Decision;
  readonly whenForbidden: Decision;
}

/** Makes all of a rule's answers that do not depend on the call. */
export function compileRule(rule: RuleEntry, order: number, identity: Identity): CompiledRule {
  const shared = {
    effect: rule.effect,
    rule: rule.id,
    ruleDigest: domainDigest("leashkit/rule/1", rule.json),
    terms: approvalTerms(rule.effect, rule.approval, rule.step_up),
    ...permitParts(rule),
  };
  const because = rule.reason === undefined ? "" : `: ${rule.reason}`;
  const compiled = {
    id: rule.id,
    order,
    patterns: rule.action,
    effect: rule.effect,
    overridable: rule.overridable === true,
    condition: rule.when,
    holds: rule.when?.holds,
    compute: rule.compute,
  };
  const whenTrue = answer(identity, {
    ...shared,
    reasonCode: "rule",
    reason: rule.reason ?? `rule "${rule.id}" ${VERBS[rule.effect]}`,
  });
  const whenUnknown = answer(identity, {
    ...shared,
    reasonCode: "rule_unknown",
    reason: `rule "${rule.id}" could not be decided for this input and so ${VERBS[rule.effect]}${because}`,
  });
  const isDeny = rule.effect === "deny";
  return {
    ...compiled,
    whenTrue: spoken(whenTrue, rule.compute),
    // A deny that cannot be decided refuses; an ask that cannot be decided only raises.
    whenUnknown: isDeny ? spoken(whenUnknown, undefined) : unsure(whenUnknown),
  };
}

function permitParts({ obligations, proof }: Pick<RuleEntry, "obligations" | "proof">): {
  readonly obligations?: readonly Obligation[];
  readonly proofTtlMs?: number;
} {
  return {
    ...(obligations === undefined ? {} : { obligations }),
    ...(proof?.ttl === undefined ? {} : { proofTtlMs: proof.ttl }),
  };
}

/** The same for an entry of `tools`. */
export function compileTool(tool: ToolEntry, identity: Identity): CompiledTool {
  const shared = {
    rule: `tools.${tool.name}`,
    ruleDigest: domainDigest("leashkit/rule/1", { tool: tool.name, entry: tool.json }),
  };
  const decided = (effect: Effect): Decision =>
    answer(identity, {
      ...shared,
      effect,
      reasonCode: "tool_default",
      reason: `no rule decides; the policy's entry for ${tool.name} ${VERBS[effect]}`,
      terms: approvalTerms(effect, tool.approval, tool.step_up),
      ...permitParts(tool),
    });
  const guarded = (effect: Effect): Decision =>
    answer(identity, {
      ...shared,
      effect,
      reasonCode: "guard",
      reason: `a guard of the policy's entry for ${tool.name} ${VERBS[effect]}`,
      terms: approvalTerms(effect, tool.approval, tool.step_up),
    });
  return {
    name: tool.name,
    names: tool.names,
    counterparty: tool.counterparty,
    money: tool.money,
    idempotent: tool.idempotent,
    decision: tool.decision === undefined ? undefined : spoken(decided(tool.decision), undefined),
    guards: tool.guards,
    whenOutside: guarded(tool.otherwise ?? "deny"),
    whenForbidden: guarded("deny"),
  };
}
