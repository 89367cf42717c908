import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../model/json.ts";
import { answer, type Circumstances, decide, sampleCall } from "./call.fixture.ts";
import { checkPolicy, loadPolicy } from "./load.ts";

const PURCHASES = `
tools: { purchase: { money: { amount: input.amount, currency: input.currency, currencies: [USD, EUR] } } }
rules: [{ id: own, action: purchase, effect: allow }]`;
const DAILY = `${PURCHASES}
limits: [{ id: daily, action: purchase, sum: money.amount, per: [agent, money.currency], window: 24h, max: 1000, over: approve }]`;
const COUNTED = `rules: [{ id: own, action: purchase, effect: allow }]
limits: [{ id: calls, action: "*", per: [subject], window: 1h, max: 3 }]`;

const used = (name: string, count: Json): Circumstances => ({ facts: { probes: { [`counter:${name}`]: count } } });
const DAY_USD = '["daily","shopper","USD"]';

describe("a limit on a sum", () => {
  it.each([
    [0, 1000, "allow own rule"],
    [999, 1, "allow own rule"],
    [1000, 0, "allow own rule"],
    [1000, 1, "approve limits.daily limit"],
    [0, 1001, "approve limits.daily limit"],
  ])("with %d used and %d more", (before, amount, expected) => {
    expect(answer(DAILY, { amount, currency: "USD" }, used(DAY_USD, before))).toBe(expected);
  });

  it("I7: refuses what it cannot count: no counter, a counter that is no number, no amount", () => {
    const unknown = "deny limits.daily limit_unknown";
    expect(answer(DAILY, { amount: 1, currency: "USD" })).toBe(unknown);
    for (const count of ["0", -1, 1.5, null, 2 ** 53, []])
      expect(answer(DAILY, { amount: 1, currency: "USD" }, used(DAY_USD, count))).toBe(unknown);
  });

  it("counts by the parts that it names", () => {
    const euros = used('["daily","shopper","EUR"]', 0);
    expect(answer(DAILY, { amount: 1, currency: "EUR" }, euros)).toBe("allow own rule");
    expect(answer(DAILY, { amount: 1, currency: "USD" }, euros)).toBe("deny limits.daily limit_unknown");
  });

  it("asks on the rule's terms where the rule asks already, and never lowers it", () => {
    const policy = DAILY.replace("effect: allow }]", "effect: step_up, step_up: { methods: [totp] } }]");
    const decision = decide(policy, { amount: 2000, currency: "USD" }, used(DAY_USD, 0));
    expect(decision).toMatchObject({ effect: "step_up", rule: "limits.daily", terms: { methods: ["totp"] } });
    expect(decision.reason).toContain("daily");
  });
});

describe("a limit on the number of calls", () => {
  it("denies beyond it where nothing else is said", () => {
    expect(answer(COUNTED, {}, used('["calls","ada"]', 2))).toBe("allow own rule");
    expect(answer(COUNTED, {}, used('["calls","ada"]', 3))).toBe("deny limits.calls limit");
  });

  it("says which counters must be read", () => {
    const { action, tool, facts } = sampleCall();
    expect(loadPolicy(`leash: 1\n${COUNTED}`).needs(action, tool, facts)).toEqual([
      { kind: "counter", key: '["calls","ada"]', window: { lengthMs: 3_600_000, fixed: false } },
    ]);
  });

  it("counts by an input only with values that are written out", () => {
    const policy = `rules: [{ id: own, action: purchase, effect: allow }]
limits: [{ id: l, action: purchase, per: [{ path: input.region, values: [eu, us] }], window: 60, max: 1 }]`;
    expect(answer(policy, { region: "eu" }, used('["l","eu"]', 0))).toBe("allow own rule");
    expect(answer(policy, { region: "mars" }, used('["l","mars"]', 0))).toBe("deny limits.l limit");
    expect(answer(policy, {}, used('["l","eu"]', 0))).toBe("deny limits.l limit");
  });

  it("leaves a denial as it is", () => {
    const policy = COUNTED.replace("effect: allow", "effect: deny");
    expect(answer(policy, {}, used('["calls","ada"]', 9))).toBe("deny own rule");
  });
});

