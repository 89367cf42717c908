import { createLeash, loadPolicy, type Policy } from "@leashkit/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { chatCall, functionCall } from "./calls.fixture.ts";
import { createInterceptor, type Handlers, type InterceptorOptions } from "./index.ts";
import { ALLOW_ALL, approveAll, ASK_ALL, DENY_ALL, leashFor, logOf, pendingAt, outcomes } from "./leash.fixture.ts";
import { ROWS, SCREEN } from "./rows.fixture.ts";
import { BUY, shop, TOOLS } from "./shop.fixture.ts";

const DENIED = "Denied by policy. Do not retry this call with the same arguments.";

describe.each(ROWS)("a $name", ({ item, tool, input, given, result, allowed, denied }) => {
  // What a server runs has no handler here.
  const handlersOf = (handler: (input: never) => unknown): Handlers =>
    tool.startsWith("mcp.") ? {} : { [tool]: handler };
  const handlers = handlersOf(() => result);

  it("I1: that is allowed runs once with exactly what was decided, and is answered in its own form", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const got: unknown[] = [];
    const handler = (value: never): unknown => {
      got.push(value);
      return result;
    };
    const interceptor = createInterceptor(leash, { tools: TOOLS, handlers: handlersOf(handler) });
    const turn = await interceptor.run([item]);
    expect(turn).toEqual({ outputs: [allowed], pending: [], suspension: null, unanswerable: [] });
    expect(got).toEqual(tool.startsWith("mcp.") ? [] : [given ?? input]);
    expect((await logOf(leash)).filter(({ type }) => type === "executed")).toMatchObject([
      { action_type: tool, adapter: "openai" },
    ]);
  });

  it("I14: that is denied is answered in its own form with core's words, and runs nothing", async () => {
    const interceptor = createInterceptor(await leashFor(DENY_ALL), { tools: TOOLS, handlers });
    const answer = denied(DENIED);
    expect(await interceptor.run([item])).toMatchObject(
      answer === undefined
        ? { outputs: [], unanswerable: [{ callId: "c1", text: DENIED }] }
        : { outputs: [answer], unanswerable: [] },
    );
    expect(await interceptor.check(item)).toMatchObject({ effect: "deny", reasonCode: "default" });
  });

  it("that a person allows waits and then runs", async () => {
    const leash = await leashFor(ASK_ALL);
    const interceptor = createInterceptor(leash, { tools: TOOLS, handlers, pause: "hold" });
    const running = interceptor.run([item]);
    const [approval] = await pendingAt(leash);
    expect(JSON.parse(approval?.text ?? "")).toEqual(input);
    await approveAll(leash);
    expect((await running).outputs).toEqual([allowed]);
  });
});

