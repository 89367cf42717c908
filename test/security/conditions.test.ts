import { describe, expect, it } from "vitest";
import type { Json } from "../../core/model/json.ts";
import { answer, sampleCall } from "../../core/policy/call.fixture.ts";
import { checkPolicy, loadPolicy } from "../../core/policy/index.ts";

/** A rule with a condition, and the answer for an input: the effect, the rule and why. */
function decide(effect: string, when: string, input: Json): string {
  return answer(`rules: [{ id: r, action: '*', when: ${JSON.stringify(when)}, effect: ${effect} }]`, input);
}

const TRUE = (effect: string): string => `${effect} r rule`;
const NOTHING = "deny default default";
const UNKNOWN = "deny r rule_unknown";

/** Input as it comes off the wire: `JSON.parse` makes `__proto__` a member. */
const parsed = (text: string): Json => JSON.parse(text) as Json;

describe("names that JavaScript knows", () => {
  const names = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf", "length"];

  it.each(names)("A-A10: %s is a member like any other, and no member where the input has none", (name) => {
    for (const holder of ["input", "input.inner"]) {
      const path = `${holder}[${JSON.stringify(name)}]`;
      const wrap = (text: string): Json => parsed(holder === "input" ? text : `{"inner": ${text}}`);
      expect(decide("deny", `${path} == 1`, wrap("{}"))).toBe(UNKNOWN);
      expect(decide("deny", `${path} != 1`, wrap("{}"))).toBe(UNKNOWN);
      expect(decide("deny", `has(${holder}.${name})`, wrap("{}"))).toBe(NOTHING);
      expect(decide("deny", `${JSON.stringify(name)} in ${holder}`, wrap("{}"))).toBe(NOTHING);
      expect(decide("allow", `${path} == 1`, wrap(`{"${name}": 1}`))).toBe(TRUE("allow"));
      expect(decide("allow", `has(${holder}.${name})`, wrap(`{"${name}": null}`))).toBe(TRUE("allow"));
      expect(decide("allow", `${JSON.stringify(name)} in ${holder}`, wrap(`{"${name}": 1}`))).toBe(TRUE("allow"));
      expect(decide("allow", `${holder}.exists(k, k == ${JSON.stringify(name)})`, wrap(`{"${name}": 1}`))).toBe(
        TRUE("allow"),
      );
    }
    expect(decide("deny", `input.list.${name} == 0`, { list: [] })).toBe(UNKNOWN);
    expect(decide("deny", `input.text.${name} == 0`, { text: "" })).toBe(UNKNOWN);
  });

  it("A-A10: what somebody adds to Object.prototype is in no input, and a decision adds nothing", () => {
    const before = Reflect.ownKeys(Object.prototype).length;
    Reflect.set(Object.prototype, "approved", true);
    try {
      for (const when of [
        "input.approved == true",
        "input.approved",
        "input.a.approved == true",
        "input['approved']",
      ]) {
        expect(decide("allow", when, { a: {} }), when).toBe(NOTHING);
      }
      expect(decide("allow", "has(input.approved) || 'approved' in input", {})).toBe(NOTHING);
      expect(decide("allow", "input.a.exists(x, x.approved)", { a: [{}] })).toBe(NOTHING);
    } finally {
      Reflect.deleteProperty(Object.prototype, "approved");
    }
    decide("deny", "input.x == {}", parsed('{"x": {"__proto__": {"polluted": true}}}'));
    expect(Reflect.ownKeys(Object.prototype)).toHaveLength(before);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });
});

describe("numbers at their edges", () => {
  it.each<readonly [when: string, text: string, holds: boolean | "unknown"]>([
    ["input.a == 10", '{"a": 10}', true],
    ["input.a == 10", '{"a": "10"}', false],
    ["input.a == 10", '{"a": 10.0}', true],
    ["input.a != 10", '{"a": "10"}', true],
    ["input.a < 11", '{"a": "10"}', "unknown"],
    ["input.a < 11", '{"a": [10]}', "unknown"],
    ["input.a < 11", '{"a": null}', "unknown"],
    ["input.a < 11", '{"a": true}', "unknown"],
    ["input.a == 0", '{"a": -0}', true],
    ["input.a < 0", '{"a": -0}', false],
    ["input.a in [0]", '{"a": -0.0}', true],
    ["input.a == 0", '{"a": 1e-400}', true],
    ["input.a > 0", '{"a": 5e-324}', true],
    ["input.a == 9007199254740991", '{"a": 9007199254740991}', true],
    ["input.a == 9007199254740992", '{"a": 9007199254740992}', true],
    ["input.a == 9007199254740993", '{"a": 9007199254740992}', false],
    ["input.a > 9007199254740991", '{"a": 9007199254740992}', true],
    ["input.a > 5000", '{"a": 1e400}', true],
    ["input.a < 5000", '{"a": 1e400}', false],
    ["input.a == input.b", '{"a": 1, "b": 1.0}', true],
    ["input.a == input.b", '{"a": 1, "b": "1"}', false],
    ["input.a == input.b", '{"a": [1, {"x": -0}], "b": [1.0, {"x": 0}]}', true],
  ])("A-A12: %s over %s is %s", (when, text, holds) => {
    const expected = holds === "unknown" ? UNKNOWN : holds ? TRUE("deny") : NOTHING;
    expect(decide("deny", when, parsed(text))).toBe(expected);
    expect(decide("allow", when, parsed(text))).toBe(holds === true ? TRUE("allow") : NOTHING);
  });

  it("A-A12: no number that is none makes a comparison true", () => {
    for (const a of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(decide("allow", "input.a <= 5000 || input.a == 5000", { a })).toBe(NOTHING);
    }
  });
});

