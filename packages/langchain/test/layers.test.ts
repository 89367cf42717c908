import { Command, interrupt, MemorySaver } from "@langchain/langgraph";
import { createAgent, tool } from "langchain";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { leashMiddleware, leashStatusTool, resumeLeash, wrapTools } from "../index.ts";
import { scriptedPolicy } from "@leashkit/core/testing";
import { createLeash, NoEffect } from "@leashkit/core";
import { ALLOW_ALL, ask, callingModel, DENY_ALL, leashFor, nextPending, toolMessages } from "./harness.ts";

const item = z.object({ item: z.string() });
const thread = { configurable: { thread_id: "t" } };
const call = { name: "buy", args: { item: "tea" }, id: "a" };

function buyInto(sold: string[]) {
  return tool((input: z.infer<typeof item>) => `sold ${sold.push(input.item)}`, {
    name: "buy",
    description: "d",
    schema: item,
  });
}

describe("two gates", () => {
  it("I4: a middleware's gate also stands before a tool that another gate guards already", async () => {
    const sold: string[] = [];
    const lax = await leashFor(ALLOW_ALL);
    const strict = await leashFor(DENY_ALL);
    const agent = createAgent({
      model: callingModel([call]),
      tools: wrapTools([buyInto(sold)], lax),
      middleware: [leashMiddleware(strict)],
    });
    expect(toolMessages(await agent.invoke(ask))["a"]).toMatchObject({ status: "error" });
    expect(sold).toEqual([]);
  });
});

describe("a tool that calls tools and is run again", () => {
  it("I2: runs each of them once, also when it makes them in another order", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const sold: string[] = [];
    const [buy] = wrapTools([buyInto(sold)], leash);
    let order = ["tea", "milk"];
    const outer = tool(
      async (_input: z.infer<typeof item>, config) => {
        for (const one of order) await buy.invoke({ item: one }, config);
        order = order.toReversed();
        return String(interrupt("colour?"));
      },
      { name: "outer", description: "d", schema: item },
    );
    const agent = createAgent({
      model: callingModel([{ name: "outer", args: { item: "x" }, id: "o" }]),
      tools: wrapTools([outer], leash),
      checkpointer: new MemorySaver(),
    });
    await agent.invoke(ask, thread);
    const done = await agent.invoke(new Command({ resume: "red" }), thread);
    expect(toolMessages(done)["o"]?.content).toBe("red");
    expect(sold.toSorted()).toEqual(["milk", "tea"]);
  });
});

describe("resumeLeash", () => {
  it("does not wake the agent for a caller that has gone, though the answer is there", async () => {
    const leash = await leashFor("default: approve\n");
    const sold: string[] = [];
    const tools = wrapTools([buyInto(sold)], leash);
    const agent = createAgent({ model: callingModel([call]), tools, checkpointer: new MemorySaver() });
    await agent.invoke(ask, thread);
    await leash.desk({ id: "ann" }).approve((await nextPending(leash)).id);
    const gone = resumeLeash(agent.graph, thread, { leash, signal: AbortSignal.abort() });
    await expect(gone).rejects.toMatchObject({ code: "LEASH_ABORTED" });
    expect(sold).toEqual([]);
  });

  it.each([Number.NaN, -1])("refuses to wait %d milliseconds", async (timeoutMs) => {
    const leash = await leashFor(ALLOW_ALL);
    const agent = createAgent({ model: callingModel([]), tools: [], checkpointer: new MemorySaver() });
    await expect(resumeLeash(agent.graph, thread, { leash, timeoutMs })).rejects.toMatchObject({
      code: "LEASH_CONFIG_INVALID",
    });
  });

  it("waits without end where it is told so", async () => {
    const leash = await leashFor("default: approve\n");
    const sold: string[] = [];
    const tools = wrapTools([buyInto(sold)], leash);
    const agent = createAgent({ model: callingModel([call]), tools, checkpointer: new MemorySaver() });
    await agent.invoke(ask, thread);
    const resumed = resumeLeash(agent.graph, thread, { leash, timeoutMs: Number.POSITIVE_INFINITY });
    await leash.desk({ id: "ann" }).approve((await nextPending(leash)).id);
    await resumed;
    expect(sold).toEqual(["tea"]);
  });
});

describe("a deferred call whose tool the policy swaps later", () => {
  it("I1: is not run by the tool that it was made for", async () => {
    let swap = false;
    const policy = scriptedPolicy(() => ({
      effect: "approve",
      transform: swap ? { tool: "other", input: { item: "tea" } } : null,
    }));
    const leash = await createLeash({ policy, store: "memory", notify: [] });
    const runs: string[] = [];
    const named = (name: string) =>
      tool(
        () => {
          runs.push(name);
          throw new NoEffect("closed");
        },
        { name, description: "d", schema: item },
      );
    const tools = wrapTools([named("buy"), named("other")], leash, { pause: "defer" });
    const status = leashStatusTool(leash, tools);
    await tools[0].invoke({ type: "tool_call", ...call });
    const { id, ref } = await nextPending(leash);
    await leash.desk({ id: "ann" }).approve(id);
    const collect = (): Promise<unknown> => status.invoke({ ref }).catch(() => undefined);
    await collect();
    expect(runs).toEqual(["buy"]);
    swap = true;
    await collect();
    expect(await leash.desk({ id: "ann" }).pending()).toEqual([]);
    expect(runs).toEqual(["buy"]);
  });
});
