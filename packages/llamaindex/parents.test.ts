import { tool } from "@llamaindex/core/tools";
import { agent } from "@llamaindex/workflow";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { leashedTool, leashTool, type LeashToolOptions, wrapTools } from "./index.ts";
import { ALLOW_ALL, approveNext, DENY_ALL, leashFor } from "./leash.fixture.ts";
import { ScriptedLlm } from "./scripted-llm.fixture.ts";

const item = z.object({ item: z.string() });
const FEW = "default: approve\nlimits: [{ id: few, action: buy, window: 1h, max: 2, over: deny }]";

function shop() {
  const done: unknown[] = [];
  const execute = (input: { item: string }): string => `sold ${done.push(input)}`;
  const buy = tool({ name: "buy", description: "d", parameters: item, execute });
  return { buy, done, parts: { name: "buy", description: "d", parameters: item, execute } };
}

describe("a child's gate put in front of its parent's", () => {
  it("I7: takes its place: one call is asked about once, as the child's, and counts once, bound or not", async () => {
    const leash = await leashFor(FEW);
    const child = leash.narrow({ agent: "buyer" });
    const parents = leashTool(shop().buy, leash);
    const grandchilds = leashTool(leashTool(parents, child), child.narrow({ tools: ["buy"] }));
    for (const buy of [grandchilds, grandchilds.bind({})]) {
      const running = buy.call({ item: "tea" });
      expect((await approveNext(leash)).principal).toMatchObject({ agent: "buyer", chain: ["agent"] });
      expect(await running).toMatch(/^sold/u);
    }
    expect(await grandchilds.call({ item: "tea" })).toContain("limit");
    expect(await leash.desk({ id: "ann" }).pending()).toEqual([]);
  });

  it("I7: takes its place in a workflow's agents, too", async () => {
    const leash = await leashFor("default: allow\nlimits: [{ id: few, action: buy, window: 1h, max: 1 }]");
    const { buy, done } = shop();
    const llm = new ScriptedLlm([{ id: "a", name: "buy", input: { item: "tea" } }]);
    const workflow = agent({ llm, tools: [buy] });
    wrapTools(wrapTools(workflow, leash), leash.narrow({ agent: "buyer" }));
    await workflow.run("go");
    expect(done).toEqual([{ item: "tea" }]);
  });

  it("I1: reads the arguments as the parent's did, where the tool does not parse them itself", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const { done, parts } = shop();
    const parameters = z.object({ item: z.string().transform((text) => text.toUpperCase()) });
    const childs = leashTool(leashedTool({ ...parts, parameters }, leash), leash.narrow({ agent: "buyer" }));
    await childs.call({ item: "tea" });
    const attempt = vi.spyOn(leash, "attempt");
    await childs.call({ item: 7 } as never);
    expect([done, attempt.mock.calls]).toEqual([[{ item: "TEA" }], []]);
  });

  it("I4: stays before it where each was given a schema: what either refuses does not run", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const { buy, done } = shop();
    const parents = leashTool(buy, leash, { parameters: z.object({ item: z.string().max(3) }) });
    const childs = leashTool(parents, leash.narrow({ agent: "buyer" }), {
      parameters: z.object({ item: z.string().min(3) }),
    });
    for (const name of ["te", "milk", "tea"]) await childs.call({ item: name });
    expect(done).toEqual([{ item: "tea" }]);
  });

  it("I2: knows the calls as the parent's did: by its session, its scope, its signal and what was stated of the tool", async () => {
    const leash = await leashFor("rules: [{ id: s, action: buy, when: session == 's1', effect: allow }]");
    const { buy, done } = shop();
    const parents = (options: LeashToolOptions) => {
      const registrations = { buy: { sideEffect: "write" } } as const;
      return leashTool(
        leashTool(buy, leash, { registrations, session: "s1", ...options }),
        leash.narrow({ agent: "b" }),
      );
    };
    expect(await parents({ signal: AbortSignal.abort() }).call({ item: "tea" })).toContain("aborted");
    const runTwice = ["first", "again"].map(async () => {
      const llm = new ScriptedLlm([{ id: "a", name: "buy", input: { item: "tea" } }]);
      await agent({ llm, tools: [parents({ scope: "turn 1" })] }).run("go");
    });
    await Promise.all(runTwice);
    expect(done).toEqual([{ item: "tea" }]);
  });

  it("I6: stays before it where each knows the calls by another session: what either refuses does not run", async () => {
    const leash = await leashFor(
      "default: allow\nrules: [{ id: s, action: buy, when: session == 's1', effect: deny }]",
    );
    const { buy, done } = shop();
    const parents = leashTool(buy, leash, { session: "s1" });
    const childs = leashTool(parents, leash.narrow({ agent: "buyer" }), { session: "s2" });
    expect([await childs.call({ item: "tea" }), done]).toEqual([expect.stringMatching(/^Denied/u), []]);
  });

  it("I4: leaves every gate that it was not made from", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const { buy, done } = shop();
    const others = leashTool(leashTool(leashTool(buy, await leashFor(DENY_ALL)), leash), leash.narrow({ agent: "b" }));
    expect(await others.call({ item: "tea" })).toMatch(/^Denied/u);
    expect(done).toEqual([]);
  });
});