describe("faults are refused before any policy, recorded, and answered", () => {
  it.each([
    ["malformed arguments", chatCall("c", "buy", "{item}"), /not strict JSON/u],
    ["duplicate names", chatCall("c", "buy", '{"n":1,"n":2}'), /occurs twice/u],
    ["__proto__", chatCall("c", "buy", '{"__proto__":{}}'), /__proto__/u],
    ["two values in a row", chatCall("c", "buy", '{"n":1}{"n":2}'), /after the value/u],
    ["arguments cut off", chatCall("c", "buy", '{"n":'), /not strict JSON/u],
    ["an integer that loses digits", chatCall("c", "buy", '{"n":9007199254740993}'), /integer/u],
    ["arguments that are no object", chatCall("c", "buy", "[1]"), /not an object/u],
    ["an unfinished item", { ...functionCall("c", "buy", {}), status: "incomplete" }, /not finished/u],
    ["an unknown tool", chatCall("c", "sell", {}), /not available/u],
    ["a tool named constructor", chatCall("c", "constructor", {}), /not available/u],
    ["a tool named __proto__", chatCall("c", "__proto__", {}), /not available/u],
    ["a tool named toString", chatCall("c", "toString", {}), /not available/u],
    ["a call of another kind", { id: "c", type: "custom", custom: { name: "buy", input: "{}" } }, /not available/u],
    ["a tool without a handler", chatCall("c", "look", {}), /not available/u],
    ["a chat call of an unknown kind", { id: "c", type: "teleport", teleport: {} }, /not available|not supported/u],
  ])("%s", async (_name, item, text) => {
    const tools = [BUY, { type: "function", function: { name: "look" } }];
    const { leash, bought, interceptor } = await shop(ALLOW_ALL, { tools });
    const { outputs, unanswerable } = await interceptor.run([item]);
    expect(outputs).toHaveLength(1);
    expect(JSON.stringify(outputs[0])).toMatch(text);
    expect(unanswerable).toEqual([]);
    expect(bought).toEqual([]);
    expect(await outcomes(leash)).toEqual(["DENY"]);
  });

  it("a tool that nobody registered is recorded as unknown, whatever its arguments are", async () => {
    const { leash, interceptor } = await shop(ALLOW_ALL);
    await interceptor.run([chatCall("a", "sell", {}), chatCall("b", "sell", "{item")]);
    const codes = (await logOf(leash)).filter(({ type }) => type === "decided").map((line) => line["reason_code"]);
    expect(codes).toEqual(["tool_unknown", "tool_unknown"]);
  });

  it("duplicate ids: every call with that id is refused, the others run", async () => {
    const { leash, bought, interceptor } = await shop(ALLOW_ALL);
    const turn = await interceptor.run([
      chatCall("a", "buy", { n: 1 }),
      chatCall("b", "buy", { n: 2 }),
      chatCall("a", "buy", { n: 3 }),
    ]);
    expect(turn.outputs.map(({ tool_call_id: id, content }) => [id, content])).toEqual([
      ["a", expect.stringContaining("several calls have this id")],
      ["b", "sold"],
      ["a", expect.stringContaining("several calls have this id")],
    ]);
    expect(bought).toEqual([{ n: 2 }]);
    expect((await outcomes(leash)).filter((outcome) => outcome === "DENY")).toHaveLength(2);
  });

  it.each([undefined, ""])(
    "a missing id (%j): the call gets one, so that it can be answered, and stays refused",
    async (id) => {
      const { bought, interceptor } = await shop(ALLOW_ALL);
      const item = { ...chatCall("c", "buy", {}), id };
      const { outputs } = await interceptor.run([item]);
      expect(item.id).toMatch(/^call_[0-9a-f-]{36}$/u);
      expect(outputs).toMatchObject([{ tool_call_id: item.id, content: expect.stringContaining("no id") }]);
      expect((await interceptor.run([item])).outputs).toMatchObject([{ content: expect.stringContaining("no id") }]);
      expect(bought).toEqual([]);
    },
  );

  it("a call that cannot be given an id, or whose kind has no answer, is reported", async () => {
    const { leash, interceptor } = await shop(ALLOW_ALL);
    const frozen = Object.freeze(chatCall("", "buy", {}));
    const { outputs, unanswerable } = await interceptor.run([frozen, { type: "teleport_call", call_id: "t" }]);
    expect(outputs).toEqual([]);
    expect(unanswerable).toMatchObject([{ callId: null }, { callId: "t" }]);
    expect(await outcomes(leash)).toEqual(["DENY", "DENY"]);
  });

  it("an MCP request of a server that is not among the tools", async () => {
    const interceptor = createInterceptor(await leashFor(ALLOW_ALL), { tools: TOOLS });
    const item = { type: "mcp_approval_request", id: "m", server_label: "other", name: "buy", arguments: "{}" };
    expect((await interceptor.run([item])).outputs).toMatchObject([{ approve: false, reason: /not available/u }]);
  });

  it("I4: a tool that another part of the program registered with the same leash is not offered here", async () => {
    const { leash, interceptor } = await shop(ALLOW_ALL);
    leash.register({ id: "wipe" });
    expect((await interceptor.run([chatCall("c", "wipe", {})])).outputs).toMatchObject([{ content: /not available/u }]);
  });
});

describe("arguments", () => {
  const parameters = {
    type: "object",
    properties: { item: { type: "string" }, amount: { type: "number", default: 5 } },
    required: ["item"],
    additionalProperties: false,
  };
  const tools = [{ type: "function", name: "buy", parameters, strict: false }];

  it("I1: are read by the tool's schema, defaults included, before the policy looks", async () => {
    const capped = "default: allow\nrules: [{ id: cap, action: buy, when: input.amount >= 5, effect: deny }]\n";
    const { bought, interceptor } = await shop(capped, { tools });
    await interceptor.run([functionCall("a", "buy", { item: "tea" })]);
    expect(bought).toEqual([]);
    await interceptor.run([functionCall("b", "buy", { item: "tea", amount: 4 })]);
    expect(bought).toEqual([{ item: "tea", amount: 4 }]);
  });

  it("that do not fit the schema are refused; the model is told where, never what", async () => {
    const { bought, interceptor } = await shop(ALLOW_ALL, { tools });
    const { outputs } = await interceptor.run([functionCall("a", "buy", { item: "tea", amount: "hunter2" })]);
    expect(outputs).toMatchObject([{ output: expect.stringContaining("amount") }]);
    expect(JSON.stringify(outputs)).not.toContain("hunter2");
    expect(bought).toEqual([]);
  });

  it("can be read by a schema of your own, which wins", async () => {
    const schemas = { buy: z.object({ item: z.string().transform((item) => item.toUpperCase()) }) };
    const { bought, interceptor } = await shop(ALLOW_ALL, { tools, schemas });
    await interceptor.run([functionCall("a", "buy", { item: "tea" })]);
    expect(bought).toEqual([{ item: "TEA" }]);
  });

  it("I1: what the handler gets is a copy: changing the item after the decision changes nothing", async () => {
    const { leash, bought, interceptor } = await shop(ASK_ALL, { pause: "hold" });
    const args = { item: "tea" };
    const item = { id: "c", type: "function", function: { name: "buy", arguments: args } };
    const running = interceptor.run([item]);
    await pendingAt(leash);
    args.item = "gold";
    await approveAll(leash);
    await running;
    expect(bought).toEqual([{ item: "tea" }]);
  });

  it("I1: a server's tool is not let through where the policy computes other arguments for it", async () => {
    const inner = await loadPolicy(`leash: 1\n${ALLOW_ALL}`);
    const policy: Policy = {
      ...inner,
      evaluate: (action, spec, facts) => ({
        ...inner.evaluate(action, spec, facts),
        transform: { tool: action.tool, input: { n: 1 } },
      }),
    };
    const leash = await createLeash({ policy, store: "memory", notify: [] });
    const interceptor = createInterceptor(leash, { tools: TOOLS });
    const ask = (id: string, n: number): object => ({
      type: "mcp_approval_request",
      id,
      server_label: "shop",
      name: "buy",
      arguments: JSON.stringify({ n }),
    });
    const { outputs } = await interceptor.run([ask("m1", 9), ask("m2", 1)]);
    expect(outputs).toMatchObject([{ approve: false, reason: /cannot be given others/u }, { approve: true }]);
  });
});

