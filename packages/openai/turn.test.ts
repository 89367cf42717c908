import { NoEffect, type Permit } from "@leashkit/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { chatCall, functionCall } from "./calls.fixture.ts";
import { createInterceptor, leashStatusTool } from "./index.ts";
import { ALLOW_ALL, approveAll, ASK_ALL, DENY_ALL, leashFor, logOf, pendingAt, outcomes } from "./leash.fixture.ts";
import { BUY, shop, TOOLS } from "./shop.fixture.ts";

describe("a turn", () => {
  it("skips items that are no calls, and answers nothing for nothing", async () => {
    const { interceptor } = await shop(ALLOW_ALL);
    const turn = await interceptor.run([
      { type: "reasoning", summary: [] },
      functionCall("a", "buy", {}),
      { type: "message" },
    ]);
    expect(turn.outputs).toHaveLength(1);
    for (const nothing of [[], undefined, null]) expect((await interceptor.run(nothing)).outputs).toEqual([]);
  });

  it("runs its calls at once and answers in their order", async () => {
    const started: string[] = [];
    const gates = new Map<string, () => void>();
    const wait = ({ id }: { id: string }): Promise<string> => {
      started.push(id);
      return new Promise((resolve) => gates.set(id, () => resolve(`done ${id}`)));
    };
    const { interceptor } = await shop(ALLOW_ALL, {}, wait);
    const running = interceptor.run(["a", "b", "c"].map((id) => chatCall(id, "buy", { id })));
    while (started.length < 3) await new Promise((resolve) => setTimeout(resolve, 2));
    for (const id of ["c", "b", "a"]) gates.get(id)?.();
    expect((await running).outputs).toMatchObject([
      { content: "done a" },
      { content: "done b" },
      { content: "done c" },
    ]);
  });

  it("I2: two equal calls are two calls, and a person is asked for each", async () => {
    const { leash, bought, interceptor } = await shop(ASK_ALL);
    const { suspension } = await interceptor.run([chatCall("a", "buy", { n: 1 }), chatCall("b", "buy", { n: 1 })]);
    await approveAll(leash, 2);
    expect((await interceptor.run(suspension ?? [])).outputs).toHaveLength(2);
    expect(bought).toHaveLength(2);
  });

  it("a tool that throws is answered with its message and takes nothing from the others", async () => {
    const fail = ({ n }: { n: number }): string => {
      if (n === 1) throw new NoEffect("the shop is closed");
      return "sold";
    };
    const calls = [chatCall("a", "buy", { n: 1 }), chatCall("b", "buy", { n: 2 })];
    const { leash, interceptor } = await shop(ALLOW_ALL, {}, fail);
    expect((await interceptor.run(calls)).outputs).toMatchObject([
      { content: "Error: the shop is closed" },
      { content: "sold" },
    ]);
    expect(await outcomes(leash)).toEqual(expect.arrayContaining(["failed", "executed"]));
    const throwing = await shop(ALLOW_ALL, { onToolError: "throw" }, fail);
    await expect(throwing.interceptor.run(calls)).rejects.toThrow("the shop is closed");
    expect(throwing.bought).toHaveLength(2);
  });

  it("a result without a JSON form is said to be so; the call has run", async () => {
    const { interceptor } = await shop(ALLOW_ALL, {}, () => ({ n: 1n }));
    expect((await interceptor.run([chatCall("a", "buy", {})])).outputs).toMatchObject([{ content: /no JSON form/u }]);
  });

  it("with a scope that comes back gives recorded results and runs nothing twice", async () => {
    const { bought, interceptor } = await shop(ALLOW_ALL, { scope: "response-1" }, () => ({
      big: 2 ** 70,
    }));
    const first = await interceptor.run([chatCall("a", "buy", {})]);
    expect(await interceptor.run([chatCall("a", "buy", {})])).toEqual(first);
    await interceptor.run([chatCall("a", "buy", {})], {}, { scope: "response-2" });
    expect(bought).toHaveLength(2);
  });

  it("handlers can join for one run, and a permit comes with each call", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const interceptor = createInterceptor(leash);
    const permits: Permit[] = [];
    const buy = (_input: never, permit: Permit): void => void permits.push(permit);
    await interceptor.run([chatCall("a", "buy", {})], { buy });
    expect(permits).toMatchObject([{ tool: "buy", mode: "enforce", proof: expect.stringMatching(/^v4\.public\./u) }]);
    expect((await interceptor.run([chatCall("a", "buy", {})])).outputs).toMatchObject([{ content: /not available/u }]);
  });

  it("aborted: what waits or has not started is refused, what runs sees the signal", async () => {
    const controller = new AbortController();
    const { leash, bought, interceptor } = await shop(ASK_ALL, { pause: "hold", signal: controller.signal });
    const running = interceptor.run([chatCall("a", "buy", {})]);
    await pendingAt(leash);
    controller.abort();
    expect((await running).outputs).toMatchObject([{ content: "Not run: the run was aborted." }]);
    expect((await interceptor.run([chatCall("b", "buy", {})])).outputs).toMatchObject([{ content: /aborted/u }]);
    expect(bought).toEqual([]);
    const { permits, interceptor: other } = await shop(ALLOW_ALL);
    await other.run([chatCall("a", "buy", {})], {}, { signal: AbortSignal.timeout(60_000) });
    expect(permits[0]?.signal.aborted).toBe(false);
  });
});

