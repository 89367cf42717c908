import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Decision } from "../../core/model/decision.ts";
import { atLeast, type Effect, EFFECTS } from "../../core/model/effect.ts";
import type { Json, JsonObject } from "../../core/model/json.ts";
import type { Policy } from "../../core/model/policy.ts";
import { sampleCall } from "../../core/policy/call.fixture.ts";
import { checkPolicy, loadPolicy } from "../../core/policy/index.ts";

/** A policy document as plain JSON, which is YAML. */
interface Document {
  readonly default?: Exclude<Effect, "step_up">;
  readonly tools: Readonly<Record<string, { readonly aliases: readonly string[]; readonly decision?: Effect }>>;
  readonly rules: readonly Rule[];
}

interface Rule {
  readonly action: readonly string[];
  readonly when?: string;
  readonly effect: Effect;
}

interface Target {
  readonly id: string;
  readonly aliases: readonly string[];
}

function load(document: Document): Policy {
  // An id says where a rule stood before it was moved; here it only has to be unique.
  const rules = document.rules.map((rule, index) => ({ id: `r${index}`, ...rule }));
  return loadPolicy(JSON.stringify({ leash: 1, ...document, rules }));
}

function ask(policy: Policy, target: Target, input: Json): Decision {
  const { action, tool, facts } = sampleCall(input, { tool: target });
  return policy.evaluate(action, tool, facts);
}

const decide = (document: Document, target: Target, input: Json): Decision => ask(load(document), target, input);

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

const INPUT = { n: 1, text: "x" };

const NAMES = ["a", "a.b", "a.b.c", "b", "b.c", "constructor"];

const effect = fc.constantFrom(...EFFECTS);
const pattern = fc.constantFrom("*", "a.*", "a.b.*", "b.*", "c.*", ...NAMES);
const patterns = fc.uniqueArray(pattern, { minLength: 1, maxLength: 3 });
const when = fc.constantFrom(...Object.keys(WORTH));

/** A deny always states its condition: one that states none and covers an allow would not load. */
const rule = fc.oneof(
  fc.record({ action: patterns, when, effect }),
  fc.record({ action: patterns, effect: fc.constantFrom<Effect>("allow", "approve", "step_up") }),
);

const deny = fc.record({ action: patterns, when, effect: fc.constant<Effect>("deny") });

const target = fc.record({
  id: fc.constantFrom(...NAMES),
  aliases: fc.uniqueArray(fc.constantFrom(...NAMES, "z"), { maxLength: 2 }),
});

/** Tools with disjoint names: shuffled names, cut into groups, the first of each group being the tool. */
const tools = fc
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

const document: fc.Arbitrary<Document> = fc.record(
  {
    default: fc.constantFrom<Exclude<Effect, "step_up">>("deny", "approve", "allow"),
    tools,
    rules: fc.array(rule, { maxLength: 7 }),
  },
  { requiredKeys: ["tools", "rules"] },
);

/**
 * The order of section 6 of the design once more, as slowly and plainly as possible and without a line of the real thing:
 * every rule is looked at for every call, effects are numbers, unknown is undefined.
 */
function oracle({ default: fallback = "deny", tools: entries, rules }: Document, { id, aliases }: Target): Effect {
  const rank = (of: Effect): number => ["allow", "approve", "step_up", "deny"].indexOf(of);
  const groups = Object.entries(entries).map(([name, entry]) => [name, ...entry.aliases]);
  const family = (name: string): readonly string[] => groups.find((group) => group.includes(name)) ?? [name];
  const meets = (written: string, name: string): boolean => {
    if (written === "*" || written === name) return true;
    return written.endsWith(".*") && name.startsWith(written.slice(0, -1)) && name.length >= written.length;
  };
  const speaksOf = (one: Rule, names: readonly string[]): boolean =>
    one.action.some((written) => names.some((name) => meets(written, name)));
  const worth = (one: Rule): boolean | undefined => (one.when === undefined ? true : WORTH[one.when]);

  const every = [id, ...aliases].flatMap(family);
  for (const one of rules) {
    if (one.effect === "deny" && speaksOf(one, every) && worth(one) !== false) return "deny";
  }
  let strictest = 0;
  let found: Effect | undefined;
  for (const one of rules) {
    if (one.effect === "deny" || !speaksOf(one, family(id))) continue;
    if (worth(one) === true) {
      found = one.effect;
      break;
    }
    if (worth(one) === undefined && one.effect !== "allow") strictest = Math.max(strictest, rank(one.effect));
  }
  const own = Object.entries(entries).find(([name]) => family(name).includes(id))?.[1].decision;
  strictest = Math.max(strictest, rank(found ?? own ?? fallback));
  return EFFECTS[strictest] ?? "deny";
}