it("a policy tells the calls of a program that the model runs from the model's own", async () => {
  const programs =
    "default: allow\nrules: [{ id: no-programs, action: buy, when: \"'' in labels && 'caller:program' in labels['']\", effect: deny }]\n";
  const { bought, interceptor } = await shop(programs);
  const caller = { type: "program", caller_id: "prog_1" };
  await interceptor.run([{ ...functionCall("a", "buy", { n: 1 }), caller }, functionCall("b", "buy", { n: 2 })]);
  expect(bought).toEqual([{ n: 2 }]);
});

describe("configuration that cannot be obeyed is refused at once", () => {
  it.each([
    ["an unknown option", { pauze: "hold" }],
    ["an unknown pause", { pause: "auto" }],
    ["a tool without a name", { tools: [{ type: "function", function: {} }] }],
    ["two tools of one name", { tools: [BUY, BUY] }],
    ["a schema that is none", { tools: [BUY], schemas: { buy: "string" } }],
    ["a handler in the place of leash_status", { pause: "defer", handlers: { leash_status: () => "x" } }],
    ["a handler for what a server runs", { tools: TOOLS, handlers: { "mcp.shop.buy": () => "x" } }],
    ["tools that are no list", { tools: BUY }],
    ["an empty scope", { scope: "" }],
  ])("%s", async (_name, options) => {
    const leash = await leashFor(ALLOW_ALL);
    expect(() => createInterceptor(leash, options as InterceptorOptions)).toThrow(
      expect.objectContaining({ code: "LEASH_CONFIG_INVALID" }) as Error,
    );
  });
});

it("a tool may bear the name of a prototype's member; only a handler of its own answers it", async () => {
  const tools = ["constructor", "toString"].map((name) => ({ type: "function", name }));
  const interceptor = createInterceptor(await leashFor(ALLOW_ALL), { tools, handlers: { constructor: () => "built" } });
  const { outputs } = await interceptor.run([functionCall("a", "constructor", {}), functionCall("b", "toString", {})]);
  expect(outputs).toMatchObject([{ output: "built" }, { output: /not available/u }]);
});

it("namespaced tools are known under their full name", async () => {
  const leash = await leashFor("default: deny\nrules: [{ id: b, action: bank.*, effect: allow }]\n");
  const tools = [{ type: "namespace", name: "bank", tools: [{ type: "function", name: "pay" }] }];
  const interceptor = createInterceptor(leash, { tools, handlers: { "bank.pay": () => "paid" } });
  const item = { ...functionCall("c", "pay", {}), namespace: "bank" };
  expect((await interceptor.run([item, functionCall("d", "pay", {})])).outputs).toMatchObject([
    { output: "paid" },
    { output: expect.stringContaining("not available") },
  ]);
});

it("a refused computer call is answered with the unchanged screen where there is one", async () => {
  const leash = await leashFor(DENY_ALL);
  const interceptor = createInterceptor(leash, {
    tools: TOOLS,
    handlers: { computer: () => SCREEN },
    screenshot: async () => SCREEN,
  });
  const item = { type: "computer_call", call_id: "c", actions: [{ type: "click" }], pending_safety_checks: [] };
  expect((await interceptor.run([item])).outputs).toEqual([
    { type: "computer_call_output", call_id: "c", output: SCREEN },
  ]);
});

it("programs with an executor of their own can check a call and encode its outcome", async () => {
  const { bought, interceptor } = await shop(ALLOW_ALL);
  const item = chatCall("c", "buy", {});
  expect(await interceptor.check(item)).toMatchObject({ effect: "allow" });
  expect(await interceptor.check(chatCall("c", "buy", "{"))).toMatchObject({
    effect: "deny",
    reasonCode: "input_invalid",
  });
  expect(interceptor.encode(item, { kind: "result", result: "x" })).toEqual({
    role: "tool",
    tool_call_id: "c",
    content: "x",
  });
  await expect(interceptor.check({ type: "message" })).rejects.toMatchObject({ code: "LEASH_CONFIG_INVALID" });
  expect(bought).toEqual([]);
});
