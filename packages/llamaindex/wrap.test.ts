import type { Leash } from "@leashkit/core";
import { createLeash, type Json } from "@leashkit/core";
import { scriptedPolicy } from "@leashkit/core/testing";
import type { JSONValue } from "@llamaindex/core/global";
import type { BaseToolWithCall } from "@llamaindex/core/llms";
import { FunctionTool, tool } from "@llamaindex/core/tools";
import { agent, multiAgent } from "@llamaindex/workflow";
import { FunctionTool as SameFunctionTool, QueryEngineTool } from "llamaindex";
import { describe, expect, expectTypeOf, it, vi } from "vitest";
import { z } from "zod";
import { leashTool, wrapTools } from "./index.ts";
import { ALLOW_ALL, ASK_ALL, DENY_ALL, approveNext, leashFor, lines } from "./leash.fixture.ts";
import { ScriptedLlm } from "./scripted-llm.fixture.ts";

const item = z.object({ item: z.string() });
const DENIED = "Denied by policy. Do not retry this call with the same arguments.";

function buyTool(work: (input: { item: string }, shop?: object) => JSONValue = (input) => `sold ${input.item}`) {
  return tool({ name: "buy", description: "d", parameters: item, execute: work });
}

/** A tool class whose work needs its private members. */
class Till implements BaseToolWithCall {
  readonly #sold: string[] = [];
  readonly metadata = { name: "till", description: "d" };
  async call(input: { item: string }): Promise<JSONValue> {
    return `sold ${this.#sold.push(input.item)}`;
  }
  get count(): number {
    return this.#sold.length;
  }
}

describe("a wrapped tool", () => {
  it("is still a FunctionTool with its own metadata, in enforce and in observe mode", async () => {
    for (const mode of ["enforce", "observe"] as const) {
      const buy = buyTool();
      const wrapped = leashTool(buy, await leashFor(ALLOW_ALL, { mode }));
      expectTypeOf(wrapped).toEqualTypeOf(buy);
      expect(wrapped).toBeInstanceOf(FunctionTool);
      expect(wrapped).toBeInstanceOf(SameFunctionTool);
      expect(wrapped.metadata).toBe(buy.metadata);
      expect(wrapped.call).toBe(wrapped.call);
      expect(await wrapped.call({ item: "tea" })).toBe("sold tea");
    }
  });

  it("may be a class whose methods and getters use private members", async () => {
    const till = new Till();
    const wrapped = leashTool(till, await leashFor(ALLOW_ALL));
    expect(await wrapped.call({ item: "tea" })).toBe("sold 1");
    expect([wrapped.count, till.count]).toEqual([1, 1]);
    expect(await leashTool(till, await leashFor(DENY_ALL)).call({ item: "tea" })).toBe(DENIED);
    expect(till.count).toBe(1);
  });

  it("may be a QueryEngineTool", async () => {
    const queryEngine = {
      query: async ({ query }: { query: string }) => ({ message: { content: `found ${query}` } }),
    };
    const search = new QueryEngineTool({ queryEngine: queryEngine as never });
    const { name } = search.metadata;
    expect(await leashTool(search, await leashFor(ALLOW_ALL)).call({ query: "tea" })).toMatchObject({
      content: "found tea",
    });
    const refusing = leashTool(search, await leashFor(`default: allow\ntools: { ${name}: { decision: deny } }\n`));
    expect(await refusing.call({ query: "tea" })).toBe(DENIED);
  });

  it("gives a guarded tool when it is bound, again and again", async () => {
    const leash = await leashFor(DENY_ALL);
    const done: string[] = [];
    const wrapped = leashTool(
      buyTool((input) => done.push(input.item)),
      leash,
    );
    const bound = wrapped.bind({});
    expect(bound).toBeInstanceOf(FunctionTool);
    expect(await bound.call({ item: "tea" })).toBe(DENIED);
    expect(await bound.bind({}).call({ item: "tea" })).toBe(DENIED);
    expect(done).toEqual([]);
  });

  it("hands over what was bound", async () => {
    const wrapped = leashTool(
      buyTool((input, shop) => ({ ...input, ...shop })),
      await leashFor(ALLOW_ALL),
    );
    expect(await wrapped.bind({ shop: 1 }).call({ item: "tea" })).toEqual({ item: "tea", shop: 1 });
  });

  it.each([
    ["read", (wrapped: BaseToolWithCall) => wrapped.call],
    ["spread", (wrapped: BaseToolWithCall) => ({ ...wrapped }).call],
    ["described", (wrapped: BaseToolWithCall) => Object.getOwnPropertyDescriptor(wrapped, "call")?.value as never],
    ["listed", (wrapped: BaseToolWithCall) => Object.values(wrapped).at(1) as never],
    ["inherited", (wrapped: BaseToolWithCall) => (Object.create(wrapped) as typeof wrapped).call],
  ])("A-A23: gives no bare call away when it is %s", async (_how, read) => {
    const done: string[] = [];
    const wrapped = leashTool(
      buyTool((input) => done.push(input.item)),
      await leashFor(DENY_ALL),
    );
    const found: unknown = read(wrapped as BaseToolWithCall);
    await Promise.resolve(Reflect.apply(found as (input: unknown) => unknown, wrapped, [{ item: "tea" }]));
    expect(done).toEqual([]);
  });

  it("lets nobody take its gate away", async () => {
    const wrapped = leashTool(buyTool(), await leashFor(DENY_ALL));
    expect(() => Object.assign(wrapped, { call: () => "x" })).toThrow(TypeError);
    expect(() => Object.defineProperty(wrapped, "bind", { value: () => "x" })).toThrow(TypeError);
    expect(Reflect.deleteProperty(wrapped, "call")).toBe(false);
    expect(await wrapped.call({ item: "tea" })).toBe(DENIED);
  });

  it("I14: throws the typed error where a program asks for it, with the words a model may read", async () => {
    const policy = "default: deny\nrules: [{ id: r, action: buy, effect: deny, reason: ann is watched }]\n";
    const wrapped = leashTool(buyTool(), await leashFor(policy), { onDeny: "throw" });
    await expect(wrapped.call({ item: "tea" })).rejects.toMatchObject({
      code: "LEASH_DENIED",
      reasonCode: "rule",
      message: DENIED,
      cause: { reason: "ann is watched" },
    });
    const deferring = leashTool(buyTool(), await leashFor(ASK_ALL), {
      onDeny: "throw",
      pause: "defer",
    });
    await expect(deferring.call({ item: "tea" })).rejects.toMatchObject({ code: "LEASH_PENDING" });
  });
});

