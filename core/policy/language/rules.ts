import type { Effect } from "../../model/effect.ts";
import type { Json } from "../../model/json.ts";
import { type Condition, condition } from "../conditions/condition.ts";
import type { Place, Report } from "../issues.ts";
import { toJson } from "../located.ts";
import { type Block, block, listOf, type Reader, type Shape, text } from "../readers.ts";
import { effect } from "./effects.ts";
import { action, identifier, type Pattern } from "./names.ts";
import { proof, type ProofForm, stepUp, type StepUpForm, terms, type TermsForm } from "./terms.ts";

export interface RuleForm {
  readonly id: string;
  readonly action: readonly Pattern[];
  readonly when?: Condition;
  readonly effect: Effect;
  readonly reason?: string;
  readonly description?: string;
  readonly approval?: TermsForm;
  readonly step_up?: StepUpForm;
  readonly proof?: ProofForm;
}

/** One entry of `rules`, in file order. */
export interface RuleEntry extends RuleForm {
  /** As written, for its digest. */
  readonly json: Json;
  readonly place: Place;
}

export const ruleShape: Shape<RuleForm> = {
  what: "a rule",
  keys: {
    id: identifier,
    action,
    when: condition,
    effect: effect("`effect`", ["allow", "approve", "step_up", "deny"]),
    reason: text("`reason`", 1000),
    description: text("`description`", 1000),
    approval: terms,
    step_up: stepUp,
    proof,
  },
  required: ["id", "action", "effect"],
  later: ["compute", "obligations", "mode", "overridable", "constraints", "limits", "money", "allowance", "priority"],
};

const readRule: Reader<RuleEntry> = (node, report) => {
  const rule = block(ruleShape)(node, report);
  if (rule === undefined) return undefined;
  checkRule(rule, report);
  const { id, action: patterns, effect: ruleEffect } = rule.values;
  if (id === undefined || patterns === undefined || ruleEffect === undefined) return undefined;
  return { ...rule.values, id, action: patterns, effect: ruleEffect, json: toJson(node), place: rule.placeOf("id") };
};

const list = listOf("`rules`", readRule);

/** Reads `rules`; refuses ids that stand twice and allows that can never be reached. */
export const rules: Reader<readonly RuleEntry[]> = (node, report) => {
  const entries = list(node, report);
  const taken = new Set<string>();
  for (const { id, place } of entries ?? []) {
    if (taken.has(id)) report("duplicate", place, `the rule id \`${id}\` stands twice`);
    taken.add(id);
  }
  return entries;
};

/** Keys that would mean nothing beside the rule's effect: somebody expects them to work. */
function checkRule(rule: Block<RuleForm>, report: Report): void {
  const { id, approval, effect: ruleEffect, proof: ruleProof, step_up: methods } = rule.values;
  if (id === "default" || id?.startsWith("tools.") === true) {
    report("bad_name", rule.placeOf("id"), `the id \`${id}\` is kept for the policy's own answers`);
  }
  if (ruleEffect === undefined) return;
  if (methods !== undefined && ruleEffect !== "step_up") {
    report("misplaced_key", rule.placeOf("step_up"), `\`step_up\` stands on a rule whose effect is ${ruleEffect}`);
  }
  if (approval !== undefined && ruleEffect !== "approve" && ruleEffect !== "step_up") {
    report("misplaced_key", rule.placeOf("approval"), `\`approval\` stands on a rule whose effect is ${ruleEffect}`);
  }
  if (ruleProof !== undefined && ruleEffect === "deny") {
    report("misplaced_key", rule.placeOf("proof"), "`proof` stands on a rule that permits nothing");
  }
}
