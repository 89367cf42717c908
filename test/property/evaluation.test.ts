import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { atLeast, type Effect, EFFECTS } from "../../core/model/effect.ts";
import type { Json, JsonObject } from "../../core/model/json.ts";
import { checkPolicy, loadPolicy } from "../../core/policy/index.ts";
import { ask } from "../differential/engine.ts";
import type { Rule } from "../differential/language.ts";
import { oracle } from "../differential/oracle.ts";
import {
  decide,
  deny,
  document,
  effect,
  INPUT,
  loadSample,
  numbered,
  patterns,
  target,
  tools,
} from "../differential/policies.ts";

describe("evaluation", () => {
  it("I6: agrees with a plain reading of the design on 1,000 random policies", () => {
    fc.assert(
      fc.property(document, target, (policy, tool) => {
        const { effect: decided, rule, reasonCode } = decide(policy, tool, INPUT);
        expect(oracle([numbered(policy)], { ...tool, input: INPUT })).toMatchObject({
          effect: decided,
          rule,
          reasonCode,
        });
      }),
      { numRuns: 1000 },
    );
  });

  it("reaches every effect and every reason in such policies", () => {
    const reached = new Set<string>();
    fc.assert(
      fc.property(document, target, (policy, tool) => {
        const { effect: decided, reasonCode } = decide(policy, tool, INPUT);
        reached.add(decided).add(reasonCode);
      }),
      { numRuns: 300 },
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
      { numRuns: 300 },
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
      { numRuns: 300 },
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
    const when = condition.map((text) => ({ cel: { text } }));
    const policy = fc.record({
      default: fc.constantFrom<Exclude<Effect, "step_up">>("deny", "approve", "allow"),
      tools,
      rules: fc.array(fc.record({ id: fc.constant("r"), action: patterns, when, effect }), { maxLength: 5 }),
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
    ].map((text, index) => ({ id: "r", action: "*", when: { cel: { text } }, effect: EFFECTS[index % 3] ?? "deny" }));
    const policy = loadSample({ tools: {}, rules });
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
        const first = ask(policy, { tool: "a", input });
        expect(EFFECTS).toContain(first.effect);
        expect(first.reasonCode).not.toBe("policy_error");
        expect(ask(policy, { tool: "a", input })).toEqual(first);
      }),
      { numRuns: 300 },
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
      { numRuns: 1000 },
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
      { numRuns: 1000 },
    );
  });
});
