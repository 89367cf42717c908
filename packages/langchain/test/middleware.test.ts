import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { Command, MemorySaver } from "@langchain/langgraph";
import {
  createAgent,
  createMiddleware,
  fakeModel,
  toolEmulatorMiddleware,
  toolErrorMiddleware,
  toolRetryMiddleware,
  type AnyAgentMiddleware,
} from "langchain";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { leashed, leashMiddleware, resumeLeash, wrapTools } from "../index.ts";
import {
  ALLOW_ALL,
  ask,
  ASK_ALL,
  callingModel,
  DENY_ALL,
  leashFor,
  pendingAt,
  toolMessages,
  type Call,
  approveNext,
} from "./harness.ts";

const item = z.object({ item: z.string(), count: z.coerce.number().default(1) });
const calls: readonly Call[] = [{ name: "buy", args: { item: "tea" }, id: "a" }];
const config = { configurable: { thread_id: "t" } };

function shop(work: (input: z.infer<typeof item>) => unknown = (input) => `sold ${input.item}`) {
  const sold: unknown[] = [];
  const buy = tool(
    (input) => {
      sold.push(input);
      return work(input);
    },
    { name: "buy", description: "d", schema: item },
  );
  return { sold, buy };
}

describe("leashMiddleware", () => {
  it("gates tools that were not wrapped, with the arguments that outer middleware and the schema left", async () => {
    const leash = await leashFor(
      "default: deny\nrules: [{ id: few, action: buy, when: input.count == 7, effect: allow }]\n",
    );
    const { sold, buy } = shop();
    const edit = createMiddleware({
      name: "edit",
      wrapToolCall: (request, handler) =>
        handler({ ...request, toolCall: { ...request.toolCall, args: { item: "tea", count: "7" } } }),
    });
    const agent = createAgent({ model: callingModel(calls), tools: [buy], middleware: [edit, leashMiddleware(leash)] });
    await agent.invoke(ask);
    expect(sold).toEqual([{ item: "tea", count: 7 }]);
  });

  it("gates tools that other middleware brings along", async () => {
    const { sold, buy } = shop();
    const bringing = createMiddleware({ name: "bringing", tools: [buy] });
    const agent = createAgent({
      model: callingModel(calls),
      tools: [],
      middleware: [bringing, leashMiddleware(await leashFor(DENY_ALL))],
    });
    expect(toolMessages(await agent.invoke(ask))["a"]).toMatchObject({ status: "error" });
    expect(sold).toEqual([]);
  });

  it("gates a tool once that is wrapped as well", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const attempt = vi.spyOn(leash, "attempt");
    const { sold, buy } = shop();
    const agent = createAgent({ model: callingModel(calls), ...leashed({ tools: [buy], leash }) });
    await agent.invoke(ask);
    expect(sold).toHaveLength(1);
    expect(attempt).toHaveBeenCalledTimes(1);
  });

  it("gates a tool that a middleware hid from the model", async () => {
    const { sold, buy } = shop();
    const hiding = createMiddleware({
      name: "hiding",
      wrapModelCall: (request, handler) => handler({ ...request, tools: [] }),
    });
    const agent = createAgent({
      model: callingModel(calls),
      tools: wrapTools([buy], await leashFor(DENY_ALL)),
      middleware: [hiding],
    });
    expect(toolMessages(await agent.invoke(ask))["a"]?.artifact).toMatchObject({ leash: { code: "LEASH_DENIED" } });
    expect(sold).toEqual([]);
  });

  it("never lets a tool be looked up behind its back", async () => {
    const { sold, buy } = shop();
    const renaming = createMiddleware({
      name: "renaming",
      wrapToolCall: (request, handler) =>
        handler({ ...request, tool: undefined, toolCall: { ...request.toolCall, name: "buy" } }),
    });
    const agent = createAgent({
      model: callingModel([{ name: "nothing", args: { item: "tea" }, id: "a" }]),
      tools: [buy],
      middleware: [renaming, leashMiddleware(await leashFor(DENY_ALL))],
    });
    expect(toolMessages(await agent.invoke(ask))["a"]?.content).toContain("is not a valid tool");
    expect(sold).toEqual([]);
  });

  it("does not let a middleware after it change what was decided, where the tool is wrapped", async () => {
    const leash = await leashFor(
      "default: deny\nrules: [{ id: few, action: buy, when: input.count == 1, effect: allow }]\n",
    );
    const { sold, buy } = shop();
    const tampering = createMiddleware({
      name: "tampering",
      wrapToolCall: (request, handler) =>
        handler({ ...request, toolCall: { ...request.toolCall, args: { item: "tea", count: 666 } } }),
    });
    const agent = createAgent({
      model: callingModel(calls),
      tools: wrapTools([buy], leash),
      middleware: [leashMiddleware(leash), tampering],
    });
    await agent.invoke(ask);
    expect(sold).toEqual([]);
  });

  it("gives the model a tool's exception, as createAgent does without middleware", async () => {
    const boom = shop(() => {
      throw new Error("boom");
    });
    const bare = createAgent({ model: callingModel(calls), tools: [boom.buy] });
    const expected = toolMessages(await bare.invoke(ask))["a"];
    const leash = await leashFor(ALLOW_ALL);
    const agent = createAgent({ model: callingModel(calls), tools: [boom.buy], middleware: [leashMiddleware(leash)] });
    const message = toolMessages(await agent.invoke(ask))["a"];
    expect([message?.content, message?.status]).toEqual([expected?.content, expected?.status]);
    const strict = createAgent({
      model: callingModel(calls),
      tools: [boom.buy],
      middleware: [leashMiddleware(leash, { onToolError: "throw" })],
    });
    await expect(strict.invoke(ask)).rejects.toThrow("boom");
  });

  it("leaves schema errors to createAgent", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const { sold, buy } = shop();
    const wrong: readonly Call[] = [{ name: "buy", args: { item: 1 }, id: "a" }];
    const bare = createAgent({ model: callingModel(wrong), tools: [buy] });
    const agent = createAgent({ model: callingModel(wrong), tools: [buy], middleware: [leashMiddleware(leash)] });
    const words = async (of: typeof bare): Promise<string | undefined> =>
      toolMessages(await of.invoke(ask))["a"]?.text.split("\n")[0];
    expect(await words(agent as unknown as typeof bare)).toBe(await words(bare));
    expect(sold).toEqual([]);
  });

  it("ends a run whose model insists on refused calls", async () => {
    const leash = await leashFor(DENY_ALL);
    const { buy } = shop();
    const round = (id: string): readonly Call[] => [{ name: "buy", args: { item: "tea" }, id }];
    const model = callingModel(round("a"), round("b"), round("c"), round("d"));
    const agent = createAgent({ model, tools: [buy], middleware: [leashMiddleware(leash, { maxDenials: 2 })] });
    await expect(agent.invoke(ask)).rejects.toMatchObject({ cause: { code: "LEASH_ABORTED" } });
    expect(model.calls).toHaveLength(3);
  });

  it("counts denials of this turn only", async () => {
    const leash = await leashFor(DENY_ALL);
    const { buy } = shop();
    const agent = createAgent({
      model: callingModel(calls),
      tools: [buy],
      middleware: [leashMiddleware(leash, { maxDenials: 1 })],
      checkpointer: new MemorySaver(),
    });
    await agent.invoke(ask, config);
    const next = await agent.invoke({ messages: [new HumanMessage("again")] }, config);
    expect(next.messages.at(-1)?.content).toBe("done");
  });

  it("refuses wrong options when it is made", async () => {
    const leash = await leashFor(DENY_ALL);
    expect(() => leashMiddleware(leash, { maxDenials: 0 })).toThrow(/maxDenials/);
    expect(() => leashMiddleware(leash, { onToolError: "ignore" as never })).toThrow(/onToolError/);
    expect(() => leashMiddleware(leash, { paus: "hold" } as never)).toThrow(/paus/);
  });

  it("interrupts durably and resumes", async () => {
    const leash = await leashFor(ASK_ALL);
    const { sold, buy } = shop();
    const agent = createAgent({
      model: callingModel(calls),
      tools: [buy],
      middleware: [leashMiddleware(leash)],
      checkpointer: new MemorySaver(),
    });
    await agent.invoke(ask, config);
    await agent.invoke(new Command({ resume: true }), config);
    expect(sold).toEqual([]);
    await approveNext(leash);
    await resumeLeash(agent, config, { leash });
    expect(sold).toHaveLength(1);
  });
});

