import { describe, expect, it } from "vitest";
import type { Json } from "../model/json.ts";
import { type Circumstances, sampleCall } from "./call.fixture.ts";
import { loadPolicy } from "./load.ts";

const POLICY = `leash: 1
counterparties: [{ match: "*.storeco.com", trust: HIGH }]
tools:
  purchase:
    counterparty: input.shop
    money: { amount: input.amount, currency: input.currency, currencies: [USD, EUR] }
rules:
  - { id: negative, action: purchase, when: input.amount <= 0, effect: deny }
  - { id: small, action: purchase, when: 'input.amount < 5000 && counterparty.trust == "HIGH"', effect: allow }
  - { id: mid, action: purchase, when: input.amount <= 50000, effect: approve }
limits: [{ id: daily, action: purchase, sum: money.amount, per: [money.currency], window: 24h, max: 10000 }]
`;
const policy = loadPolicy(POLICY);
const SPENT: Circumstances = { facts: { probes: { 'counter:["daily","USD"]': 6000 } } };

const explain = (input: Json, different = SPENT) => {
  const { action, tool, facts } = sampleCall(input, different);
  return policy.explain?.(action, tool, facts) ?? expect.fail("it explains nothing");
};
const suggest = (input: Json, different = SPENT) => {
  const { action, tool, facts } = sampleCall(input, different);
  return policy.suggest?.(action, tool, facts);
};

describe("an explanation", () => {
  it("names for every rule whether it holds, and what of it does not", () => {
    const { rules } = explain({ amount: 7000, currency: "USD", shop: "other.example" });
    expect(rules.map(({ rule, holds, failing, decides }) => ({ rule, holds, failing, decides }))).toEqual([
      { rule: "negative", holds: "false", failing: ["input.amount <= 0"], decides: false },
      {
        rule: "small",
        holds: "false",
        failing: ["input.amount < 5000", 'counterparty.trust == "HIGH"'],
        decides: false,
      },
      { rule: "mid", holds: "true", failing: [], decides: false },
    ]);
  });

  it("says what could not be told and what the nearest allow lacks", () => {
    expect(explain({ amount: "7", currency: "USD", shop: "a.storeco.com" }).because).toBe(
      'what it asks cannot be told: input.amount <= 0 (unknown); rule "small" would allow it, but not true is: input.amount < 5000 (unknown)',
    );
    expect(explain({ amount: 10, currency: "USD", shop: "a.storeco.com" }).because).toBeNull();
  });

  it("shows guards and limits", () => {
    const { guards, limits, decision } = explain({ amount: 4500, currency: "USD", shop: "a.storeco.com" });
    expect(decision).toMatchObject({ effect: "deny", rule: "limits.daily" });
    expect(guards).toEqual([{ policy: "leash", tool: "purchase", guard: "money", refusal: null }]);
    expect(limits).toEqual([{ limit: "daily", window: "86400 s", max: 10_000, used: 6000, amount: 4500 }]);
    expect(explain({ amount: 10, currency: "GBP", shop: "a.storeco.com" }).guards[0]?.refusal?.code).toBe(
      "currency_not_listed",
    );
  });
});

describe("a suggestion", () => {
  it("is the smallest change of one member that is allowed, and was decided", () => {
    expect(suggest({ amount: 4500, currency: "USD", shop: "a.storeco.com" })).toMatchObject({
      changes: [{ path: "input.amount", from: 4500, to: 4000 }],
      decision: { effect: "allow", rule: "small" },
    });
    expect(
      suggest(
        { amount: 7000, currency: "USD", shop: "a.storeco.com" },
        { facts: { probes: { 'counter:["daily","USD"]': 0 } } },
      ),
    ).toMatchObject({
      changes: [{ path: "input.amount", to: 4999 }],
      input: { amount: 4999, currency: "USD", shop: "a.storeco.com" },
    });
  });

  it("is none where the call is allowed, and where only another fact would help", () => {
    expect(suggest({ amount: 10, currency: "USD", shop: "a.storeco.com" })).toBeUndefined();
    expect(suggest({ amount: 10, currency: "USD", shop: "other.example" })).toBeUndefined();
  });

  it("changes several members where one is not enough", () => {
    const two = loadPolicy(
      'leash: 1\nrules: [{ id: r, action: "*", when: \'input.region == "eu" && input.n < 10 && input.mode in ["a", "b"]\', effect: allow }]',
    );
    const { action, tool, facts } = sampleCall({ region: "us", n: 50, mode: "z" });
    const found = two.suggest?.(action, tool, facts);
    expect(found?.changes.map(({ path, to }) => [path, to])).toEqual([
      ["input.region", "eu"],
      ["input.mode", "a"],
      ["input.n", 9],
    ]);
    const again = sampleCall(found?.input ?? {});
    expect(two.evaluate(again.action, again.tool, again.facts).effect).toBe("allow");
  });
});
