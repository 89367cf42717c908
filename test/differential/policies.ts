import * as fc from "fast-check";
import { type Effect, EFFECTS } from "../../core/model/effect.ts";
import type { Decision } from "../../core/model/decision.ts";
import type { Json } from "../../core/model/json.ts";
import type { Policy } from "../../core/model/policy.ts";
import { ask, load } from "./engine.ts";
import type { Call, Condition, Document, Entry, Rule } from "./language.ts";

/** A document of one layer that states every rule's condition or none, as text whose worth is known. */
export interface Sample extends Document {
  readonly tools: Readonly<Record<string, Entry>>;
  readonly rules: readonly Rule[];
}

export type Target = Pick<Call, "tool" | "aliases">;

/** A document as the two evaluators take it. An id says where a rule stood before it was moved; here it only has to be unique. */
export const numbered = (document: Sample): Sample => ({
  ...document,
  rules: document.rules.map((rule, index) => ({ ...rule, id: `r${index}` })),
});

export const loadSample = (document: Sample): Policy => load([numbered(document)]);

export const decide = (document: Sample, target: Target, input: Json): Decision =>
  ask(loadSample(document), { ...target, input });

/** Conditions by what they are worth over `INPUT`. */
const WORTH: Readonly<Record<string, boolean | undefined>> = {
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

const when = fc
  .constantFrom(...Object.entries(WORTH))
  .map(([text, worth]): Condition => ({ cel: worth === undefined ? { text } : { text, worth } }));

/** Every rule states its condition: one that states none and hides another would not load. */
const rule: fc.Arbitrary<Rule> = fc.record({ id: fc.constant("r"), action: patterns, when, effect });

export const deny: fc.Arbitrary<Rule> = fc.record({
  id: fc.constant("r"),
  action: patterns,
  when,
  effect: fc.constant("deny"),
});

export const target: fc.Arbitrary<Target> = fc.record({
  tool: fc.constantFrom(...NAMES),
  aliases: fc.uniqueArray(fc.constantFrom(...NAMES, "z"), { maxLength: 2 }),
});

/** Tools with disjoint names: shuffled names, cut into groups, the first of each group being the tool. */
export const tools = fc
  .record({
    names: fc.shuffledSubarray(NAMES),
    decisions: fc.array(fc.option(effect, { nil: undefined }), { minLength: 3, maxLength: 3 }),
  })
  .map(({ names, decisions }): Sample["tools"] => {
    const groups = [names.slice(0, 2), names.slice(2, 3), names.slice(3)];
    return Object.fromEntries(
      groups.flatMap(([name, ...aliases], index) => {
        const decision = decisions[index];
        return name === undefined ? [] : [[name, { aliases, ...(decision === undefined ? {} : { decision }) }]];
      }),
    );
  });

export const document: fc.Arbitrary<Sample> = fc.record(
  {
    default: fc.constantFrom<Exclude<Effect, "step_up">>("deny", "approve", "allow"),
    tools,
    rules: fc.array(rule, { maxLength: 7 }),
  },
  { requiredKeys: ["tools", "rules"] },
);
