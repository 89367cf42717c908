import type { Leash } from "@leashkit/core";
import { RunnableLambda } from "@langchain/core/runnables";
import { tool } from "@langchain/core/tools";
import { createAgent } from "langchain";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { LeashCallbackHandler, wrapTool, type LeashEvent } from "../index.ts";
import { ALLOW_ALL, ask, callingModel, DENY_ALL, leashFor, toolMessages } from "./harness.ts";
import { ClassTool, PrivateTool } from "./classes.ts";
import type { TestTool } from "./kinds.ts";

const item = z.object({ item: z.string() });
const call = { name: "buy", args: { item: "tea" }, id: "a", type: "tool_call" } as const;

function shop() {
  const sold: string[] = [];
  const buy = tool(
    (input) => {
      sold.push(input.item);
      return "sold";
    },
    { name: "buy", description: "d", schema: item },
  );
  return { sold, buy };
}

async function logOf(leash: Leash): Promise<Record<string, unknown>[]> {
  const lines: Record<string, unknown>[] = [];
  for await (const line of leash.exportLog()) lines.push(JSON.parse(line) as Record<string, unknown>);
  return lines;
}

const types = (events: readonly LeashEvent[]): string[] => events.map(({ type }) => type);

describe("LeashCallbackHandler", () => {
  it("tells proposals, starts and ends, by name and without arguments", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const { buy } = shop();
    const told: LeashEvent[] = [];
    const watcher = new LeashCallbackHandler(leash, { onEvent: (event) => told.push(event) });
    const agent = createAgent({ model: callingModel([call]), tools: [wrapTool(buy, leash)] });
    await agent.invoke(ask, { callbacks: [watcher] });
    expect(types(told)).toEqual(["proposed", "started", "ended"]);
    expect(told.map((event) => [event.tool, event.toolCallId])).toEqual([
      ["buy", "a"],
      ["buy", "a"],
      ["buy", "a"],
    ]);
    expect(watcher.events).toEqual(told);
    expect(JSON.stringify(told)).not.toContain("tea");
  });

  it("tells refusals and failures apart from ends", async () => {
    const leash = await leashFor("default: deny\ntools: { fail: { decision: allow } }\n");
    const { buy } = shop();
    const watcher = new LeashCallbackHandler(leash);
    await wrapTool(buy, leash).invoke(call, { callbacks: [watcher] });
    const fail = tool(() => Promise.reject(new Error("x")), { name: "fail", description: "d", schema: item });
    await expect(wrapTool(fail, leash).invoke(call, { callbacks: [watcher] })).rejects.toThrow();
    expect(types(watcher.events)).toEqual(["started", "refused", "started", "failed"]);
    expect(watcher.events[1]?.code).toBe("LEASH_DENIED");
  });

  it("finds a tool that no guard stands before, also one behind another gate", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const { buy, sold } = shop();
    const any = new LeashCallbackHandler();
    const exact = new LeashCallbackHandler(leash);
    await buy.invoke(call, { callbacks: [any, exact] });
    await wrapTool(buy, await leashFor(ALLOW_ALL)).invoke(call, { callbacks: [any, exact] });
    expect(types(any.events)).toEqual(["started", "unguarded", "ended", "started", "ended"]);
    expect(types(exact.events)).toEqual(["started", "unguarded", "ended", "started", "unguarded", "ended"]);
    expect(sold).toHaveLength(2);
  });

  it.each([
    [false, "not stopped"],
    [true, "stopped before it worked"],
  ])("has the log of its leash tell of a tool that no guard stands before (strict: %s)", async (strict, detail) => {
    const leash = await leashFor(ALLOW_ALL);
    const console_ = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const { buy } = shop();
    const watcher = new LeashCallbackHandler(leash, { strict });
    await wrapTool(buy, leash).invoke(call, { callbacks: [watcher] });
    await buy.invoke(call, { callbacks: [watcher] }).catch(() => undefined);
    const lines = await logOf(leash);
    expect(lines.filter(({ type }) => type === "unguarded")).toMatchObject([
      { actor_type: "agent", actor_id: "agent", action_type: "buy", adapter: "langchain", detail },
    ]);
    expect(JSON.stringify(lines)).not.toContain("tea");
    console_.mockRestore();
  });

  it.each([
    ["a function's tool", () => shop().buy, {}],
    ["a class", () => new ClassTool(() => "x"), {}],
    ["a patched class", () => new PrivateTool(() => "x"), { patch: true }],
  ])("knows %s as guarded", async (_what, make, options) => {
    const leash = await leashFor(ALLOW_ALL);
    const watcher = new LeashCallbackHandler(leash, { strict: true });
    await wrapTool(make() as unknown as TestTool, leash, options).invoke({ item: "x", a: 1 }, { callbacks: [watcher] });
    expect(types(watcher.events)).toEqual(["started", "ended"]);
  });

  it("strict: stops an unguarded tool before it works", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const { buy, sold } = shop();
    const console_ = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const watcher = new LeashCallbackHandler(leash, { strict: true });
    await expect(buy.invoke(call, { callbacks: [watcher] })).rejects.toMatchObject({ code: "LEASH_DENIED" });
    const agent = createAgent({ model: callingModel([call]), tools: [buy] });
    expect(toolMessages(await agent.invoke(ask, { callbacks: [watcher] }))["a"]?.status).toBe("error");
    expect(sold).toEqual([]);
    expect(types(watcher.events)).toEqual([
      "started",
      "unguarded",
      "vetoed",
      "proposed",
      "started",
      "unguarded",
      "vetoed",
    ]);
    console_.mockRestore();
  });

  it("is awaited where it may stop a tool, whatever the environment says", () => {
    const strict = new LeashCallbackHandler(undefined, { strict: true });
    expect([strict.raiseError, strict.awaitHandlers]).toEqual([true, true]);
    const lax = new LeashCallbackHandler();
    expect([lax.raiseError, lax.awaitHandlers]).toEqual([false, true]);
    expect(lax.copy()).toBe(lax);
  });

  it("is no enforcement point: LangChain does not tell it of runnables made into tools", async () => {
    const done: unknown[] = [];
    const runnable = RunnableLambda.from((input: unknown) => done.push(input)).asTool({
      name: "run",
      description: "d",
      schema: z.object({ item: z.string() }),
    });
    const watcher = new LeashCallbackHandler(undefined, { strict: true });
    await runnable.invoke({ item: "x" }, { callbacks: [watcher] });
    expect(done).toHaveLength(1);
    expect(watcher.events).toEqual([]);
  });

  it("hears nothing of calls whose arguments the schema refuses", async () => {
    const leash = await leashFor(DENY_ALL);
    const watcher = new LeashCallbackHandler(leash);
    const wrong = wrapTool(shop().buy, leash).invoke({ ...call, args: { item: 1 } } as never, { callbacks: [watcher] });
    await expect(wrong).rejects.toThrow(/did not match expected schema/);
    expect(watcher.events).toEqual([]);
  });

  it("keeps the last thousand events", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const watcher = new LeashCallbackHandler(leash);
    const wrapped = wrapTool(shop().buy, leash);
    for (let round = 0; round < 501; round += 1) await wrapped.invoke({ item: "x" }, { callbacks: [watcher] });
    expect(watcher.events).toHaveLength(1_000);
  });
});
