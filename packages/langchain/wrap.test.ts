import { createLeash, LeashDenied, loadPolicy, type Gate, type Json, type Leash, type Policy } from "@leashkit/core";
import { createRequire } from "node:module";
import { ToolMessage } from "@langchain/core/messages";
import type * as LangChainTools from "@langchain/core/tools";
import { DynamicStructuredTool, StructuredTool, tool, type DynamicTool } from "@langchain/core/tools";
import { createAgent } from "langchain";
import { describe, expect, expectTypeOf, it, vi } from "vitest";
import { z } from "zod";
import { refusalOf, wrapTool, wrapTools } from "./index.ts";
import { ALLOW_ALL, ask, callingModel, DENY_ALL, leashFor } from "./test/harness.ts";
import { ClassTool, PrivateTool } from "./test/classes.ts";

const item = z.object({ item: z.string() });
const call = { name: "buy", args: { item: "tea" }, id: "a", type: "tool_call" } as const;

function buyTool(work: (input: { item: string }) => unknown = (input) => `sold ${input.item}`) {
  return tool(work, { name: "buy", description: "d", schema: item });
}

describe("what cannot be guarded", () => {
  it.each([
    ["a function", () => "x"],
    ["text", "buy"],
    ["nothing", null],
    ["an object with invoke", { name: "buy", invoke: () => "x" }],
    ["a bare declaration", { name: "buy", schema: item, description: "d" }],
  ])("is refused when it is wrapped: %s", async (_what, thing) => {
    const leash = await leashFor(ALLOW_ALL);
    expect(() => wrapTools([thing as object], leash)).toThrow(
      expect.objectContaining({ code: "LEASH_TOOL_UNSUPPORTED" }),
    );
  });

  it("is a provider-run tool, unless it is listed", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const search = { type: "web_search" };
    const declared = { type: "function", name: "f", function: { name: "f" } };
    expect(() => wrapTool(search, leash)).toThrow(/providerTools/);
    expect(() => wrapTool(declared, leash, { providerTools: ["web_search"] })).toThrow(/providerTools/);
    expect(wrapTool(search, leash, { providerTools: ["web_search"] })).toBe(search);
    expect(wrapTool(declared, leash, { providerTools: ["f"] })).toBe(declared);
  });

  it("is a class that works in an overridden invoke, unless it is listed", async () => {
    const leash = await leashFor(DENY_ALL);
    const done: string[] = [];
    class Sneaky extends ClassTool {
      override async invoke(...args: Parameters<ClassTool["invoke"]>): Promise<never> {
        done.push("sneaked");
        return (await super.invoke(...args)) as never;
      }
    }
    class SneakyCall extends ClassTool {
      override async call(): Promise<never> {
        done.push("sneaked");
        return "x" as never;
      }
    }
    expect(() => wrapTool(new Sneaky(() => "x"), leash)).toThrow(/invokeOverrides/);
    expect(() => wrapTool(new SneakyCall(() => "x"), leash)).toThrow(/invokeOverrides/);
    const own = Object.assign(buyTool(), { invoke: async () => "x" });
    expect(() => wrapTool(own, leash)).toThrow(/invokeOverrides/);
    const listed = wrapTool(new Sneaky((input) => String(input)), leash, { invokeOverrides: ["t_class"] });
    await expect(listed.invoke({ a: 1 })).rejects.toBeInstanceOf(LeashDenied);
    expect(done).toEqual(["sneaked"]);
  });
});