describe("evaluation", () => {
  it("I6: agrees with a plain reading of the design on 2,000 random policies", () => {
    fc.assert(
      fc.property(document, target, (policy, tool) => {
        expect(decide(policy, tool, INPUT).effect).toBe(oracle(policy, tool));
      }),
      { numRuns: 2000 },
    );
  });

  it("reaches every effect and every reason in such policies", () => {
    const reached = new Set<string>();
    fc.assert(
      fc.property(document, target, (policy, tool) => {
        const { effect: decided, reasonCode } = decide(policy, tool, INPUT);
        reached.add(decided).add(reasonCode);
      }),
      { numRuns: 500 },
    );
    expect([...reached].sort()).toEqual([...EFFECTS, "default", "rule", "rule_unknown", "tool_default"].sort());
  });

  it("A-P5: adding a deny anywhere leaves the effect as it was or denies", () => {
    fc.assert(
      fc.property(document, target, deny, fc.nat(7), (policy, tool, added, at) => {
        const rules = policy.rules.toSpliced(at, 0, added);
        const [before, after] = [decide(policy, tool, INPUT).effect, decide({ ...policy, rules }, tool, INPUT).effect];
        expect([before, "deny"]).toContain(after);
      }),
      { numRuns: 500 },
    );
  });

  it("A-P5: the order of the denies, among themselves and among the others, never changes the effect", () => {
    const shuffled = document.chain((policy) =>
      fc.record({
        policy: fc.constant(policy),
        places: fc.array(fc.nat(7), { minLength: policy.rules.length, maxLength: policy.rules.length }),
      }),
    );
    fc.assert(
      fc.property(shuffled, target, ({ policy, places }, tool) => {
        const moved = policy.rules.filter(({ effect: of }) => of !== "deny");
        const denies = policy.rules.filter(({ effect: of }) => of === "deny");
        for (const [index, one] of denies.entries()) moved.splice(places[index] ?? 0, 0, one);
        expect(decide({ ...policy, rules: moved }, tool, INPUT).effect).toBe(decide(policy, tool, INPUT).effect);
      }),
      { numRuns: 500 },
    );
  });

  /**
   * Without a question whether a member is there (`has`, `in` over a map), a condition that loses a member stays what it was or
   * becomes unknown. Unknown denies fire, unknown asks count, unknown allows do not: so leaving something out never helps.
   */
  it("I6: leaving an argument out never lowers the effect, for conditions that do not ask whether it is there", () => {
    const atom = fc.oneof(
      fc.tuple(fc.constantFrom("a", "b", "c"), fc.constantFrom("==", "!=", "<", ">="), fc.integer({ min: 0, max: 3 })),
      fc.tuple(fc.constantFrom("a", "b", "c"), fc.constant("in"), fc.constantFrom("[1, 2]", "[0, 3]")),
    );
    const { condition } = fc.letrec<{ condition: string }>((tie) => ({
      condition: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        atom.map(([member, operator, value]) => `input.${member} ${operator} ${value}`),
        tie("condition").map((inner) => `!(${inner})`),
        fc
          .tuple(tie("condition"), fc.constantFrom("&&", "||"), tie("condition"))
          .map((parts) => `(${parts.join(" ")})`),
        fc.tuple(tie("condition"), tie("condition"), tie("condition")).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
      ),
    }));
    const policy = fc.record({
      default: fc.constantFrom<Exclude<Effect, "step_up">>("deny", "approve", "allow"),
      tools,
      rules: fc.array(fc.record({ action: patterns, when: condition, effect }), { maxLength: 5 }),
    });
    const value = fc.integer({ min: 0, max: 3 });
    fc.assert(
      fc.property(
        policy,
        target,
        fc.record({ a: value, b: value, c: value }),
        fc.subarray(["a", "b", "c"]),
        (drawn, tool, input, kept) => {
          const less = Object.fromEntries(Object.entries(input).filter(([member]) => kept.includes(member)));
          const [before, after] = [decide(drawn, tool, input).effect, decide(drawn, tool, less).effect];
          expect(atLeast(after, before), `${before} became ${after}`).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("I4: decides every JSON input without throwing, and twice the same", () => {
    const rules: readonly Rule[] = [
      "input.a.b.c == 1",
      "input.a[0] < 5",
      "has(input.a.b) && input.a.b > 1.5",
      "input.a.all(x, x.b != 'y')",
      "'a' in input || input.exists(k, k == 'b')",
      "input.a.matches('^x+$') || size(input.b) > 2",
      "int(input.a) + double(input.b) > 1.0",
      "max(input.a, input.b) == input[input.c]",
      "string(input.a) == input.b && timestamp(input.c) < now",
    ].map((text, index) => ({ action: ["*"], when: text, effect: EFFECTS[index % 3] ?? "deny" }));
    const policy = load({ tools: {}, rules });
    const key = fc.constantFrom("a", "b", "c", "__proto__", "constructor", "toString", "");
    const { json } = fc.letrec<{ json: Json }>((tie) => ({
      json: fc.oneof(
        { maxDepth: 4 },
        fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json),
        fc.array(tie("json"), { maxLength: 4 }),
        fc
          .array(fc.tuple(key, tie("json")), { maxLength: 4 })
          .map((members): JsonObject => Object.fromEntries(members)),
      ),
    }));
    fc.assert(
      fc.property(json, (input) => {
        const first = ask(policy, { id: "a", aliases: [] }, input);
        expect(EFFECTS).toContain(first.effect);
        expect(first.reasonCode).not.toBe("policy_error");
        expect(ask(policy, { id: "a", aliases: [] }, input)).toEqual(first);
      }),
      { numRuns: 500 },
    );
  });
});

describe("loading", () => {
  it("I11: answers every text with issues or with a policy, and never with a crash", () => {
    const word = fc.constantFrom(
      ..."leash: 1|rules:|tools:|- |  |\n|{|}|[|]|&a|*a|!t|<<: |\"|'|#|? |: |---\n|id: a|effect: deny|action: '*'|\t|when: |0".split(
        "|",
      ),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.array(word, { maxLength: 40 }).map((words) => words.join("")),
        ),
        (text) => {
          const issues = checkPolicy(text);
          if (issues.length === 0) expect(loadPolicy(text).id).toBeTypeOf("string");
          else expect(() => loadPolicy(text)).toThrow(expect.objectContaining({ code: "LEASH_POLICY_INVALID" }));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("I11: answers every text of a condition with issues or with a policy", () => {
    const piece = fc.constantFrom(
      ..."input|.a|[|]|(|)|==|<|&&|||!|?|:|'x'|1|1.5|0u|true|null|.all(x, |x|in|size|matches('|{|}|,|\"|\\|now|-|@|`".split(
        "|",
      ),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(" ")),
        ),
        (text) => {
          const rules = [{ id: "r", action: "*", when: text, effect: "allow" }];
          const issues = checkPolicy(JSON.stringify({ leash: 1, rules }));
          for (const { code } of issues) expect(["bad_condition", "yaml_text", "yaml_syntax"]).toContain(code);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
