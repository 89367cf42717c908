import { describe, expect, it } from "vitest";
import type { Json } from "@leashkit/core";
import { moneyGuard, moneyOf, moneyStatement } from "../../core/policy/guards/money.ts";

const STATEMENT = moneyStatement({
  amount: "input.amount_minor",
  currency: "input.currency",
  currencies: ["USD", "EUR"],
});
const guard = moneyGuard(STATEMENT);

/** Calls whose amount or currency somebody could read in his favour. */
const TRICKS: readonly (readonly [trick: string, input: Json])[] = [
  ["a negative amount", { amount_minor: -1, currency: "USD" }],
  ["minus a billion", { amount_minor: -1e9, currency: "USD" }],
  ["a fraction", { amount_minor: 1.5, currency: "USD" }],
  ["a tiny fraction", { amount_minor: 5e-324, currency: "USD" }],
  ["a number beyond what is exact", { amount_minor: 1e21, currency: "USD" }],
  ["2^53", { amount_minor: 2 ** 53, currency: "USD" }],
  ["infinity", { amount_minor: Number.POSITIVE_INFINITY, currency: "USD" }],
  ["not a number", { amount_minor: Number.NaN, currency: "USD" }],
  ["a text", { amount_minor: "10", currency: "USD" }],
  ["a text with a comma", { amount_minor: "100,00", currency: "USD" }],
  ["a text with a dot", { amount_minor: "100.00", currency: "USD" }],
  ["a text in hexadecimal", { amount_minor: "0x10", currency: "USD" }],
  ["a text with the currency", { amount_minor: "10 USD", currency: "USD" }],
  ["an empty text", { amount_minor: "", currency: "USD" }],
  ["no amount", { currency: "USD" }],
  ["null", { amount_minor: null, currency: "USD" }],
  ["true", { amount_minor: true, currency: "USD" }],
  ["a list", { amount_minor: [10], currency: "USD" }],
  ["an object", { amount_minor: { value: 10 }, currency: "USD" }],
  ["the amount under another name", { amount: 10, amountMinor: 10, Amount_Minor: 10, currency: "USD" }],
  ["no currency", { amount_minor: 10 }],
  ["a null currency", { amount_minor: 10, currency: null }],
  ["an empty currency", { amount_minor: 10, currency: "" }],
  ["a lower-case currency", { amount_minor: 10, currency: "usd" }],
  ["a mixed-case currency", { amount_minor: 10, currency: "Usd" }],
  ["a currency with a blank", { amount_minor: 10, currency: "USD " }],
  ["a currency with an invisible character", { amount_minor: 10, currency: "US\u200bD" }],
  ["a currency with a look-alike", { amount_minor: 10, currency: "U\u0405D" }],
  ["a full-width currency", { amount_minor: 10, currency: "\uff35\uff33\uff24" }],
  ["a sign", { amount_minor: 10, currency: "$" }],
  ["a list of currencies", { amount_minor: 10, currency: ["USD"] }],
  ["an unlisted currency", { amount_minor: 10, currency: "GBP" }],
  ["a currency of other minor units", { amount_minor: 10, currency: "JPY" }],
  ["a currency of other minor units, the other way", { amount_minor: 10, currency: "KWD" }],
  ["no currency of this world", { amount_minor: 10, currency: "ZZZ" }],
  ["a text for an input", "10 USD"],
  ["a list for an input", [10, "USD"]],
  ["null for an input", null],
];

describe("amounts and currencies", () => {
  it.each(TRICKS)("A-A15: %s is refused, and conditions see no money", (_, input) => {
    expect(guard.check(input, {})).toBeDefined();
    expect(moneyOf(STATEMENT, input)).toBeNull();
  });

  it("A-A15: nothing but an unlisted currency is for a person to judge", () => {
    const outside = TRICKS.filter(([, input]) => guard.check(input, {})?.kind === "outside");
    expect(outside.map(([, input]) => Reflect.get(Object(input), "currency"))).toEqual(["GBP", "JPY", "KWD", "ZZZ"]);
  });

  it("A-A15: -0 is 0 and not less than it", () => {
    const money = moneyOf(STATEMENT, { amount_minor: -0, currency: "USD" });
    expect(Object.is(money?.amount, 0)).toBe(true);
    const positive = moneyGuard({ currencies: ["USD"], min: 1 });
    expect(positive.check({ amount_minor: -0, currency: "USD" }, {})?.kind).toBe("forbidden");
  });

  it("honest amounts pass, and conditions see them as they are", () => {
    for (const amount of [0, 1, 4999, 50_000, Number.MAX_SAFE_INTEGER]) {
      for (const currency of ["USD", "EUR"]) {
        expect(guard.check({ amount_minor: amount, currency, note: "x" }, {})).toBeUndefined();
        expect(moneyOf(STATEMENT, { amount_minor: amount, currency })).toEqual({ amount, currency });
      }
    }
  });
});