/** The truth tables of three-valued logic (Kleene, 1938), written out; u is unknown. */
const TABLES = {
  and: ["ttt", "tff", "tuu", "ftf", "fff", "fuf", "utu", "uff", "uuu"],
  or: ["ttt", "tft", "tut", "ftt", "fff", "fuu", "utt", "ufu", "uuu"],
} as const;

describe("what is missing", () => {
  const operand = { t: "input.yes", f: "input.no", u: "input.missing == 1" } as const;
  type Letter = keyof typeof operand;
  const letters = (row: string): readonly Letter[] => row.split("").filter((each): each is Letter => each in operand);
  const answers = { t: TRUE("deny"), f: NOTHING, u: UNKNOWN } as const;
  const input = { yes: true, no: false };

  it.each([
    ["&&", TABLES.and],
    ["||", TABLES.or],
  ] as const)("A-A16: %s follows its truth table", (sign, rows) => {
    for (const row of rows) {
      const [a = "u", b = "u", result = "u"] = letters(row);
      expect(decide("deny", `${operand[a]} ${sign} ${operand[b]}`, input), row).toBe(answers[result]);
      expect(decide("deny", `!(${operand[a]} ${sign} ${operand[b]})`, input), row).toBe(
        answers[({ t: "f", f: "t", u: "u" } as const)[result]],
      );
      // The same where the library decides one operand.
      const odd = `(${operand[b]}) && (1 + 1 == 2)`;
      expect(decide("deny", `${operand[a]} ${sign} (${odd})`, input), row).toBe(answers[result]);
    }
  });

  it.each(["!=", "in", "not in"])(
    "A-A16: a missing member under %s matches no allow and fires every deny",
    (operator) => {
      const when = { "!=": "input.a != 'x'", in: "input.a in ['x']", "not in": "!(input.a in ['x'])" }[operator] ?? "";
      expect(decide("allow", when, {})).toBe(NOTHING);
      expect(decide("deny", when, {})).toBe(UNKNOWN);
      expect(decide("allow", `has(input.a) && ${when}`, {})).toBe(NOTHING);
      expect(decide("deny", `has(input.a) && ${when}`, {})).toBe(NOTHING);
    },
  );

  it("A-A16: has() asks for a member, and a list or a text in the member's place is unknown", () => {
    expect(decide("deny", "has(input.options.force)", { options: {} })).toBe(NOTHING);
    for (const options of [["force"], "force", 1, null]) {
      expect(decide("deny", "has(input.options.force)", { options })).toBe(UNKNOWN);
    }
    expect(decide("deny", "has(input.options.force)", {})).toBe(UNKNOWN);
  });
});

/** Milliseconds, the best of three: the machine may be busy with something else. */
function fastest(work: () => unknown): number {
  return Math.min(
    ...[1, 2, 3].map(() => {
      const started = performance.now();
      work();
      return performance.now() - started;
    }),
  );
}

