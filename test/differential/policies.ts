import * as fc from "fast-check";
import type { Decision } from "../../core/model/decision.ts";
import { type Effect, EFFECTS } from "../../core/model/effect.ts";
import type { Json } from "../../core/model/json.ts";
import type { Policy } from "../../core/model/policy.ts";
import { sampleCall } from "../../core/policy/call.fixture.ts";
import { loadPolicy } from "../../core/policy/index.ts";

/** A policy document as plain JSON, which is YAML. */
export interface Document {
  readonly default?: Exclude<Effect, "step_up">;
  readonly tools: Readonly<Record<string, { readonly aliases: readonly string[]; readonly decision?: Effect }>>;
  readonly rules: readonly Rule[];
}

export interface Rule {
  readonly action: readonly string[];
  readonly when?: string;
  readonly effect: Effect;
}

export interface Target {
  readonly id: string;
  readonly aliases: readonly string[];
}

export function load(document: Document): Policy {
  // An id says where a rule stood before it was moved; here it only has to be unique.
  const rules = document.rules.map((rule, index) => ({ id: `r${index}`, ...rule }));
  return loadPolicy(JSON.stringify({ leash: 1, ...document, rules }));
}

export function ask(policy: Policy, target: Target, input: Json): Decision {
  const { action, tool, facts } = sampleCall(input, { tool: target });
  return policy.evaluate(action, tool, facts);
}

export const decide = (document: Document, target: Target, input: Json): Decision => ask(load(document), target, input);

/** Conditions by what they are worth over `INPUT`. */
export const WORTH: Readonly<Record<string, boolean | undefined>> = {
  true: true,
  "input.n == 1": true,
  "input.missing == 1 || input.n == 1": true,
  false: false,
  "input.n > 1": false,
  "input.missing == 1 && input.n > 1": false,
  "input.missing == 1": undefined,
  "input.text < 5": undefined,
  "input.n": undefined,
  "!(input.missing in [1])": undefined,
};

export const INPUT = { n: 1, text: "x" };

const NAMES = ["a", "a.b", "a.b.c", "b", "b.c", "constructor"];

export const effect = fc.constantFrom(...EFFECTS);
const pattern = fc.constantFrom("*", "a.*", "a.b.*", "b.*", "c.*", ...NAMES);
export const patterns = fc.uniqueArray(pattern, { minLength: 1, maxLength: 3 });
const when = fc.constantFrom(...Object.keys(WORTH));

/** A deny always states its condition: one that states none and covers an allow would not load. */
const rule = fc.oneof(
  fc.record({ action: patterns, when, effect }),
  fc.record({ action: patterns, effect: fc.constantFrom<Effect>("allow", "approve", "step_up") }),
);

export const deny = fc.record({ action: patterns, when, effect: fc.constant<Effect>("deny") });

export const target = fc.record({
  id: fc.constantFrom(...NAMES),
  aliases: fc.uniqueArray(fc.constantFrom(...NAMES, "z"), { maxLength: 2 }),
});

/** Tools with disjoint names: shuffled names, cut into groups, the first of each group being the tool. */
export const tools = fc
  .record({
    names: fc.shuffledSubarray(NAMES),
    decisions: fc.array(fc.option(effect, { nil: undefined }), { minLength: 3, maxLength: 3 }),
  })
  .map(({ names, decisions }): Document["tools"] => {
    const groups = [names.slice(0, 2), names.slice(2, 3), names.slice(3)];
    return Object.fromEntries(
      groups.flatMap(([name, ...aliases], index) => {
        const decision = decisions[index];
        return name === undefined ? [] : [[name, { aliases, ...(decision === undefined ? {} : { decision }) }]];
      }),
    );
  });

export const document: fc.Arbitrary<Document> = fc.record(
  {
    default: fc.constantFrom<Exclude<Effect, "step_up">>("deny", "approve", "allow"),
    tools,
    rules: fc.array(rule, { maxLength: 7 }),
  },
  { requiredKeys: ["tools", "rules"] },
);
