import { describe, expect, it } from "vitest";
import type { Json } from "../../model/json.ts";
import { type Circumstances, sampleCall } from "../call.fixture.ts";
import { checkPolicy, loadPolicy } from "../load.ts";

function answer(rules: string, input: Json = {}, different: Circumstances = {}, fallback = "deny"): string {
  const { action, tool, facts } = sampleCall(input, different);
  const policy = loadPolicy(`version: 1\ndefault: ${fallback}\nrules:\n${rules}`);
  const { effect, rule, reasonCode } = policy.evaluate(action, tool, facts);
  return `${effect} ${rule} ${reasonCode}`;
}

const match = (path: string, op: string, value?: string): string =>
  `  - { id: r, effect: allow, action: "*", when: { match: { path: "${path}", op: ${op}${value === undefined ? "" : `, value: ${value}`} } } }`;

const codesOf = (rules: string): readonly string[] =>
  checkPolicy(`version: 1\ndefault: deny\nrules:\n${rules}`).map(({ code }) => code);

describe("an OpenLeash document", () => {
  it("answers by the first rule that holds, a deny in its place", () => {
    const rules = `  - { id: known, effect: allow, action: communication.*, constraints: { allowed_domains: [gmail.com] } }
  - { id: others, effect: deny, action: communication.* }`;
    const mail = { tool: { id: "communication.send" } };
    expect(answer(rules, { domain: "gmail.com" }, mail)).toBe("allow known rule");
    expect(answer(rules, { domain: "evil.com" }, mail)).toBe("deny others rule");
  });

  it("answers by the first rule also where none has a condition", () => {
    const rules = ["allow", "deny"].map((effect) => `  - { id: ${effect}s, effect: ${effect}, action: purchase }`);
    expect(answer(rules.join("\n"))).toBe("allow allows rule");
    expect(answer(rules.toReversed().join("\n"))).toBe("deny denys rule");
  });

  it.each([
    ["HUMAN_APPROVAL", "approve"],
    ["STEP_UP_AUTH", "step_up"],
  ])("asks by the obligation %s", (type, effect) => {
    expect(answer(`  - { id: r, effect: allow, action: purchase, obligations: [{ type: ${type} }] }`)).toBe(
      `${effect} r rule`,
    );
  });

  it("leaves a deposit and an attestation to a handler", () => {
    const policy = loadPolicy(`version: 1
default: deny
rules: [{ id: r, effect: allow, action: purchase, obligations: [{ type: DEPOSIT, params: { share: 10 } }, { type: COUNTERPARTY_ATTESTATION }] }]`);
    const { action, tool, facts } = sampleCall();
    expect(policy.evaluate(action, tool, facts).obligations).toEqual([
      { type: "DEPOSIT", at: "before", params: { share: 10 } },
      { type: "COUNTERPARTY_ATTESTATION", at: "after", params: {} },
    ]);
    expect(policy.requires?.obligations).toEqual(["COUNTERPARTY_ATTESTATION", "DEPOSIT"]);
  });

  it("B-H17: raises by a required assurance, and never lowers by what a call says of itself", () => {
    const rule = "  - { id: r, effect: allow, action: purchase, requirements: { min_assurance_level: SUBSTANTIAL } }";
    for (const level of ["HIGH", "constructor", "__proto__", "toString"])
      expect(answer(rule, { assurance_level: level })).toBe("step_up r rule");
    expect(answer(rule.replace("SUBSTANTIAL", "LOW"))).toBe("allow r rule");
  });

  it.each([
    ["$.payload.n", "eq", "1", { n: 1 }, "allow"],
    ["$.payload.n", "eq", '"1"', { n: 1 }, "deny"],
    ["$.payload.n", "neq", "1", { n: 2 }, "allow"],
    ["$.payload.n", "in", "[1, 2]", { n: 2 }, "allow"],
    ["$.payload.n", "nin", "[1, 2]", { n: 3 }, "allow"],
    ["$.payload.n", "lt", "5", { n: 4.5 }, "allow"],
    ["$.payload.n", "gte", "5", { n: "9" }, "deny"],
    ["$.payload.s", "regex", '"^a+$"', { s: "aaa" }, "allow"],
    ["$.payload.s", "exists", undefined, { s: 0 }, "allow"],
    ["$.payload.s", "exists", undefined, { s: null }, "deny"],
    ["$.payload.items[1].sku", "eq", "b", { items: [{ sku: "a" }, { sku: "b" }] }, "allow"],
    ["$.payload.items[2].sku", "eq", "b", { items: [{ sku: "a" }, { sku: "b" }] }, "deny"],
    ["$.action_type", "eq", "purchase", {}, "allow"],
    ["$.principal.agent_id", "eq", "shopper", {}, "allow"],
    ["$.subject.principal_id", "eq", "ada", {}, "allow"],
  ] as const)("B-H15: %s %s %s", (path, op, value, input, effect) => {
    expect(answer(match(path, op, value), input)).toMatch(new RegExp(`^${effect} `, "u"));
  });

  it("A-A16, B-H16: a missing path matches nothing, in every operator", () => {
    for (const [op, value] of [
      ["neq", "1"],
      ["nin", "[1]"],
      ["eq", "null"],
    ]) {
      expect(answer(match("$.payload.missing", op ?? "", value))).toBe("deny default default");
    }
  });

  it("B-H16: a deny that cannot be decided refuses", () => {
    const rules = `  - { id: no, effect: deny, action: purchase, constraints: { amount_min: 50001 } }
  - { id: yes, effect: allow, action: purchase }`;
    expect(answer(rules, { amount_minor: 5 })).toBe("allow yes rule");
    for (const amount of ["900000", [900000], null, 1.5, -5])
      expect(answer(rules, { amount_minor: amount })).toBe("deny no rule_unknown");
    expect(answer(rules, {})).toBe("deny no rule_unknown");
  });

  it("B-H16: a blocked domain is blocked in every spelling", () => {
    const rules = "  - { id: yes, effect: allow, action: purchase, constraints: { blocked_domains: [evil.com] } }";
    expect(answer(rules, { domain: "good.com" })).toBe("allow yes rule");
    for (const domain of ["evil.com", "EVIL.com", "evil.com.", "www.evil.com", "", ["evil.com"], "evil.com:443"])
      expect(answer(rules, { domain })).toBe("deny default default");
    expect(answer(rules, {})).toBe("deny default default");
  });

  it("B-H17: takes trust from no call, as no policy of that kind states any", () => {
    const rule = match("$.relying_party.trust_profile", "eq", "HIGH");
    expect(answer(rule, { trust_profile: "HIGH" }, { facts: { counterparty: "shop.example" } })).toBe(
      "deny default default",
    );
  });

  it("reads its defaults", () => {
    expect(answer("  []", {}, {}, "require_approval")).toBe("approve default default");
    expect(answer("  []", {}, {}, "passthrough")).toBe("deny null default");
    expect(answer("  []", {}, {}, "allow")).toBe("allow default default");
  });

  it("keeps the proof's lifetime within an hour", () => {
    const ttlOf = (seconds: number): number => {
      const { action, tool, facts } = sampleCall();
      const rule = `{ id: r, effect: allow, action: purchase, proof: { required: true, ttl_seconds: ${seconds} } }`;
      return loadPolicy(`version: 1\ndefault: deny\nrules: [${rule}]`).evaluate(action, tool, facts).proofTtlMs;
    };
    expect([ttlOf(300), ttlOf(999_999)]).toEqual([300_000, 3_600_000]);
  });

  it.each([
    [
      "a misspelt obligation",
      "  - { id: r, effect: allow, action: a, obligations: [{ type: HUMAN_APROVAL }] }",
      "bad_value",
    ],
    [
      "an obligation in small letters",
      "  - { id: r, effect: allow, action: a, obligations: [{ type: human_approval }] }",
      "bad_value",
    ],
    [
      "an unknown key of an obligation",
      "  - { id: r, effect: allow, action: a, obligations: [{ type: DEPOSIT, amount: 1 }] }",
      "unknown_key",
    ],
    [
      "a regular expression that is none",
      `  - { id: r, effect: deny, action: a, when: { match: { path: $.payload.a, op: regex, value: "(" } } }`,
      "bad_value",
    ],
    ["a dash in a path", match("$.payload.foo-bar", "exists"), "bad_path"],
    ["a star in a path", match("$.payload.items[*].sku", "exists"), "bad_path"],
    ["a negative index", match("$.payload.items[-1]", "exists"), "bad_path"],
    ["a path outside of the action", match("$.prayload.a", "exists"), "bad_path"],
    ["`eq` without a value", match("$.payload.a", "eq"), "missing_key"],
    ["`in` without a list", match("$.payload.a", "in", "5"), "bad_value"],
    ["`exists` with false", match("$.payload.a", "exists", "false"), "misplaced_key"],
    ["a pattern that is a literal there", "  - { id: r, effect: deny, action: gov* }", "bad_pattern"],
    [
      "a proof that ends before it begins",
      "  - { id: r, effect: allow, action: a, proof: { ttl_seconds: -1 } }",
      "bad_value",
    ],
    [
      "an id that stands twice",
      "  - { id: r, effect: allow, action: a }\n  - { id: r, effect: allow, action: b }",
      "duplicate",
    ],
    ["two groups in one", `  - { id: r, effect: allow, action: a, when: { all: [], any: [] } }`, "bad_condition"],
  ])("B-H15: %s does not load", (_what, rules, code) => {
    expect(codesOf(rules)).toEqual([code]);
  });

  it("needs what it needs there", () => {
    expect(checkPolicy("version: 1").map(({ message }) => message)).toEqual([
      "an OpenLeash policy needs the key `default`",
      "an OpenLeash policy needs the key `rules`",
    ]);
    expect(checkPolicy("version: 2\ndefault: deny\nrules: []").map(({ code }) => code)).toEqual(["unsupported"]);
  });
});
