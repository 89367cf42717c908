import type { Leash } from "@leashkit/core";
import { tool } from "@langchain/core/tools";
import { MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { AIMessage } from "@langchain/core/messages";
import { createAgent } from "langchain";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { wrapTool, wrapTools, type WrapOptions } from "../index.ts";
import {
  ask,
  ASK_ALL,
  callingModel,
  leashFor,
  pause,
  pendingAt,
  toolMessages,
  type Call,
  approveNext,
  nextPending,
} from "./harness.ts";

const item = z.object({ item: z.string() });
const calls: readonly Call[] = [{ name: "buy", args: { item: "tea" }, id: "a" }];

async function shop(options?: WrapOptions): Promise<{ leash: Leash; sold: string[]; buy: ReturnType<typeof build> }> {
  const leash = await leashFor(ASK_ALL);
  const sold: string[] = [];
  return { leash, sold, buy: wrapTool(build(sold), leash, options) };
}

function build(sold: string[]) {
  return tool(
    (input) => {
      sold.push(input.item);
      return `sold ${input.item}`;
    },
    { name: "buy", description: "d", schema: item },
  );
}

/** Approves whatever is still open, as a person who comes late. */
async function approveLate(leash: Leash): Promise<void> {
  const desk = leash.desk({ id: "ann" });
  for (const approval of await desk.pending()) await desk.approve(approval.id);
  await pause(50);
}

describe("holding", () => {
  it.each(["auto", "hold", "interrupt"] as const)("waits in the process without a checkpointer (%s)", async (mode) => {
    const { leash, sold, buy } = await shop({ pause: mode });
    const agent = createAgent({ model: callingModel(calls), tools: [buy] });
    const running = agent.invoke(ask);
    const approval = await nextPending(leash);
    expect(sold).toEqual([]);
    await leash.desk({ id: "ann" }).approve(approval.id);
    expect(toolMessages(await running)["a"]?.content).toBe("sold tea");
    expect(sold).toEqual(["tea"]);
  });

  it("waits in the process where a thread is named and nothing is checkpointed", async () => {
    const { leash, sold, buy } = await shop();
    const agent = createAgent({ model: callingModel(calls), tools: [buy] });
    const running = agent.invoke(ask, { configurable: { thread_id: "t" } });
    await approveNext(leash);
    await running;
    expect(sold).toEqual(["tea"]);
  });

  it("is a choice with a checkpointer too", async () => {
    const { leash, buy } = await shop({ pause: "hold" });
    const agent = createAgent({ model: callingModel(calls), tools: [buy], checkpointer: new MemorySaver() });
    const running = agent.invoke(ask, { configurable: { thread_id: "t" } });
    await leash.desk({ id: "ann" }).deny((await nextPending(leash)).id);
    expect(toolMessages(await running)["a"]).toMatchObject({ status: "error" });
  });

  it("tells the custom stream that a person is asked", async () => {
    const { leash, buy } = await shop();
    const agent = createAgent({ model: callingModel(calls), tools: [buy] });
    const notices: unknown[] = [];
    for await (const chunk of await agent.stream(ask, { streamMode: "custom" })) {
      notices.push(chunk);
      await approveNext(leash);
    }
    expect(notices).toEqual([
      expect.objectContaining({ type: "leash.pending", tool: "buy", toolCallId: "a", ref: expect.any(String) }),
    ]);
  });

  it("I2: an abort while waiting means that a late approval runs nothing", async () => {
    const { leash, sold, buy } = await shop();
    const agent = createAgent({ model: callingModel(calls), tools: [buy] });
    const controller = new AbortController();
    const running = agent.invoke(ask, { signal: controller.signal });
    running.catch(() => undefined);
    await pendingAt(leash.desk({ id: "ann" }));
    controller.abort();
    await expect(running).rejects.toThrow();
    await approveLate(leash);
    expect(sold).toEqual([]);
  });

  it("I2: an abort while waiting takes the question off the desk", async () => {
    const { leash, buy } = await shop();
    const agent = createAgent({ model: callingModel(calls), tools: [buy] });
    const controller = new AbortController();
    const running = agent.invoke(ask, { signal: controller.signal }).catch(() => undefined);
    const desk = leash.desk({ id: "ann" });
    const [{ id } = { id: "" }] = await pendingAt(desk);
    controller.abort();
    await running;
    expect((await desk.wait(id)).status).toBe("cancelled");
    expect(await desk.pending()).toEqual([]);
  });

  it("I2: a run that timed out runs nothing on a late approval", async () => {
    const { leash, sold, buy } = await shop();
    const agent = createAgent({ model: callingModel(calls), tools: [buy] });
    await expect(agent.invoke(ask, { timeout: 200 })).rejects.toThrow();
    await approveLate(leash);
    expect(sold).toEqual([]);
  });

  it("I2: a step that timed out runs nothing on a late approval", async () => {
    const { leash, sold, buy } = await shop();
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("tools", new ToolNode([buy]))
      .addEdge(START, "tools")
      .compile();
    graph.stepTimeout = 200;
    const message = new AIMessage({ content: "", tool_calls: [{ ...calls[0], type: "tool_call" } as never] });
    await expect(graph.invoke({ messages: [message] })).rejects.toThrow();
    await approveLate(leash);
    expect(sold).toEqual([]);
  });

  it.each([
    ["arguments", { item: "tea" }],
    ["a tool call", { ...calls[0], type: "tool_call" } as never],
  ])("I2: a bare call with %s and an aborted signal throws and runs nothing", async (_what, input) => {
    const { leash, sold, buy } = await shop();
    const controller = new AbortController();
    const running = buy.invoke(input, { signal: controller.signal });
    running.catch(() => undefined);
    await pendingAt(leash.desk({ id: "ann" }));
    controller.abort(new Error("enough"));
    await expect(running).rejects.toMatchObject({ code: "LEASH_ABORTED" });
    expect(await leash.desk({ id: "ann" }).pending()).toEqual([]);
    await expect(buy.invoke(input, { signal: controller.signal })).rejects.toThrow();
    expect(sold).toEqual([]);
  });

  it("is what a nested graph with `checkpointer: false` needs, as it starts anew on every resume", async () => {
    const { leash, sold, buy } = await shop({ pause: "hold" });
    const inner = createAgent({ model: callingModel(calls), tools: [buy], checkpointer: false });
    const outer = tool(async () => String((await inner.invoke(ask)).messages.at(-1)?.text), {
      name: "outer",
      description: "d",
      schema: item,
    });
    const agent = createAgent({
      model: callingModel([{ name: "outer", args: { item: "x" }, id: "o" }]),
      tools: [outer],
      checkpointer: new MemorySaver(),
    });
    const running = agent.invoke(ask, { configurable: { thread_id: "t" } });
    await approveNext(leash);
    await running;
    expect(sold).toEqual(["tea"]);
  });

  it("a guarded tool called within an unguarded one is a call of its own", async () => {
    const { leash, sold, buy } = await shop();
    const outer = tool(
      async (_input, config) => {
        await Promise.all([buy.invoke({ item: "tea" }, config), buy.invoke({ item: "tea" }, config)]);
        return "bought twice";
      },
      { name: "outer", description: "d", schema: item },
    );
    const agent = createAgent({
      model: callingModel([{ name: "outer", args: { item: "x" }, id: "o" }]),
      tools: [outer],
      checkpointer: new MemorySaver(),
    });
    const running = agent.invoke(ask, { configurable: { thread_id: "t" } });
    const desk = leash.desk({ id: "ann" });
    for (const approval of await pendingAt(desk, 2)) await desk.approve(approval.id);
    await running;
    expect(sold).toEqual(["tea", "tea"]);
  });
});

describe("hosts without tool call ids", () => {
  it("get the typed error, or the text where they would swallow it", async () => {
    const leash = await leashFor("default: deny\n");
    const [thrown] = wrapTools([build([])], leash);
    await expect(thrown.invoke({ item: "tea" })).rejects.toMatchObject({ name: "LeashDenied", code: "LEASH_DENIED" });
    const [returned] = wrapTools([build([])], leash, { onDeny: "return" });
    expect(await returned.invoke({ item: "tea" })).toBe(
      "Denied by policy. Do not retry this call with the same arguments.",
    );
  });
});