describe("regular expressions", () => {
  it.each(["^(a+)+$", "(a|a)*$", "^(a|aa)+$", "^(a|a)*$", "^(([a-z])+.)+[A-Z]([a-z])+$", "(.*)*x"])(
    "A-A14: B-H13: %s takes no longer on a text made to hurt",
    (pattern) => {
      const when = JSON.stringify(`input.a.matches(${JSON.stringify(pattern)})`);
      const policy = loadPolicy(`leash: 1\nrules: [{ id: r, action: '*', when: ${when}, effect: deny }]`);
      for (const a of [`${"a".repeat(50_000)}!`, "a".repeat(28), "a".repeat(60_000)]) {
        const { action, tool, facts } = sampleCall({ a });
        expect(fastest(() => policy.evaluate(action, tool, facts))).toBeLessThan(200);
      }
    },
  );

  it("A-A14: searching for a text takes no longer on texts made to hurt", () => {
    const half = "a".repeat(50_000);
    const part = `${half}b${half}`;
    const search = (): void => {
      expect(decide("deny", "input.a.contains(input.b)", { a: "a".repeat(300_000), b: part })).toBe(NOTHING);
      expect(decide("allow", "input.a.contains(input.b)", { a: `x${part}`, b: part })).toBe(TRUE("allow"));
    };
    expect(fastest(search)).toBeLessThan(500);
  });

  it("A-A14: loops over long texts and lists end early, and then nothing is known", () => {
    const many = Array.from({ length: 300 }, (_, index) => index);
    const started = performance.now();
    const text = "a".repeat(60_000);
    const input = { many, text, long: Array.from({ length: 9000 }, (_, index) => -index - 1) };
    for (const test of ["input.text.matches('(x+x+)+y')", "input.text.contains('b')", "x in input.long"]) {
      const when = `input.many.exists(x, input.many.exists(y, ${test}))`;
      expect(decide("deny", when, input)).toBe(UNKNOWN);
      expect(decide("allow", when, input)).toBe(NOTHING);
    }
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it.each(["(", "[a", "a**", "(?=a)b", "(a)\\1", "*"])("B-H15: %s in a deny rule does not load", (pattern) => {
    const when = `input.a.matches(${JSON.stringify(pattern)})`;
    const text = `leash: 1\nrules: [{ id: r, action: '*', when: ${JSON.stringify(when)}, effect: deny }]`;
    expect(checkPolicy(text).map(({ code }) => code)).toEqual(["bad_condition"]);
  });

  it("B-H15: a pattern that the call brings along does not load", () => {
    const text = "leash: 1\nrules: [{ id: r, action: '*', when: input.a.matches(input.b), effect: deny }]";
    expect(checkPolicy(text).map(({ code }) => code)).toEqual(["bad_condition"]);
  });
});

describe("types and spellings", () => {
  const amounts = `rules:
    - { id: large, action: purchase, when: input.amount_minor >= 50001, effect: approve }
    - { id: rest, action: purchase, effect: allow }`;

  it.each<readonly [amount: Json | undefined, expected: string]>([
    [50_000, "allow rest rule"],
    [50_001, "approve large rule"],
    [900_000.5, "approve large rule"],
    ["900000", "approve large rule_unknown"],
    [["900000"], "approve large rule_unknown"],
    [[900_000], "approve large rule_unknown"],
    [{ value: 900_000 }, "approve large rule_unknown"],
    [true, "approve large rule_unknown"],
    [null, "approve large rule_unknown"],
    [undefined, "approve large rule_unknown"],
  ])("B-H16: an amount of %j asks a person or is small", (amount, expected) => {
    expect(answer(amounts, amount === undefined ? {} : { amount_minor: amount })).toBe(expected);
  });

  it("B-H16: a deny by amount fires on texts, lists, nothing and a missing amount", () => {
    for (const amount of ["900000", "1", ["900000"], [900_000], {}, null]) {
      expect(decide("deny", "input.amount_minor >= 50001", { amount_minor: amount })).toBe(UNKNOWN);
    }
    expect(decide("deny", "input.amount_minor >= 50001", {})).toBe(UNKNOWN);
  });

  it("B-H16: a word in another case or type is another word, so what is allowed is listed", () => {
    for (const method of ["GET", "HEAD"]) {
      expect(decide("allow", "input.method in ['GET', 'HEAD']", { method })).toBe(TRUE("allow"));
    }
    for (const method of ["get", "Get", "GET ", "G\u0415T", "GET\u200b", ["GET"], { GET: 1 }, null, 1]) {
      expect(decide("allow", "input.method in ['GET', 'HEAD']", { method }), JSON.stringify(method)).toBe(NOTHING);
      expect(decide("allow", "input.method.matches('^(GET|HEAD)$')", { method }), JSON.stringify(method)).toBe(NOTHING);
    }
    expect(decide("allow", "input.method in ['GET', 'HEAD']", {})).toBe(NOTHING);
  });

  it("B-H16: domains are compared by the counterparty, in any case and with a trailing dot", () => {
    const policy = `tools: { purchase: { counterparty: input.domain } }
rules:
  - { id: no, action: purchase, when: counterparty.id == 'evil.com', effect: deny }
  - { id: rest, action: purchase, effect: allow }`;
    for (const domain of ["evil.com", "EVIL.com", "evil.com."]) {
      expect(answer(policy, { domain }), domain).toBe("deny no rule");
    }
    for (const domain of [["evil.com"], "", null, { domain: "evil.com" }]) {
      expect(answer(policy, { domain }), JSON.stringify(domain)).toBe("deny no rule_unknown");
    }
    expect(answer(policy, { domain: "good.com" })).toBe("allow rest rule");
  });
});
