import { describe, expect, it } from "vitest";
import type { ToolCall } from "../model/call.ts";
import type { Leash } from "../model/leash.ts";
import { countingShop } from "../testing/counting-shop.ts";
import { BUY, leashThatSays } from "./leash.fixture.ts";

const PROBLEM = "wrong: item.0";
const refused = {
  kind: "refused",
  error: { code: "LEASH_INPUT_INVALID", reasonCode: "input_invalid", problem: PROBLEM },
};

/** What the model is told of a call that has this problem. */
async function textFor(leash: Leash, problem: string): Promise<string> {
  const outcome = await leash.attempt({ tool: "buy", input: undefined, problem }, () => "never");
  if (outcome.kind !== "refused") throw new Error(`The call is ${outcome.kind}.`);
  return outcome.text;
}

describe("a call whose arguments the adapter could not read", () => {
  it.each<[string, ToolCall]>([
    ["without an input", { tool: "buy", input: undefined, problem: PROBLEM }],
    ["with an input that looks fine", { ...BUY, problem: PROBLEM }],
    ["with a problem that says nothing", { ...BUY, problem: "" }],
  ])("I4: is refused and recorded %s, though the policy allows all", async (_, call) => {
    const { leash, journal, log } = await leashThatSays("allow");
    const shop = countingShop();
    const outcome = await leash.attempt(call, shop.buy, { adapter: "some-adapter" });
    expect(outcome).toMatchObject({ ...refused, error: { ...refused.error, problem: call.problem } });
    expect(shop.orders).toEqual([]);
    expect(await journal()).toEqual([]);
    expect(await log()).toMatchObject([
      { type: "decided", decision: "DENY", effective: "DENY", reason_code: "input_invalid", adapter: "some-adapter" },
    ]);
  });

  it("I4: opens no approval and takes no result of an earlier call of its identity", async () => {
    const { leash } = await leashThatSays("approve");
    const shop = countingShop();
    expect(await leash.attempt({ ...BUY, problem: PROBLEM }, shop.buy, { pause: "defer" })).toMatchObject(refused);
    expect(await leash.desk({ id: "ann" }).pending()).toEqual([]);
    const open = await leashThatSays("allow");
    await open.leash.attempt(BUY, shop.buy);
    expect(await open.leash.attempt({ ...BUY, problem: PROBLEM }, shop.buy)).toMatchObject(refused);
  });

  it.each(["enforce", "observe"] as const)(
    "is recorded as a call of an unknown tool where there is no such tool: no arguments would make it better (%s)",
    async (mode) => {
      const { leash, log } = await leashThatSays("allow", { mode });
      const call = { tool: "sell", input: undefined, problem: PROBLEM };
      const outcome = await leash.attempt(call, () => "never");
      expect(outcome).toMatchObject({
        kind: "refused",
        text: "Denied: this tool is not available. Do not retry this call.",
        error: { code: "LEASH_TOOL_UNKNOWN", reasonCode: "tool_unknown" },
      });
      expect(await leash.decide(call)).toMatchObject({ effect: "deny", reasonCode: "tool_unknown" });
      expect(await log()).toMatchObject([{ type: "decided", decision: "DENY", reason_code: "tool_unknown" }]);
    },
  );

  it("is known by its name in any Unicode form", async () => {
    const { leash } = await leashThatSays("allow");
    leash.register({ id: "caf\u00e9" });
    expect(
      await leash.attempt({ tool: "cafe\u0301", input: undefined, problem: PROBLEM }, () => "never"),
    ).toMatchObject(refused);
  });

  it("is denied when the policy is only asked, and by `authorize`", async () => {
    const { leash } = await leashThatSays("allow");
    const call = { ...BUY, problem: PROBLEM };
    expect(await leash.decide(call)).toMatchObject({ effect: "deny", reasonCode: "input_invalid", rule: null });
    await expect(leash.authorize(call)).rejects.toMatchObject(refused.error);
  });

  it("I14: names the place to the model", async () => {
    const { leash } = await leashThatSays("allow");
    expect(await textFor(leash, PROBLEM)).toBe(
      "Denied: the arguments are not plain, well-formed data (wrong: item.0). Call again with corrected arguments.",
    );
  });

  it("A-A26: a member's name that the model made up stays on one line, short, and shows nothing but what it says", async () => {
    const { leash } = await leashThatSays("allow");
    const frame = (await textFor(leash, "")).length;
    const text = await textFor(
      leash,
      `wrong: a\n\r\u2028\u2029b\u0000\u001b[2J\u202Ec\u200Bd\t  e${"x".repeat(5_000)}`,
    );
    expect(text).toContain("(wrong: a b [2J c d ex");
    expect(text).toMatch(/^[\x20-\x7e]+$/u);
    expect(text.length - frame).toBe(200);
  });

  it("A-A26: a name that is cut stays well-formed text", async () => {
    const { leash } = await leashThatSays("allow");
    for (const padding of ["", "x"]) {
      const text = await textFor(leash, padding + "😀".repeat(200));
      expect(text.isWellFormed()).toBe(true);
    }
    expect((await textFor(leash, "a\ud800b")).isWellFormed()).toBe(true);
  });
});

describe("a call whose arguments the adapter could not read, in observe mode", () => {
  it("I12: runs with the input that it has, and is recorded as refused", async () => {
    const { leash, log } = await leashThatSays("allow", { mode: "observe" });
    const shop = countingShop();
    const outcome = await leash.attempt({ ...BUY, problem: PROBLEM }, shop.buy);
    expect(outcome).toEqual({ kind: "result", result: { order: 1 } });
    expect(shop.orders.map(({ input }) => input)).toEqual([BUY.input]);
    expect((await log())[0]).toMatchObject({ decision: "DENY", effective: "OBSERVED", reason_code: "input_invalid" });
  });

  it("I12: is refused without an input: there is nothing to run", async () => {
    const { leash, log } = await leashThatSays("allow", { mode: "observe" });
    const shop = countingShop();
    const outcome = await leash.attempt({ tool: "buy", input: undefined, problem: PROBLEM }, shop.buy);
    expect(outcome).toMatchObject(refused);
    expect(shop.orders).toEqual([]);
    expect((await log()).map((line) => line["type"])).toEqual(["decided"]);
  });

  it("I12: a call without input and without a problem runs as ever", async () => {
    const { leash } = await leashThatSays("deny", { mode: "observe" });
    const shop = countingShop();
    expect((await leash.attempt({ tool: "buy", input: undefined }, shop.buy)).kind).toBe("result");
  });
});