describe("wrapTools", () => {
  it("keeps the tuple's types, as createAgent wants them", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const buy = buyTool();
    const note = tool((text: string) => text, { name: "note", description: "d", schema: z.string() });
    const wrapped = wrapTools([buy, note], leash);
    expectTypeOf(wrapped).toEqualTypeOf<[typeof buy, typeof note]>();
    expectTypeOf(wrapped[1]).toExtend<DynamicTool>();
    createAgent({ model: callingModel(), tools: wrapped });
    createAgent({ model: callingModel(), tools: wrapTools([buyTool()], leash) });
  });

  it("refuses options it does not know", async () => {
    const leash = await leashFor(ALLOW_ALL);
    expect(() => wrapTool(buyTool(), leash, { onDeni: "throw" } as never)).toThrow(/onDeni/);
    expect(() => wrapTool(buyTool(), leash, { pause: "wait" as never })).toThrow(/pause must be one of/);
    expect(() => wrapTool(buyTool(), leash, { onDeny: "shout" as never })).toThrow(/onDeny must be one of/);
  });

  it("gives the same wrapper for the same tool, gate and options", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const buy = buyTool();
    expect(wrapTool(buy, leash)).toBe(wrapTool(buy, leash));
    expect(wrapTool(buy, leash, { pause: "hold" })).not.toBe(wrapTool(buy, leash));
  });

  it("refuses a second tool of the same name", async () => {
    const leash = await leashFor(ALLOW_ALL);
    wrapTool(buyTool(), leash);
    const other = tool(() => "x", { name: "buy", description: "d", schema: z.object({ other: z.number() }) });
    expect(() => wrapTool(other, leash)).toThrow(expect.objectContaining({ code: "LEASH_CONFIG_INVALID" }));
  });

  it("lets a narrowed gate stand in front of the parent's: both must agree", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const done: unknown[] = [];
    const parents = wrapTool(
      buyTool((input) => done.push(input)),
      leash,
    );
    const childs = wrapTool(parents, leash.narrow({ tools: ["look"] }));
    expect(refusalOf(await childs.invoke(call))).toMatchObject({ reasonCode: "narrowed" });
    expect(done).toEqual([]);
    await parents.invoke(call);
    expect(done).toHaveLength(1);
  });

  it("I7: is left as it is by the parent's gate where a child's stands before it: one call counts once", async () => {
    const leash = await leashFor("default: allow\nlimits: [{ id: few, action: buy, window: 1h, max: 2 }]");
    const done: unknown[] = [];
    const childs = wrapTool(
      buyTool((input) => done.push(input)),
      leash.narrow({ agent: "buyer" }).narrow({ tools: ["buy"] }),
    );
    expect(wrapTool(childs, leash)).toBe(childs);
    const both = wrapTool(childs, leash);
    for (let time = 0; time < 3; time += 1) await both.invoke({ ...call, id: `call-${time}` });
    expect(done).toHaveLength(2);
  });

  it("guards a function that is replaced later", async () => {
    const leash = await leashFor(DENY_ALL);
    const done: string[] = [];
    const wrapped = wrapTool(buyTool(), leash);
    wrapped.func = async () => done.push("replaced");
    await wrapped.invoke(call);
    expect(done).toEqual([]);
  });

  it("cannot reach private members of a class through a view, and says how to", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const viewed = wrapTool(new PrivateTool(() => "worked"), leash);
    expect(await viewed.invoke({ a: 1 })).toBe("worked");
    expect(() => viewed.secretLength()).toThrow(TypeError);
    const patched = wrapTool(new PrivateTool(() => "worked"), await leashFor(ALLOW_ALL), { patch: true });
    expect(await patched.invoke({ a: 1 })).toBe("worked");
    expect(patched.secretLength()).toBe(0);
  });

  it("asks the policy once, however a patched tool reaches its own function", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const attempt = vi.spyOn(leash, "attempt");
    const patched = wrapTool(buyTool(), leash, { patch: true });
    expect(await patched.invoke({ item: "tea" })).toBe("sold tea");
    expect(attempt).toHaveBeenCalledTimes(1);
  });

  it("refuses to patch a tool that cannot be changed", async () => {
    const frozen = Object.freeze(buyTool());
    const leash = await leashFor(ALLOW_ALL);
    expect(() => wrapTool(frozen, leash, { patch: true })).toThrow(/cannot be changed/);
  });
});

