import { createLeash, type Approval, type Leash } from "@leashkit/core";
import { scriptedPolicy, type ScriptedAnswer } from "@leashkit/core/testing";
import { describe, expect, it } from "vitest";
import { HelloPause, leashStatusTool, resumeTurn, runTurn, wrapTools, type HelloTool } from "./index.ts";

const BUY_TEA = { id: "call-1", tool: "buy", arguments: '{"item":"tea"}' };

/** A tool that writes down what it gets, and a leash over it. */
async function shop(answer: ScriptedAnswer, during: () => void = () => undefined) {
  const asked: Approval[] = [];
  const leash: Leash = await createLeash({
    policy: scriptedPolicy(() => answer),
    store: "memory",
    notify: async (approval) => void asked.push(approval),
  });
  const got: unknown[] = [];
  const buy: HelloTool = {
    name: "buy",
    description: "Buys an item.",
    parameters: { type: "object", properties: { item: { type: "string" }, amount: { type: "number", default: 1 } } },
    async execute(input, context) {
      got.push(input, context?.written);
      during();
      return "bought";
    },
  };
  return { leash, buy, got, asked, desk: leash.desk({ id: "ann" }) };
}

describe("a wrapped tool", () => {
  it("I1: gets what was decided, and nothing that still holds what was proposed", async () => {
    const { leash, buy, got } = await shop({ transform: { tool: "buy", input: { item: "tea", amount: 0 } } });
    await runTurn(wrapTools([buy], leash), [BUY_TEA]);
    expect(got).toEqual([{ item: "tea", amount: 0 }, '{"amount":0,"item":"tea"}']);
  });

  it("wrapped again with the same gate stays as it is, and with another one is refused", async () => {
    const { leash, buy } = await shop("allow");
    const wrapped = wrapTools([buy], leash);
    expect(wrapTools(wrapped, leash)[0]).toBe(wrapped[0]);
    expect(() => wrapTools(wrapped, leash.narrow({ tools: ["buy"] }))).toThrow(/behind another gate/);
  });

  it("I14: answers a program in words where it is refused, and waits where there is no turn to pause", async () => {
    const refusing = await shop("deny");
    const [refused] = wrapTools([refusing.buy], refusing.leash);
    expect(await refused?.execute({ item: "tea" })).toMatch(/^Denied by policy/);

    const asking = await shop("approve");
    const [waiting] = wrapTools([asking.buy], asking.leash, { pause: "suspend" });
    const result = waiting?.execute({ item: "tea" });
    await expect.poll(() => asking.asked.length).toBe(1);
    await asking.desk.approve(asking.asked[0]?.id ?? "");
    expect(await result).toBe("bought");
  });

  it("I2: that pauses the turn itself goes on under the same yes", async () => {
    let pauses = 1;
    const { leash, buy, asked, desk } = await shop("approve", () => {
      if (pauses-- > 0) throw new HelloPause();
    });
    const tools = wrapTools([buy], leash, { pause: "suspend" });
    const first = await runTurn(tools, [BUY_TEA]);
    await desk.approve(asked[0]?.id ?? "");
    const second = await resumeTurn(tools, first.kind === "paused" ? first.state : "");
    const third = await resumeTurn(tools, second.kind === "paused" ? second.state : "");
    expect(third).toEqual({ kind: "done", answers: [{ callId: "call-1", text: "bought" }] });
    expect(asked).toHaveLength(1);
  });

  it("refuses options that do not exist", async () => {
    const { leash, buy } = await shop("allow");
    expect(() => wrapTools([buy], leash, { pause: "never" as "hold" })).toThrow(/pause must be one of/);
    expect(() => wrapTools([buy], leash, { paused: true } as object)).toThrow(/there is no option "paused"/);
  });
});

describe("a call that was changed before it ran", () => {
  const cheaper = { transform: { tool: "buy", input: { item: "tea", amount: 0 } } };
  const NOTICE = "This call was changed before it ran: amount is 0.";

  it.each([
    ["a text", "bought", "bought"],
    ["an object", { order: 1 }, '{"order":1}'],
    ["nothing", undefined, "null"],
  ])("is told to a model in front of %s, and leaves a program's result as it is", async (_what, result, text) => {
    const { leash, buy } = await shop(cheaper);
    const [tool] = wrapTools([{ ...buy, execute: async () => result }], leash);
    const turn = await runTurn(tool === undefined ? [] : [tool], [BUY_TEA]);
    expect(turn).toEqual({ kind: "done", answers: [{ callId: "call-1", text: `${NOTICE}\n\n${text}` }] });
    expect(await tool?.execute({ item: "tea" })).toEqual(result);
  });

  it("is told where it is collected, too", async () => {
    const { leash, buy, asked, desk } = await shop("approve");
    const tools = wrapTools([buy], leash, { pause: "defer" });
    await runTurn(tools, [BUY_TEA]);
    const { id, ref } = asked[0] ?? expect.fail("nobody was asked");
    await desk.edit(id, { item: "tea", amount: 0 });
    await leash.desk({ id: "bob" }).approve(asked[1]?.id ?? "");
    const status = leashStatusTool(leash, tools);
    expect([await status.execute({ ref }), await status.execute({ ref })]).toEqual([
      `${NOTICE}\n\nbought`,
      `${NOTICE}\n\nbought`,
    ]);
  });
});

describe("the status tool", () => {
  it("I2: collects a deferred call once, and only of tools behind its own gate", async () => {
    const { leash, buy, got, asked, desk } = await shop("approve");
    const tools = wrapTools([buy], leash, { pause: "defer" });
    await runTurn(tools, [BUY_TEA]);
    const { id, ref } = asked[0] ?? expect.fail("nobody was asked");
    await desk.approve(id);
    const foreign = leashStatusTool(leash.narrow({ tools: ["buy"] }), tools);
    expect(await foreign.execute({ ref })).toMatch(/not available here/);
    const status = leashStatusTool(leash, tools);
    expect([await status.execute({ ref }), await status.execute({ ref })]).toEqual(["bought", "bought"]);
    expect(got).toEqual([{ item: "tea", amount: 1 }, undefined]);
  });

  it("tells a model that knows no reference so", async () => {
    const { leash } = await shop("approve");
    expect(await leashStatusTool(leash, []).execute(undefined)).toMatch(/^No call of yours/);
  });
});