describe("other middleware", () => {
  it("I14: toolRetryMiddleware does not retry a denial, because it is a result", async () => {
    const leash = await leashFor(DENY_ALL);
    const attempt = vi.spyOn(leash, "attempt");
    const { buy } = shop();
    const agent = createAgent({
      model: callingModel(calls),
      tools: wrapTools([buy], leash),
      middleware: [toolRetryMiddleware({ maxRetries: 3, initialDelayMs: 1 }) as AnyAgentMiddleware],
    });
    expect(toolMessages(await agent.invoke(ask))["a"]?.content).toMatch(/^Denied by policy/);
    expect(attempt).toHaveBeenCalledTimes(1);
  });

  it("I2: toolRetryMiddleware around a held call: a person is asked once, and it runs once", async () => {
    const leash = await leashFor(ASK_ALL);
    const { sold, buy } = shop();
    const agent = createAgent({
      model: callingModel(calls),
      tools: wrapTools([buy], leash, { pause: "hold" }),
      middleware: [toolRetryMiddleware({ maxRetries: 3, initialDelayMs: 1 }) as AnyAgentMiddleware],
    });
    const running = agent.invoke(ask);
    expect(await pendingAt(leash.desk({ id: "ann" }))).toHaveLength(1);
    await approveNext(leash);
    await running;
    expect(sold).toHaveLength(1);
  });

  it("I4: a pause that toolRetryMiddleware swallows runs nothing", async () => {
    const leash = await leashFor(ASK_ALL);
    const { sold, buy } = shop();
    const agent = createAgent({
      model: callingModel(calls),
      tools: wrapTools([buy], leash),
      middleware: [toolRetryMiddleware({ maxRetries: 1, initialDelayMs: 1 }) as AnyAgentMiddleware],
      checkpointer: new MemorySaver(),
    });
    await agent.invoke(ask, config);
    expect(sold).toEqual([]);
  });

  it("toolErrorMiddleware lets the pause through and keeps tool errors", async () => {
    const leash = await leashFor(ASK_ALL);
    const { sold, buy } = shop(() => {
      throw new Error("boom");
    });
    const agent = createAgent({
      model: callingModel(calls),
      tools: [buy],
      middleware: [
        toolErrorMiddleware({ onError: (error) => `handled ${String(error)}` }),
        leashMiddleware(leash, { onToolError: "throw" }),
      ],
      checkpointer: new MemorySaver(),
    });
    const paused: { __interrupt__?: unknown[] } = await agent.invoke(ask, config);
    expect(paused.__interrupt__).toHaveLength(1);
    await approveNext(leash);
    const done = await resumeLeash(agent, config, { leash });
    expect(sold).toHaveLength(1);
    expect(JSON.stringify(done)).toContain("handled Error: boom");
  });

  it("an emulated tool asks no one and records nothing", async () => {
    const leash = await leashFor(ASK_ALL);
    const attempt = vi.spyOn(leash, "attempt");
    const { sold, buy } = shop();
    const agent = createAgent({
      model: callingModel(calls),
      tools: wrapTools([buy], leash),
      middleware: [toolEmulatorMiddleware({ model: fakeModel().respond(new AIMessage("emulated")) })],
    });
    expect(toolMessages(await agent.invoke(ask))["a"]?.content).toBe("emulated");
    expect(attempt).not.toHaveBeenCalled();
    expect(sold).toEqual([]);
  });
});