describe("the registration", () => {
  const registered = (leash: Gate): ReturnType<typeof vi.spyOn> => vi.spyOn(leash, "register");
  const annotated = (annotations: unknown): DynamicStructuredTool =>
    new DynamicStructuredTool({
      name: "buy",
      description: "d",
      schema: item,
      metadata: { annotations },
      func: async () => "x",
    });

  it("states name, origin and the schema's digest", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const register = registered(leash);
    const cafe = tool(() => "x", { name: "cafe\u0301", description: "d", schema: item });
    wrapTool(cafe, leash);
    expect(register).toHaveBeenCalledWith({
      id: "caf\u00e9",
      origin: "langchain",
      schemaDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it("is the same for zod 4, zod 3's like and another instance of one schema", async () => {
    const leash = await leashFor(ALLOW_ALL);
    wrapTool(buyTool(), leash);
    expect(() =>
      wrapTool(
        tool(() => "x", { name: "buy", description: "d", schema: z.object({ item: z.string() }) }),
        leash,
      ),
    ).not.toThrow();
  });

  it("believes a server's harmless hints only where it is told to", async () => {
    const hints = { readOnlyHint: true, idempotentHint: true };
    const bare = await leashFor(ALLOW_ALL);
    wrapTool(annotated(hints), bare);
    expect(bare.register({ id: "other" }).idempotent).toBe(false);
    const doubting = await leashFor(ALLOW_ALL);
    const doubted = registered(doubting);
    wrapTool(annotated(hints), doubting);
    expect(doubted.mock.lastCall?.[0]).not.toHaveProperty("idempotent");
    expect(doubted.mock.lastCall?.[0]).not.toHaveProperty("sideEffect");
    const trusting = await leashFor(ALLOW_ALL);
    const trusted = registered(trusting);
    wrapTool(annotated(hints), trusting, { trustAnnotations: true });
    expect(trusted.mock.lastCall?.[0]).toMatchObject({ sideEffect: "read", idempotent: true });
    const warned = await leashFor(ALLOW_ALL);
    const warning = registered(warned);
    wrapTool(annotated({ destructiveHint: true }), warned);
    expect(warning.mock.lastCall?.[0]).toMatchObject({ sideEffect: "write" });
  });

  it("takes what the host states of a tool", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const register = registered(leash);
    wrapTool(buyTool(), leash, { registrations: { buy: { idempotent: true, counterparty: "input.item" } } });
    expect(register.mock.lastCall?.[0]).toMatchObject({ id: "buy", idempotent: true, counterparty: "input.item" });
  });

  it("carries richer input through the host's encoder and decoder", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const got: unknown[] = [];
    const at = tool((input) => got.push(input), {
      name: "at",
      description: "d",
      schema: z.object({ day: z.string().transform((text) => new Date(text)) }),
    });
    const bare = wrapTool(at, leash);
    const message: unknown = await bare.invoke({ name: "at", args: { day: "2026-01-02" }, id: "a", type: "tool_call" });
    expect(refusalOf(message)?.code).toBe("LEASH_INPUT_INVALID");
    const richer = wrapTool(at, await leashFor(ALLOW_ALL), {
      registrations: {
        at: {
          encode: (input) => ({ day: (input as { day: Date }).day.toISOString() }),
          decode: (input) => ({ day: new Date((input as { day: string }).day) }),
        },
      },
    });
    await richer.invoke({ day: "2026-01-02" });
    expect(got).toEqual([{ day: new Date("2026-01-02") }]);
  });
});

describe("refusals", () => {
  it("I14: are messages for models and typed errors for programs, without rule internals", async () => {
    const leash = await leashFor("default: allow\nrules: [{ id: secret-rule, action: buy, effect: deny }]\n");
    const wrapped = wrapTool(buyTool(), leash);
    const message: unknown = await wrapped.invoke(call);
    expect(ToolMessage.isInstance(message)).toBe(true);
    expect(message).toMatchObject({ status: "error", tool_call_id: "a", name: "buy" });
    expect(JSON.stringify(message)).not.toContain("secret-rule");
    expect(refusalOf(message)).toEqual({ v: 1, code: "LEASH_DENIED", reasonCode: "rule", approvalId: null, ref: null });
    await expect(wrapped.invoke({ item: "tea" })).rejects.toMatchObject({ code: "LEASH_DENIED", reasonCode: "rule" });
  });

  it("are two-tuples for tools that answer with content and artifact", async () => {
    const leash = await leashFor(DENY_ALL);
    const pair = tool(() => ["x", {}], {
      name: "buy",
      description: "d",
      schema: item,
      responseFormat: "content_and_artifact",
    });
    expect(refusalOf(await wrapTool(pair, leash).invoke(call))?.code).toBe("LEASH_DENIED");
  });

  it("can be thrown to models' hosts as well", async () => {
    const wrapped = wrapTool(buyTool(), await leashFor(DENY_ALL), { onDeny: "throw" });
    await expect(wrapped.invoke(call)).rejects.toBeInstanceOf(LeashDenied);
  });

  it("do not end a returnDirect run", async () => {
    const direct = Object.assign(buyTool(), { returnDirect: true });
    const agent = createAgent({ model: callingModel([call]), tools: wrapTools([direct], await leashFor(DENY_ALL)) });
    expect((await agent.invoke(ask)).messages.at(-1)?.content).toBe("done");
  });

  it("are never made of a tool's own exception, also when it is a refusal from deeper down", async () => {
    const leash = await leashFor("default: deny\ntools: { outer: { decision: allow } }\n");
    const inner = wrapTool(buyTool(), leash);
    const outer = tool(async () => inner.invoke({ item: "tea" }), { name: "outer", description: "d", schema: item });
    const wrapped = wrapTool(outer, leash);
    await expect(wrapped.invoke({ ...call, name: "outer" })).rejects.toMatchObject({ code: "LEASH_DENIED" });
    const failing = wrapTool(
      tool(() => Promise.reject(new TypeError("mine")), { name: "failing", description: "d", schema: item }),
      await leashFor(ALLOW_ALL),
    );
    await expect(failing.invoke({ ...call, name: "failing" })).rejects.toThrow(new TypeError("mine"));
  });
});

/** A leash whose policy allows everything in the form it computes. */
async function computing(input: Json, toolName?: string): Promise<Leash> {
  const inner = await loadPolicy("leash: 1\n" + ALLOW_ALL);
  const policy: Policy = {
    ...inner,
    evaluate: (action, spec, facts) => ({
      ...inner.evaluate(action, spec, facts),
      transform: { tool: toolName ?? action.tool, input },
    }),
  };
  return createLeash({ policy, store: "memory", notify: [] });
}

describe("what a tool runs on", () => {
  it("I1: is the form that the policy computed, also for a tool of one text", async () => {
    const got: unknown[] = [];
    const query = tool((input) => got.push(input), {
      name: "query",
      description: "d",
      schema: z.object({ limit: z.number() }),
    });
    await wrapTool(query, await computing({ limit: 100 })).invoke({ limit: 1000 });
    const note = tool((text: string) => got.push(text), { name: "note", description: "d", schema: z.string() });
    await wrapTool(note, await computing({ input: "safe" })).invoke("risky");
    expect(got).toEqual([{ limit: 100 }, "safe"]);
  });

  it("I4: is nothing when the policy swaps the tool for another", async () => {
    const done: string[] = [];
    const leash = await computing({ item: "tea" }, "other");
    leash.register({ id: "other" });
    const wrapped = wrapTool(
      buyTool((input) => done.push(input.item)),
      leash,
    );
    await expect(wrapped.invoke({ item: "tea" })).rejects.toMatchObject({
      code: "LEASH_DENIED",
      reasonCode: "policy_error",
    });
    expect(done).toEqual([]);
  });

  it("I12: is the original call in observe mode", async () => {
    const leash = await leashFor(DENY_ALL, { mode: "observe" });
    const got: unknown[] = [];
    const note = tool((text: string) => got.push(text), { name: "note", description: "d", schema: z.string() });
    await wrapTool(note, leash).invoke("hello");
    expect(got).toEqual(["hello"]);
  });

  it("can include the defaults that a JSON schema states, for servers that fill them in later", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const schema = {
      type: "object",
      properties: {
        a: { type: "number" },
        b: { type: "number", default: 2 },
        deep: { type: "object", default: {}, properties: { c: { type: "string", default: "x" } } },
      },
    } as const;
    const got: unknown[] = [];
    const remote = tool((input) => got.push(input), { name: "remote", description: "d", schema });
    await wrapTool(remote, leash, { applySchemaDefaults: true }).invoke({ a: 1 });
    await wrapTool(remote, leash).invoke({ a: 1 });
    expect(got).toEqual([{ a: 1, b: 2, deep: { c: "x" } }, { a: 1 }]);
  });

  it("hands LangChain's runtime and generator events through", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const events: unknown[] = [];
    const seen: unknown[] = [];
    const steps = tool(
      async function* (input: { item: string }, config) {
        seen.push(config.toolCall?.id, config.metadata?.["m"]);
        yield `packing ${input.item}`;
        return "sent";
      },
      { name: "buy", description: "d", schema: item },
    );
    const answer: unknown = await wrapTool(steps, leash).invoke(call, {
      metadata: { m: 1 },
      callbacks: [{ handleToolEvent: (chunk: unknown) => void events.push(chunk) }],
    });
    expect(answer).toMatchObject({ content: "sent" });
    expect(events).toEqual(["packing tea"]);
    expect(seen).toEqual(["a", 1]);
  });

  it("is decided before a generator does anything, and its failure is the call's failure", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const steps = tool(
      async function* () {
        yield "one";
        throw new Error("torn");
      },
      { name: "buy", description: "d", schema: item },
    );
    await expect(wrapTool(steps, leash).invoke(call)).rejects.toThrow("torn");
    const lines: string[] = [];
    for await (const line of leash.exportLog()) lines.push(line);
    expect(lines.join("")).toContain('"type":"failed"');
  });
});

it("tools and agents of the CommonJS copy of LangChain are known and guarded as well", async () => {
  const require = createRequire(import.meta.url);
  const commonTools = require("@langchain/core/tools") as typeof LangChainTools;
  const common = require("langchain") as { createAgent: typeof createAgent };
  expect(commonTools.tool).not.toBe(tool);
  const done: unknown[] = [];
  const buy = commonTools.tool((input) => done.push(input), { name: "buy", description: "d", schema: item });
  const tools = wrapTools([buy], await leashFor(DENY_ALL));
  const agent = common.createAgent({ model: callingModel([call]), tools });
  const refused = (await agent.invoke(ask)).messages.find((message) => refusalOf(message) !== undefined);
  expect(refusalOf(refused)?.code).toBe("LEASH_DENIED");
  await wrapTool(buy, await leashFor(ALLOW_ALL)).invoke(call);
  expect(done).toEqual([{ item: "tea" }]);
});

it("a class of one's own keeps its members and its kind", async () => {
  const wrapped = wrapTool(new ClassTool(() => "x"), await leashFor(ALLOW_ALL));
  expect(wrapped.ownMember()).toBe("own");
  expect(wrapped).toBeInstanceOf(StructuredTool);
});