describe("observe mode", () => {
  it("I12: runs the call as it would have run, whatever the policy says, and records what it said", async () => {
    const leash = await leashFor(DENY_ALL, { mode: "observe" });
    const buy = (input: never): unknown => input;
    const parameters = { type: "object", properties: { n: { type: "number", default: 5 } } };
    const tools = [{ type: "function", name: "buy", parameters }];
    const interceptor = createInterceptor(leash, { tools, handlers: { buy } });
    const { outputs } = await interceptor.run([
      functionCall("a", "buy", {}),
      functionCall("b", "buy", '{"n":1,"n":2}'),
      functionCall("c", "buy", "{cut"),
      functionCall("d", "sell", {}),
    ]);
    expect(outputs).toMatchObject([
      { output: "{}" },
      { output: '{"n":2}' },
      { output: expect.stringContaining("not strict JSON") },
      { output: expect.stringContaining("not available") },
    ]);
    expect((await logOf(leash)).filter(({ effective }) => effective === "OBSERVED").length).toBeGreaterThan(0);
  });
});

it("I12: in observe mode a server's call is let through as it stands", async () => {
  const leash = await leashFor(DENY_ALL, { mode: "observe" });
  const schemas = { "mcp.shop.buy": z.object({ item: z.string(), n: z.number().default(1) }) };
  const interceptor = createInterceptor(leash, { tools: TOOLS, schemas });
  const item = {
    type: "mcp_approval_request",
    id: "m",
    server_label: "shop",
    name: "buy",
    arguments: '{"item":"tea"}',
  };
  expect((await interceptor.run([item])).outputs).toMatchObject([{ approve: true }]);
});

describe("defer", () => {
  const tools = [BUY, leashStatusTool("chat")];
  const status = (id: string, ref: unknown): object => chatCall(id, "leash_status", { ref });

  it("I2: tells the model a reference; leash_status collects the one execution", async () => {
    const { leash, bought, interceptor } = await shop(ASK_ALL, { pause: "defer", tools }, () => ({ sold: 1 }));
    const { outputs, pending, suspension } = await interceptor.run([chatCall("a", "buy", { n: 1 })]);
    const ref = pending[0]?.ref ?? "";
    expect(pending).toMatchObject([{ callId: "a", tool: "buy" }]);
    expect(suspension).toBeNull();
    expect(outputs).toMatchObject([{ tool_call_id: "a", content: expect.stringContaining(`ref ${ref}`) }]);
    expect((await interceptor.run([status("s1", ref)])).outputs).toMatchObject([{ content: /Still waiting/u }]);
    await approveAll(leash);
    const answer = await interceptor.run([status("s2", ref), status("s3", ref)]);
    expect(answer.outputs).toMatchObject([{ content: '{"sold":1}' }, { content: '{"sold":1}' }]);
    expect(bought).toEqual([{ n: 1 }]);
  });

  it("I3: leash_status answers nothing for a wrong ref, and tells a person's no", async () => {
    const { leash, bought, interceptor } = await shop(ASK_ALL, { pause: "defer", tools });
    const { pending } = await interceptor.run([chatCall("a", "buy", {})]);
    for (const ref of ["ZZZZ", 7, undefined]) {
      expect((await interceptor.run([status("s", ref)])).outputs).toMatchObject([{ content: /No call of yours/u }]);
    }
    await leash.desk({ id: "ann" }).deny(pending[0]?.approvalId ?? "", { reason: "no money" });
    expect((await interceptor.run([status("s", pending[0]?.ref)])).outputs).toMatchObject([{ content: /no money/u }]);
    expect(bought).toEqual([]);
  });

  it("leash_status passes on a tool's exception, and is refused like any call when it is faulty", async () => {
    const { leash, interceptor } = await shop(ASK_ALL, { pause: "defer", tools }, () => {
      throw new NoEffect("closed");
    });
    const { pending } = await interceptor.run([chatCall("a", "buy", {})]);
    await approveAll(leash);
    expect((await interceptor.run([status("s", pending[0]?.ref)])).outputs).toMatchObject([
      { content: "Error: closed" },
    ]);
    expect((await interceptor.run([chatCall("s", "leash_status", "{")])).outputs).toMatchObject([
      { content: /^Denied/u },
    ]);
  });

  it("collects a custom tool's call with its text", async () => {
    const leash = await leashFor(ASK_ALL);
    const notes: unknown[] = [];
    const note = (text: string): string => `noted ${String(notes.push(text))}`;
    const interceptor = createInterceptor(leash, { tools: TOOLS, handlers: { note }, pause: "defer" });
    const item = { type: "custom_tool_call", call_id: "n", name: "note", input: "milk" };
    const { pending } = await interceptor.run([item]);
    await approveAll(leash);
    const asked = functionCall("s", "leash_status", { ref: pending[0]?.ref });
    expect((await interceptor.run([asked])).outputs).toMatchObject([{ output: "noted 1" }]);
    expect(notes).toEqual(["milk"]);
  });

  it("is its own tool only then: in other modes the name is the program's", async () => {
    const { interceptor } = await shop(ALLOW_ALL, {
      tools: [leashStatusTool("responses")],
      handlers: { leash_status: () => "mine" },
    });
    expect((await interceptor.run([status("s", "x")])).outputs).toMatchObject([{ content: "mine" }]);
  });
});
