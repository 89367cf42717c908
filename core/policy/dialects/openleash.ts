import type { Obligation } from "../../model/decision.ts";
import { type Effect, stricter } from "../../model/effect.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Condition } from "../conditions/condition.ts";
import { allOf } from "../conditions/combine.ts";
import type { Place, Report } from "../issues.ts";
import { describe, toJson } from "../located.ts";
import type { ReadDocument } from "../language/document.ts";
import { action, identifier, type Pattern } from "../language/names.ts";
import { requirements, type RequirementsForm, withRequirements } from "../language/requirements.ts";
import type { RuleEntry } from "../language/rules.ts";
import {
  type Block,
  block,
  flag,
  listOf,
  oneOf,
  type Reader,
  type Shape,
  text,
  type Values,
  wholeNumber,
} from "../readers.ts";
import { constraints } from "./openleash-constraints.ts";
import { when } from "./openleash-when.ts";

/** What an OpenLeash rule (version 1) may say. */
export interface OpenLeashRule {
  readonly id: string;
  readonly effect: "allow" | "deny";
  readonly action: readonly Pattern[];
  readonly description?: string;
  readonly when?: Condition;
  readonly constraints?: Condition;
  readonly requirements?: Values<RequirementsForm>;
  readonly obligations?: readonly OpenLeashObligation[];
  readonly proof?: Values<OpenLeashProof>;
}

interface OpenLeashObligation {
  readonly type: (typeof OBLIGATIONS)[number];
  readonly params: JsonObject;
}

interface OpenLeashProof {
  readonly required?: boolean;
  readonly ttl_seconds?: number;
}

interface OpenLeashDocument {
  readonly version: 1;
  readonly default: Effect | "passthrough";
  readonly rules: readonly RuleEntry[];
}

const OBLIGATIONS = ["HUMAN_APPROVAL", "STEP_UP_AUTH", "DEPOSIT", "COUNTERPARTY_ATTESTATION"] as const;

/** The effect that an obligation stands for there; the others stay duties that a handler must fulfil. */
const OBLIGATION_EFFECTS: ReadonlyMap<string, Effect> = new Map([
  ["HUMAN_APPROVAL", "approve"],
  ["STEP_UP_AUTH", "step_up"],
]);

/** As there: at most an hour. */
const LONGEST_PROOF_SECONDS = 3600;

const version: Reader<1> = (node, report) => {
  if (node.kind === "scalar" && node.value === 1) return 1;
  report("unsupported", node.place, "OpenLeash documents are read in `version: 1`");
  return undefined;
};

const DEFAULTS = ["allow", "deny", "passthrough", "require_approval"] as const;

const fallback: Reader<Effect | "passthrough"> = (node, report) => {
  const word = oneOf("`default`", DEFAULTS)(node, report);
  return word === "require_approval" ? "approve" : word;
};

const params: Reader<JsonObject> = (node, report) => {
  if (node.kind === "map") return toJson(node) as JsonObject;
  report("wrong_type", node.place, `\`params\` must be a block of keys, not ${describe(node)}`);
  return undefined;
};

/** A misspelt type would be an obligation that nobody knows, and there an unasked allow. */
const obligation: Reader<OpenLeashObligation> = (node, report) => {
  const shape: Shape<{ type: OpenLeashObligation["type"]; params?: JsonObject }> = {
    what: "an obligation",
    keys: { type: oneOf("`type`", OBLIGATIONS), params },
    required: ["type"],
  };
  const { type, params: stated = {} } = block(shape)(node, report)?.values ?? {};
  return type === undefined ? undefined : { type, params: stated };
};

const proofShape: Shape<OpenLeashProof> = {
  what: "`proof`",
  keys: {
    required: flag("`required`"),
    ttl_seconds: wholeNumber("`ttl_seconds`", 1),
  },
};

const ruleShape: Shape<OpenLeashRule> = {
  what: "an OpenLeash rule",
  keys: {
    id: identifier,
    effect: oneOf("`effect`", ["allow", "deny"]),
    action,
    description: text("`description`", 1000),
    when,
    constraints,
    requirements,
    obligations: listOf("`obligations`", obligation),
    proof: (node, report) => block(proofShape)(node, report)?.values,
  },
  required: ["id", "effect", "action"],
};

const readRule = block(ruleShape);

const rule: Reader<RuleEntry> = (node, report) => {
  const found = readRule(node, report);
  if (found === undefined) return undefined;
  const { id, action: patterns, effect } = found.values;
  if (id === undefined || patterns === undefined || effect === undefined) return undefined;
  return { ...meaningOf(found, effect), id, action: patterns, json: toJson(node), place: found.placeOf("id") };
};

/** Beside a deny they have no meaning there either. */
function meaningOf(
  { values }: Block<OpenLeashRule>,
  effect: "allow" | "deny",
): Omit<RuleEntry, "id" | "action" | "json" | "place"> {
  const conditions = [values.when, values.constraints].filter((one) => one !== undefined);
  const condition = conditions.length > 1 ? allOf(conditions) : conditions[0];
  const shared = {
    ...(condition === undefined ? {} : { when: condition }),
    ...(values.description === undefined ? {} : { description: values.description }),
  };
  if (effect === "deny") return { ...shared, effect };
  const duties = values.obligations ?? [];
  const asked = duties.reduce<Effect>(
    (all, { type }) => stricter(all, OBLIGATION_EFFECTS.get(type) ?? "allow"),
    "allow",
  );
  const left = duties.filter(({ type }) => !OBLIGATION_EFFECTS.has(type)).map(dutyOf);
  const scheme = values.requirements?.credential_scheme;
  const seconds = values.proof?.ttl_seconds;
  return {
    ...shared,
    effect: withRequirements(asked, values.requirements),
    ...(left.length === 0 ? {} : { obligations: left }),
    ...(scheme === undefined ? {} : { step_up: { methods: [scheme] } }),
    ...(seconds === undefined ? {} : { proof: { ttl: Math.min(seconds, LONGEST_PROOF_SECONDS) * 1000 } }),
  };
}

/** An attestation may come after the run; a deposit may not. */
function dutyOf({ type, params: stated }: OpenLeashObligation): Obligation {
  return { type, at: type === "COUNTERPARTY_ATTESTATION" ? "after" : "before", params: stated };
}

const documentShape: Shape<OpenLeashDocument> = {
  what: "an OpenLeash policy",
  keys: { version, default: fallback, rules: listOf("`rules`", rule) },
  required: ["version", "default", "rules"],
};

const read = block(documentShape);

/**
 * Reads an OpenLeash policy document (`version: 1`): rules in order, the first that holds answers. What is a silent pass there (a
 * misspelt obligation, a pattern that is none, a path that means another one, a value of the wrong type) does not load here, or
 * is unknown. The payload is the input; the relying party is the counterparty, whose trust stands in the policy and not in the call.
 */
export const openLeash: Reader<ReadDocument> = (node, report) => {
  const found = read(node, report);
  if (found === undefined) return undefined;
  const { default: effect, rules = [] } = found.values;
  reportRepeatedIds(rules, report);
  return { id: "openleash", combine: "first_match", rules, ...(effect === undefined ? {} : { default: effect }) };
};

function reportRepeatedIds(rules: readonly { readonly id: string; readonly place: Place }[], report: Report): void {
  const taken = new Set<string>();
  for (const { id, place } of rules) {
    if (taken.has(id)) report("duplicate", place, `the rule id \`${id}\` stands twice`);
    taken.add(id);
  }
}
