import { describe, expect, it } from "vitest";
import type { Json } from "../../model/json.ts";
import { readForm } from "./form.fixture.ts";
import { moneyForm, moneyGuard, moneyOf, type MoneyOptions, moneyStatement } from "./money.ts";

const OPTIONS: MoneyOptions = { currencies: ["USD", "EUR"], max: 100_000 };

function judge(input: Json, options: MoneyOptions = OPTIONS): string {
  const refusal = moneyGuard(options).check(input, {});
  return refusal === undefined ? "passes" : `${refusal.kind} ${refusal.code}`;
}

describe("money", () => {
  it.each([
    [0, "passes"],
    [1, "passes"],
    [100_000, "passes"],
    [100_001, "outside amount_too_large"],
    [-1, "forbidden amount_too_small"],
    [1.5, "forbidden amount_malformed"],
    ["10", "forbidden amount_malformed"],
    [null, "forbidden amount_malformed"],
    [true, "forbidden amount_malformed"],
    [[10], "forbidden amount_malformed"],
    [{ value: 10 }, "forbidden amount_malformed"],
  ])("of %j is %s", (amount, outcome) => {
    expect(judge({ amount_minor: amount, currency: "EUR" })).toBe(outcome);
  });

  it.each([
    ["USD", "passes"],
    ["GBP", "outside currency_not_listed"],
    ["usd", "forbidden currency_malformed"],
    ["USD ", "forbidden currency_malformed"],
    ["US", "forbidden currency_malformed"],
    ["USDT", "forbidden currency_malformed"],
    ["\uff35SD", "forbidden currency_malformed"],
    ["", "forbidden currency_malformed"],
    ["$", "forbidden currency_malformed"],
    [null, "forbidden currency_malformed"],
    [["USD"], "forbidden currency_malformed"],
    ["constructor", "forbidden currency_malformed"],
  ])("in %j is %s", (currency, outcome) => {
    expect(judge({ amount_minor: 5, currency })).toBe(outcome);
  });

  it("has a least amount where the policy says so", () => {
    expect(judge({ amount_minor: 99, currency: "USD" }, { ...OPTIONS, min: 100 })).toBe("forbidden amount_too_small");
    expect(judge({ amount_minor: 100, currency: "USD" }, { ...OPTIONS, min: 100 })).toBe("passes");
  });

  it("may be of one currency that the call does not name", () => {
    const options: MoneyOptions = { amount: "input.order.total", currency: "USD" };
    expect(judge({ order: { total: 5 } }, options)).toBe("passes");
    expect(moneyOf(moneyStatement(options), { order: { total: 5 } })).toEqual({ amount: 5, currency: "USD" });
    expect(moneyGuard(options).needs({})).toEqual([]);
  });

  it("is seen by conditions exactly where the guard lets it pass", () => {
    const statement = moneyStatement(OPTIONS);
    const amounts = [0, -0, 5, -5, 1.5, "5", null, 1e21, 100_001, Number.MAX_SAFE_INTEGER];
    for (const amount of amounts) {
      for (const currency of ["USD", "usd", "GBP", null]) {
        const input = { amount_minor: amount, currency };
        const money = moneyOf(statement, input);
        expect(money === null).toBe(moneyGuard(statement).check(input, {}) !== undefined);
        if (money !== null) expect(money).toEqual({ amount: Math.abs(Number(amount)), currency });
      }
    }
  });
});

describe("the money guard's key", () => {
  it.each([
    ["money: { amount: input.amount_minor, currency: input.currency, currencies: [USD, EUR] }", []],
    ["money: { amount: input.total, currency: USD }", []],
    ["money: { amount: input.total, currency: USD, currencies: [USD, EUR], min: 1, max: 5 }", []],
    ["{}", []],
    ["money: 5", ["wrong_type 1"]],
    ["money: { currency: USD }", ["missing_key 1"]],
    ["money: { amount: input.a }", ["missing_key 1"]],
    ["money: { amount: a, currency: USD }", ["bad_path 1"]],
    ["money: { amount: 5, currency: USD }", ["bad_path 1"]],
    ["money: { amount: input.a, currency: usd }", ["bad_value 1"]],
    ["money: { amount: input.a, currency: input.c }", ["bad_value 1"]],
    ["money: { amount: input.a, currency: input.c, currencies: [] }", ["bad_value 1"]],
    ["money: { amount: input.a, currency: input.c, currencies: [usd] }", ["bad_value 1"]],
    ["money: { amount: input.a, currency: USD, currencies: [EUR] }", ["bad_value 1"]],
    ["money: { amount: input.a, currency: USD, min: -1 }", ["bad_value 1"]],
    ["money: { amount: input.a, currency: USD, min: '1' }", ["bad_value 1"]],
    ["money:\n  amount: input.a\n  currency: USD\n  min: 5\n  max: 4", ["bad_value 2"]],
    ["money: { amount: input.a, currency: USD, maximum: 5 }", ["unknown_key 1"]],
  ])("%j: %j", (yaml, issues) => {
    expect(readForm(moneyForm, yaml).issues).toEqual(issues);
  });

  it("makes the guard that it states, and none where it does not stand", () => {
    expect(readForm(moneyForm, "{}").guard).toBeUndefined();
    const { guard } = readForm(moneyForm, "money: { amount: input.a, currency: input.c, currencies: [USD], max: 9 }");
    expect(guard?.check({ a: 9, c: "USD" }, {})).toBeUndefined();
    expect(guard?.check({ a: 10, c: "USD" }, {})?.code).toBe("amount_too_large");
    expect(guard?.check({ a: 9, c: "EUR" }, {})?.code).toBe("currency_not_listed");
  });

  it.each<[string, MoneyOptions]>([
    ["a path that is none", { amount: "amount", currency: "USD" }],
    ["a currency that is none", { currency: "dollars" }],
    ["a code that is none", { currencies: ["dollars"] }],
    ["no code", { currencies: [] }],
    ["no list of currencies", { currency: "input.currency" }],
    ["a currency that is not listed", { currency: "USD", currencies: ["EUR"] }],
    ["a negative minimum", { currency: "USD", min: -1 }],
    ["a fraction", { currency: "USD", max: 1.5 }],
    ["bounds in the wrong order", { currency: "USD", min: 5, max: 4 }],
    ["an unknown option", Object.assign({ currency: "USD" }, { maximum: 5 })],
  ])("in code, %s is refused when the guard is made", (_, options) => {
    expect(() => moneyGuard(options)).toThrow(expect.objectContaining({ code: "LEASH_CONFIG_INVALID" }));
  });
});