describe("leashed", () => {
  it("covers tools of sub-agents and of middleware, each gated once", async () => {
    const leash = await leashFor(DENY_ALL + "tools: { task: { decision: allow } }\n");
    const attempt = vi.spyOn(leash, "attempt");
    const mine = shop();
    const theirs = shop();
    const parts = leashed({ tools: [mine.buy], leash });
    const task = tool(
      async () =>
        String(
          (await createAgent({ model: callingModel(calls), tools: [...parts.tools] }).invoke(ask)).messages.length,
        ),
      { name: "task", description: "d", schema: z.object({}) },
    );
    const write = tool((input) => theirs.sold.push(input), { name: "write_file", description: "d", schema: item });
    const deep = createMiddleware({ name: "deep", tools: [task, write] });
    const { tools, middleware } = leashed({ tools: [mine.buy], middleware: [deep], leash });
    const agent = createAgent({
      model: callingModel([
        ...calls,
        { name: "task", args: {}, id: "t" },
        { name: "write_file", args: { item: "x" }, id: "w" },
      ]),
      tools,
      middleware,
    });
    await agent.invoke(ask);
    expect([mine.sold, theirs.sold]).toEqual([[], []]);
    expect(attempt.mock.calls.map(([call]) => call.tool).sort()).toEqual(["buy", "buy", "task", "write_file"]);
  });
});
