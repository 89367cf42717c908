import type { Obligation } from "../../model/decision.ts";
import type { Effect, Mode } from "../../model/effect.ts";
import type { Json } from "../../model/json.ts";
import { allOf } from "../conditions/combine.ts";
import type { Condition } from "../conditions/condition.ts";
import { constraints } from "../conditions/constraints.ts";
import { when } from "../conditions/structured.ts";
import type { Place, Report } from "../issues.ts";
import { type Located, toJson } from "../located.ts";
import { type Block, block, flag, listOf, oneOf, type Reader, type Shape, text, type Values } from "../readers.ts";
import { compute, type ComputeForm } from "./compute.ts";
import { effect, saysCompute } from "./effects.ts";
import { action, identifier, type Pattern } from "./names.ts";
import { obligations } from "./obligations.ts";
import { requirements, type RequirementsForm, withRequirements } from "./requirements.ts";
import { proof, type ProofForm, stepUp, type StepUpForm, terms, type TermsForm } from "./terms.ts";

export interface RuleForm {
  readonly id: string;
  readonly action: readonly Pattern[];
  readonly when?: Condition;
  readonly constraints?: Condition;
  readonly requirements?: Values<RequirementsForm>;
  readonly effect: Effect;
  readonly compute?: ComputeForm;
  readonly obligations?: readonly Obligation[];
  readonly mode?: Mode;
  readonly overridable?: boolean;
  readonly reason?: string;
  readonly description?: string;
  readonly approval?: TermsForm;
  readonly step_up?: StepUpForm;
  readonly proof?: ProofForm;
}

/** One entry of `rules`, in file order. */
export interface RuleEntry extends Omit<RuleForm, "constraints" | "requirements"> {
  /** As written, for its digest. */
  readonly json: Json;
  readonly place: Place;
}

export const ruleShape: Shape<RuleForm> = {
  what: "a rule",
  keys: {
    id: identifier,
    action,
    when,
    constraints,
    requirements,
    effect: effect("`effect`", ["allow", "approve", "step_up", "deny"]),
    compute,
    obligations,
    mode: oneOf("`mode`", ["enforce", "observe"]),
    overridable: flag("`overridable`"),
    reason: text("`reason`", 1000),
    description: text("`description`", 1000),
    approval: terms,
    step_up: stepUp,
    proof,
  },
  required: ["id", "action", "effect"],
  later: ["limits", "money", "allowance", "priority"],
};

const readShape = block(ruleShape);

const readRule: Reader<RuleEntry> = (node, report) => {
  const rule = readShape(node, report);
  if (rule === undefined) return undefined;
  const { constraints: bounded, requirements: required, ...values } = rule.values;
  const meaning = values.effect === undefined ? undefined : withRequirements(values.effect, required);
  checkRule(rule, meaning, report);
  checkCompute(rule, node.kind === "map" ? node.members.get("effect")?.value : undefined, report);
  if (values.id === undefined || values.action === undefined || meaning === undefined) return undefined;
  const scheme = required?.credential_scheme;
  const conditions = [values.when, bounded].filter((condition) => condition !== undefined);
  return {
    ...values,
    id: values.id,
    action: values.action,
    effect: meaning,
    ...(conditions.length === 0 ? {} : { when: allOf(conditions) }),
    ...(scheme === undefined || values.step_up !== undefined ? {} : { step_up: { methods: [scheme] } }),
    json: toJson(node),
    place: rule.placeOf("id"),
  };
};

const list = listOf("`rules`", readRule);

/** Reads `rules`; refuses ids that stand twice. */
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
function checkRule(rule: Block<RuleForm>, meaning: Effect | undefined, report: Report): void {
  const { id, approval, obligations: duties, overridable, proof: ruleProof, requirements: required } = rule.values;
  if (id === "default" || id?.startsWith("tools.") === true || id?.startsWith("limits.") === true) {
    report("bad_name", rule.placeOf("id"), `the id \`${id}\` is kept for the policy's own answers`);
  }
  if (meaning === undefined) return;
  const misplaced = (key: keyof RuleForm, message: string): void => report("misplaced_key", rule.placeOf(key), message);
  if (rule.values.step_up !== undefined && meaning !== "step_up")
    misplaced("step_up", `\`step_up\` stands on a rule whose effect is ${meaning}`);
  if (rule.values.step_up !== undefined && required?.credential_scheme !== undefined)
    misplaced("requirements", "`credential_scheme` stands beside `step_up`; name the methods once");
  if (approval !== undefined && meaning !== "approve" && meaning !== "step_up")
    misplaced("approval", `\`approval\` stands on a rule whose effect is ${meaning}`);
  if (approval?.again !== undefined && meaning !== "approve")
    misplaced("approval", "`again` lifts a plain question, and never a step-up");
  if (overridable === true && meaning === "allow")
    misplaced("overridable", "an allow binds nobody, so there is nothing to override");
  if (meaning !== "deny") return;
  if (ruleProof !== undefined) misplaced("proof", "`proof` stands on a rule that permits nothing");
  if (duties !== undefined) misplaced("obligations", "`obligations` stand on a rule that permits nothing");
  if (required !== undefined) misplaced("requirements", "`requirements` stand on a rule that permits nothing");
}

function checkCompute(rule: Block<RuleForm>, word: Located | undefined, report: Report): void {
  const { compute: form, effect: stated } = rule.values;
  if (form !== undefined && stated === "deny")
    report("misplaced_key", rule.placeOf("compute"), "`compute` stands on a rule that permits nothing");
  if (saysCompute(word) && !rule.has("compute"))
    report("missing_key", rule.placeOf("effect"), "an effect that computes needs the key `compute`");
}