describe("A-A8: a cap per agent and day", () => {
  it("stops payments that were cut into pieces no later than the one that passes it", () => {
    const policy = loadPolicy(`leash: 1\n${DAILY}`);
    let spent = 0;
    const effects: string[] = [];
    for (const amount of [300, 300, 300, 300, 50, 60]) {
      const { action, tool, facts } = sampleCall({ amount, currency: "USD" }, used(DAY_USD, spent));
      const { effect } = policy.evaluate(action, tool, facts);
      effects.push(effect);
      if (effect === "allow") spent += amount;
    }
    expect(effects).toEqual(["allow", "allow", "allow", "approve", "allow", "approve"]);
    expect(spent).toBeLessThanOrEqual(1000);
  });
});

describe("A-A8: payments that were cut into pieces", () => {
  it("are held no later than the one that passes the cap, in whatever pieces", () => {
    const policy = loadPolicy(`leash: 1\n${DAILY}`);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 2, maxLength: 12 }), (pieces) => {
        let spent = 0;
        for (const amount of pieces) {
          const { action, tool, facts } = sampleCall({ amount, currency: "USD" }, used(DAY_USD, spent));
          const { effect } = policy.evaluate(action, tool, facts);
          expect(effect).toBe(spent + amount > 1000 ? "approve" : "allow");
          if (effect === "allow") spent += amount;
        }
        expect(spent).toBeLessThanOrEqual(1000);
      }),
      { numRuns: 200 },
    );
  });
});

describe("what does not load", () => {
  it.each([
    [
      "a sum of money that mixes currencies",
      "{ id: l, action: a, sum: money.amount, window: 1h, max: 1 }",
      "missing_key",
    ],
    ["no window", "{ id: l, action: a, max: 1 }", "missing_key"],
    ["a negative maximum", "{ id: l, action: a, window: 1h, max: -1 }", "bad_value"],
    ["an effect that lowers", "{ id: l, action: a, window: 1h, max: 1, over: allow }", "bad_value"],
    ["an unknown part", "{ id: l, action: a, window: 1h, max: 1, per: [agnet] }", "bad_value"],
    ["an input without values", "{ id: l, action: a, window: 1h, max: 1, per: [{ path: input.a }] }", "missing_key"],
  ])("%s", (_what, limit, code) => {
    expect(checkPolicy(`leash: 1\nlimits: [${limit}]`).map((issue) => issue.code)).toEqual([code]);
  });
});

describe("conditions on limits", () => {
  const policy = `${PURCHASES.replace("effect: allow }", "effect: allow, when: limits.daily.left >= input.amount && limits.daily.used < 500 }")}
limits: [{ id: daily, action: purchase, sum: money.amount, per: [agent, money.currency], window: 24h, max: 1000 }]`;

  it.each([
    [0, 1000, "allow own rule"],
    [499, 501, "allow own rule"],
    [500, 1, "deny default default"],
  ])("see what is used and what is left: %d used, %d more", (before, amount, expected) => {
    expect(answer(policy, { amount, currency: "USD" }, used(DAY_USD, before))).toBe(expected);
  });

  it("I6: are unknown, and so allow nothing, where the counter is unknown or no such limit counts the call", () => {
    expect(answer(policy, { amount: 1, currency: "USD" })).toBe("deny default default");
    const other = policy.replace("limits.daily.left", "limits.weekly.left");
    expect(answer(other, { amount: 1, currency: "USD" }, used(DAY_USD, 0))).toBe("deny default default");
  });

  it("can be read by name and listed, as any map", () => {
    const listed = policy.replace(/when: [^}]*/u, 'when: "limits.exists(id, limits[id].left > 10)" ');
    expect(answer(listed, { amount: 1, currency: "USD" }, used(DAY_USD, 900))).toBe("allow own rule");
    expect(answer(listed, { amount: 1, currency: "USD" }, used(DAY_USD, 995))).toBe("deny default default");
  });
});