describe("what cannot be guarded", () => {
  it.each([
    ["nothing", null],
    ["a function", () => "x"],
    ["no metadata", { call: () => "x" }],
    ["no call", { metadata: { name: "buy", description: "d" } }],
    ["a frozen tool", Object.freeze(buyTool())],
    ["a sealed tool", Object.seal(buyTool())],
  ])("is refused when it is wrapped: %s", async (_what, thing) => {
    const leash = await leashFor(ALLOW_ALL);
    expect(() => wrapTools([thing as never], leash)).toThrow(
      expect.objectContaining({ code: "LEASH_TOOL_UNSUPPORTED" }),
    );
  });

  it.each([
    ["an unknown option", { onDeni: "throw" }],
    ["an unknown pause", { pause: "wait" }],
    ["one tool's schema for all", { parameters: item }],
  ])("is anything under %s", async (_what, options) => {
    const leash = await leashFor(ALLOW_ALL);
    expect(() => wrapTools([buyTool()], leash, options as never)).toThrow(
      expect.objectContaining({ code: "LEASH_CONFIG_INVALID" }),
    );
  });

  it("is a second tool of the same name; then no agent's tools are changed", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const other = tool({
      name: "buy",
      description: "d",
      parameters: z.object({}),
      execute: () => "x",
    });
    const one = agent({ name: "one", llm: new ScriptedLlm(), tools: [buyTool()] });
    const two = agent({ name: "two", llm: new ScriptedLlm(), tools: [other] });
    const workflow = multiAgent({ agents: [one, two], rootAgent: one });
    const before = workflow.getAgents().map(({ tools }) => [...tools]);
    expect(() => wrapTools(workflow, leash)).toThrow(expect.objectContaining({ code: "LEASH_CONFIG_INVALID" }));
    expect(workflow.getAgents().map(({ tools }) => [...tools])).toEqual(before);
  });
});

describe("the registration", () => {
  it("states name, origin and the schema's digest, and what the host says of a tool", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const register = vi.spyOn(leash, "register");
    const stated = { idempotent: true, counterparty: "input.item" };
    wrapTools([buyTool()], leash, { registrations: { buy: stated } });
    const schemaDigest = expect.stringMatching(/^[0-9a-f]{64}$/u) as string;
    expect(register).toHaveBeenCalledWith({
      id: "buy",
      origin: "llamaindex",
      schemaDigest,
      ...stated,
    });
  });
});

