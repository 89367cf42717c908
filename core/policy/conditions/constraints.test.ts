import { describe, expect, it } from "vitest";
import { sampleCall } from "../call.fixture.ts";
import { createIssueList } from "../issues.ts";
import { readYaml } from "../yaml.ts";
import type { CallInView } from "./bindings.ts";
import type { Condition } from "./condition.ts";
import { constraints, constraintsCondition } from "./constraints.ts";

function read(text: string): { readonly found: Condition | undefined; readonly codes: readonly string[] } {
  const { report, list } = createIssueList(text);
  const node = readYaml(text, report) ?? expect.fail("no YAML");
  return { found: constraints(node, report), codes: list().map(({ code }) => code) };
}

function decide(text: string, { amount, currency, id }: { amount?: number; currency?: string; id?: string }) {
  const { found, codes } = read(text);
  expect(codes, text).toEqual([]);
  const call: CallInView = {
    ...sampleCall(),
    counterparty: id === undefined ? null : { id, trust: "NONE" },
    money: amount === undefined ? null : { amount, currency: currency ?? "USD" },
    bindings: undefined,
  };
  return (found ?? expect.fail(text)).holds(call) ?? "unknown";
}

describe("constraints", () => {
  it.each([
    ["{ amount_min: 100 }", { amount: 99 }, false],
    ["{ amount_min: 100 }", { amount: 100 }, true],
    ["{ amount_max: 100 }", { amount: 100 }, true],
    ["{ amount_max: 100 }", { amount: 101 }, false],
    ["{ amount_max: 100 }", {}, "unknown"],
    ["{ amount_min: 0 }", {}, "unknown"],
    ["{ amount_min: 1, amount_max: 5 }", { amount: 3 }, true],
    ["{ currency: [EUR, SEK] }", { amount: 1, currency: "SEK" }, true],
    ["{ currency: [EUR, SEK] }", { amount: 1, currency: "USD" }, false],
    ["{ currency: [EUR, SEK] }", {}, "unknown"],
    ["{ amount_max: 5, currency: [EUR] }", { amount: 9 }, false],
  ] as const)("%s over %j: %s", (text, call, expected) => {
    expect(decide(text, call)).toBe(expected);
  });

  it.each([
    ["evil.com", true],
    ["EVIL.com", true],
    ["evil.com.", true],
    ["www.evil.com", true],
    ["notevil.com", false],
    ["evil.com.example.org", false],
    ["other.com", true],
    ["www.other.com", false],
    ["", "unknown"],
    ["evil.com:443", "unknown"],
    ["https://evil.com", "unknown"],
    ["a@evil.com", "unknown"],
    [undefined, "unknown"],
  ] as const)("B-H16: hosts are compared as hosts, and what is none is unknown: %s", (id, among) => {
    const list = "[Evil.com, '*.evil.com', other.com]";
    const call = id === undefined ? {} : { id };
    expect(decide(`{ allowed_domains: ${list} }`, call)).toBe(among);
    expect(decide(`{ blocked_domains: ${list} }`, call)).toBe(among === "unknown" ? among : !among);
  });

  it("say what they hold", () => {
    const found = constraintsCondition({ amount_max: 5, currency: ["USD"], blocked_domains: ["evil.com"] });
    expect(found.source).toBe(
      'money.amount <= 5 && money.currency in ["USD"] && counterparty.id outside of ["evil.com"]',
    );
    expect(found.parts).toHaveLength(3);
    expect(found.comparisons).toEqual([
      { path: ["money", "amount"], operator: "<=", values: [5] },
      { path: ["money", "currency"], operator: "in", values: ["USD"] },
    ]);
    expect(() => constraintsCondition({ allowed_domains: ["https://a.com"] })).toThrow("host pattern");
  });

  it.each([
    ["{}", "bad_value"],
    ["[]", "wrong_type"],
    ["{ amount_min: -1 }", "bad_value"],
    ["{ amount_max: '5' }", "bad_value"],
    ["{ amount_min: 6, amount_max: 5 }", "bad_value"],
    ["{ currency: [] }", "bad_value"],
    ["{ currency: [usd] }", "bad_value"],
    ["{ currency: [USD, USD] }", "duplicate"],
    ["{ allowed_domains: ['https://a.com'] }", "bad_host"],
    ["{ blocked_domains: ['*'] }", "bad_host"],
    ["{ blocked_domain: [a.com] }", "unknown_key"],
  ])("A-P2: %s is refused: %s", (text, code) => {
    expect(read(text).codes).toContain(code);
  });
});
