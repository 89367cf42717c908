import OpenAI from "openai";
import { afterEach, describe, expect, it } from "vitest";
import { chatCall, functionCall } from "../calls.fixture.ts";
import { createInterceptor, type InterceptorOptions, type Suspension, type ToolMessage } from "../index.ts";
import { approveAll, leashFor, pendingAt } from "../leash.fixture.ts";
import { CLIENTS } from "./clients.ts";
import { ask, chatLoop, responsesLoop, type Messages } from "./loops.ts";
import { serve, type LoopbackServer, type Turn } from "./server.ts";

const POLICY = `
default: deny
tools:
  buy: { decision: allow }
  ship: { decision: approve }
`;
const DENIED = "Denied by policy. Do not retry this call with the same arguments.";
const servers: LoopbackServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function provider(...script: readonly Turn[]): Promise<LoopbackServer> {
  const server = await serve(...script);
  servers.push(server);
  return server;
}

async function shop(options: InterceptorOptions = {}) {
  const leash = await leashFor(POLICY);
  const done: unknown[] = [];
  const handler = (name: string) => (input: never) => {
    done.push([name, input]);
    return `${name} done`;
  };
  const handlers = { buy: handler("buy"), ship: handler("ship"), pay: handler("pay") };
  return { leash, done, interceptor: createInterceptor(leash, { handlers, ...options }) };
}

const calls = [
  ["c1", "buy", { item: "tea" }],
  ["c2", "pay", { item: "tea" }],
  ["c3", "buy", { item: "milk" }],
] as const;
const message = { tool_calls: calls.map(([id, name, args]) => chatCall(id, name, args)) };
const output = calls.map(([id, name, args]) => functionCall(id, name, args));

describe.each(CLIENTS)("client $version", ({ connect }) => {
  describe.each([false, true])("with streaming %s", (stream) => {
    it("runs what is allowed in a loop over Chat Completions and answers every call in order", async () => {
      const server = await provider({ message }, { message: { content: "done" } });
      const { done, interceptor } = await shop();
      const messages = await chatLoop({ client: connect(server), interceptor, stream });
      expect(messages.slice(2)).toMatchObject([
        { role: "tool", tool_call_id: "c1", content: "buy done" },
        { role: "tool", tool_call_id: "c2", content: DENIED },
        { role: "tool", tool_call_id: "c3", content: "buy done" },
        { role: "assistant", content: "done" },
      ]);
      expect(done).toEqual([
        ["buy", { item: "tea" }],
        ["buy", { item: "milk" }],
      ]);
    });

    it("runs what is allowed in a loop over Responses and answers every call in order", async () => {
      const text = { type: "message", id: "m1", role: "assistant", status: "completed", content: [] };
      const server = await provider({ output: [text, ...output] }, { output: [text] });
      const { done, interceptor } = await shop();
      const input = await responsesLoop({ client: connect(server), interceptor, stream });
      expect(input.slice(5, 8)).toEqual([
        { type: "function_call_output", call_id: "c1", output: "buy done" },
        { type: "function_call_output", call_id: "c2", output: DENIED },
        { type: "function_call_output", call_id: "c3", output: "buy done" },
      ]);
      expect(done).toHaveLength(2);
    });

    it("holds for a person, and the provider gets the whole answer afterwards", async () => {
      const server = await provider(
        { message: { tool_calls: [chatCall("c1", "ship", { to: "ann" }), chatCall("c2", "buy", { item: "tea" })] } },
        { message: { content: "done" } },
      );
      const { leash, done, interceptor } = await shop({ pause: "hold" });
      const running = chatLoop({ client: connect(server), interceptor, stream });
      await pendingAt(leash);
      expect(server.requests).toHaveLength(1);
      await approveAll(leash);
      expect((await running).slice(2, 4)).toMatchObject([{ content: "ship done" }, { content: "buy done" }]);
      expect(done).toHaveLength(2);
    });

    it("I2: a suspended turn is resumed from JSON, runs each call once, and the provider takes its outputs", async () => {
      const both = { tool_calls: [chatCall("c1", "ship", { to: "ann" }), chatCall("c2", "buy", { item: "tea" })] };
      const server = await provider({ message: both }, { message: { content: "done" } });
      const { leash, done, interceptor } = await shop();
      const client = connect(server);
      const messages: Messages = [{ role: "user", content: "go" }];
      const asked = await ask(client, messages, stream);
      const { outputs, suspension } = await interceptor.run(asked.tool_calls);
      expect(outputs).toEqual([]);
      await approveAll(leash);
      const resumed = await interceptor.run<ToolMessage>(JSON.parse(JSON.stringify(suspension)) as Suspension);
      messages.push(asked, ...resumed.outputs);
      expect((await ask(client, messages, stream)).content).toBe("done");
      expect(done).toEqual([
        ["buy", { item: "tea" }],
        ["ship", { to: "ann" }],
      ]);
    });
  });
});

describe("the loopback server", () => {
  it.each([
    ["no answer", []],
    ["an answer to another call", [{ role: "tool", tool_call_id: "c9", content: "x" }]],
    ["two answers to one call", [1, 2].map(() => ({ role: "tool", tool_call_id: "c1", content: "x" }))],
  ])("refuses a conversation with %s, as the API does", async (_what, answers) => {
    const server = await provider({ message: { content: "done" } });
    const client = new OpenAI({ baseURL: server.baseURL, apiKey: "none", maxRetries: 0 });
    const asked = { role: "assistant", tool_calls: [chatCall("c1", "buy", {})] };
    await expect(ask(client, [asked, ...answers] as Messages, false)).rejects.toMatchObject({ status: 400 });
    const input = [
      functionCall("c1", "buy", {}),
      ...answers.map(() => ({ type: "function_call_output", call_id: "c9", output: "x" })),
    ];
    await expect(client.responses.create({ model: "m", input: input as never })).rejects.toMatchObject({
      status: 400,
    });
  });
});