describe("gates in layers", () => {
  it("wrapping again with the same gate changes nothing, from any layer", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const child = leash.narrow({ tools: ["buy"] });
    const wrapped = leashTool(buyTool(), leash);
    expect(leashTool(wrapped, leash)).toBe(wrapped);
    const both = leashTool(wrapped, child);
    expect(both).not.toBe(wrapped);
    expect(leashTool(both, leash)).toBe(both);
    const bound = both.bind({});
    expect([leashTool(bound, leash), leashTool(bound, child)]).toEqual([bound, bound]);
  });

  it("A-A28: another gate stands in front of the first, and both must agree", async () => {
    const done: string[] = [];
    const leash = await leashFor(ALLOW_ALL);
    const parents = leashTool(
      buyTool((input) => done.push(input.item)),
      leash,
    );
    expect(await leashTool(parents, leash.narrow({ tools: ["look"] })).call({ item: "tea" })).toBe(DENIED);
    const strict = leashTool(
      buyTool((input) => done.push(input.item)),
      await leashFor(DENY_ALL),
    );
    expect(await leashTool(strict, leash).call({ item: "tea" })).toBe(DENIED);
    expect(await leashTool(strict, leash).bind({}).call({ item: "tea" })).toBe(DENIED);
    expect(done).toEqual([]);
    expect(await leashTool(parents, leash.narrow({ tools: ["buy"] })).call({ item: "tea" })).toBe(1);
  });

  it("I7: the parent's gate leaves a tool as it is that a child's stands before: one call counts once", async () => {
    const leash = await leashFor("default: allow\nlimits: [{ id: few, action: buy, window: 1h, max: 2 }]");
    const done: string[] = [];
    const childs = leashTool(
      buyTool((input) => done.push(input.item)),
      leash.narrow({ agent: "buyer" }),
    );
    const both = leashTool(childs, leash);
    expect(both).toBe(childs);
    for (const name of ["tea", "milk", "sugar"]) await both.call({ item: name });
    expect(done).toEqual(["tea", "milk"]);
  });

  it("I1: what an inner gate refuses is no result to the outer one, and had no effect", async () => {
    const outer = await leashFor(ALLOW_ALL);
    await leashTool(leashTool(buyTool(), await leashFor(DENY_ALL)), outer).call({ item: "tea" });
    const log = await lines(outer);
    expect(log).toContainEqual(expect.objectContaining({ type: "failed", detail: "effect none" }));
    expect(log).not.toContainEqual(expect.objectContaining({ type: "executed" }));
  });

  it("an inner gate asks a person while the outer one has agreed", async () => {
    const inner = await leashFor(ASK_ALL);
    const both = leashTool(leashTool(buyTool(), inner), await leashFor(ALLOW_ALL));
    const sold = both.call({ item: "tea" });
    await approveNext(inner);
    expect(await sold).toBe("sold tea");
    const deferring = leashTool(leashTool(buyTool(), inner, { pause: "defer" }), await leashFor(ALLOW_ALL));
    expect(await deferring.call({ item: "milk" })).toMatch(/^Waiting for a person/u);
  });
});

/** A leash whose policy allows everything in the form it computes. */
async function computing(input: Json, toolName = "buy"): Promise<Leash> {
  const policy = scriptedPolicy(() => ({ effect: "allow", transform: { tool: toolName, input } }));
  return createLeash({ policy, store: "memory", notify: [] });
}

describe("what a tool runs on", () => {
  it("I1: is the form that the policy computed", async () => {
    const wrapped = leashTool(buyTool(), await computing({ item: "water" }));
    expect(await wrapped.call({ item: "gin" })).toBe("sold water");
  });

  it("I4: is nothing when the policy swaps the tool for another", async () => {
    const leash = await computing({ item: "tea" }, "other");
    leash.register({ id: "other" });
    expect(await leashTool(buyTool(), leash).call({ item: "tea" })).toBe(DENIED);
  });

  it("A-A1: is what was decided, whatever becomes of the object that was handed over", async () => {
    const leash = await leashFor(ASK_ALL);
    const input = { item: "tea" };
    const sold = leashTool(buyTool(), leash).call(input);
    await approveNext(leash);
    input.item = "gin";
    expect(await sold).toBe("sold tea");
  });

  it("I12: is the original call in observe mode, though it be wrong", async () => {
    const leash = await leashFor(DENY_ALL, { mode: "observe" });
    const got: unknown[] = [];
    const any = tool((input: object) => got.push(input), {
      name: "any",
      description: "d",
      parameters: {
        type: "object",
        properties: { limit: { type: "number", default: 5 } },
      } as never,
    });
    const wrapped = leashTool(any, leash) as BaseToolWithCall;
    const inputs = [{ limit: "x" }, {}];
    for (const input of inputs) await wrapped.call(input);
    expect(got[0]).toBe(inputs[0]);
    expect(got[1]).toBe(inputs[1]);
    expect(inputs).toEqual([{ limit: "x" }, {}]);
  });

  it("has the defaults of a JSON schema, which the policy saw", async () => {
    const got: unknown[] = [];
    const any = tool((input: object) => got.push(input), {
      name: "any",
      description: "d",
      parameters: {
        type: "object",
        properties: { limit: { type: "number", default: 5 } },
      } as never,
    });
    const policy = "default: deny\nrules: [{ id: few, action: any, when: input.limit == 5, effect: allow }]\n";
    await (leashTool(any, await leashFor(policy)) as BaseToolWithCall).call({});
    expect(got).toEqual([{ limit: 5 }]);
  });
});
