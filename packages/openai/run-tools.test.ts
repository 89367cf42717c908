import type { Gate, Leash } from "@leashkit/core";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { chatCall } from "./calls.fixture.ts";
import { wrapTools } from "./index.ts";
import { ALLOW_ALL, approveAll, ASK_ALL, DENY_ALL, leashFor, logOf, pendingAt } from "./leash.fixture.ts";
import { CLIENTS, type Client } from "./test/clients.ts";
import { serve, type LoopbackServer, type Turn } from "./test/server.ts";

const DENIED = "Denied by policy. Do not retry this call with the same arguments.";
const DONE: Turn = { message: { content: "done" } };
const servers: LoopbackServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

type Args = Readonly<Record<string, unknown>>;

/** One tool, `buy`, that notes what it was given; with a `parse`, or with the bare text. */
function tool(bought: unknown[], work: (args: Args) => unknown = () => "sold") {
  const note = (args: Args): unknown => {
    bought.push(args);
    return work(args);
  };
  const parameters = { type: "object", properties: { n: { type: "number" } } };
  return {
    type: "function" as const,
    function: {
      name: "buy",
      description: "Buys.",
      parameters,
      parse: (text: string) => JSON.parse(text) as Args,
      function: note,
    },
  };
}

function bare(bought: unknown[]) {
  const { parse: _parse, ...rest } = tool(bought).function;
  return { type: "function" as const, function: rest };
}

async function provider(client: (server: LoopbackServer) => Client, ...script: readonly Turn[]) {
  const server = await serve(...script);
  servers.push(server);
  return { server, client: client(server) };
}

interface Running {
  readonly stream?: boolean;
  readonly signal?: AbortSignal;
  readonly parallel_tool_calls?: boolean;
  readonly toolContext?: unknown;
}

/** Lets the client's own runner work, and gives the conversation that it kept. */
async function runTools(client: Client, tools: readonly object[], { stream = false, signal, ...rest }: Running = {}) {
  const messages = [{ role: "user" as const, content: "go" }];
  const request = { model: "scripted", messages, tools, stream, ...rest };
  const runner = client.chat.completions.runTools(request as never, signal && { signal });
  await runner.done();
  return runner.messages
    .slice(1)
    .filter(({ role }) => role === "tool")
    .map(({ content }) => content);
}

const calls = (...args: readonly unknown[]): Turn => ({
  message: { tool_calls: args.map((arg, index) => chatCall(`c${index}`, "buy", arg)) },
});
const fail = (message: string): never => {
  throw new Error(message);
};

/** A wrapped function has the type of the tool's own, and gives a promise. */
const called = async (work: Function, ...args: readonly unknown[]): Promise<unknown> =>
  Reflect.apply(work, undefined, args) as unknown;
const effects = async (leash: Leash): Promise<unknown[]> =>
  (await logOf(leash)).filter(({ type }) => type === "decided").map(({ effective }) => effective);

describe.each(CLIENTS)("runTools of client $version", ({ version, connect, zodFunction }) => {
  describe.each([false, true])("with streaming %s", (stream) => {
    it("I1: runs what is allowed with exactly what was decided", async () => {
      const bought: unknown[] = [];
      const leash = await leashFor("default: deny\ntools: { buy: { decision: allow } }\n");
      const { client } = await provider(connect, calls({ n: 1 }, { n: 2 }), DONE);
      expect(await runTools(client, wrapTools([tool(bought)], leash), { stream })).toEqual(["sold", "sold"]);
      expect(bought).toEqual([{ n: 1 }, { n: 2 }]);
      expect((await logOf(leash)).filter(({ type }) => type === "executed")).toMatchObject([
        { action_type: "buy", adapter: "openai" },
        { action_type: "buy", adapter: "openai" },
      ]);
    });

    it("returns a denial as the tool's result, and the runner goes on", async () => {
      const bought: unknown[] = [];
      const { client } = await provider(connect, calls({ n: 1 }), DONE);
      expect(await runTools(client, wrapTools([tool(bought)], await leashFor(DENY_ALL)), { stream })).toEqual([DENIED]);
      expect(bought).toEqual([]);
    });

    it("I2: holds for a person, and runs each call once", async () => {
      const bought: unknown[] = [];
      const leash = await leashFor(ASK_ALL);
      const { client, server } = await provider(connect, calls({ n: 1 }), calls({ n: 2 }), DONE);
      const running = runTools(client, wrapTools([tool(bought)], leash), { stream });
      await pendingAt(leash);
      expect([bought, server.requests.length]).toEqual([[], 1]);
      await approveAll(leash);
      for (const { id } of await pendingAt(leash)) await leash.desk({ id: "ann" }).deny(id);
      expect(await running).toEqual(["sold", expect.stringContaining("A person denied this call.")]);
      expect(bought).toEqual([{ n: 1 }]);
    });

    it("I2: an abort while waiting means that a late approval runs nothing", async () => {
      const bought: unknown[] = [];
      const leash = await leashFor(ASK_ALL);
      const controller = new AbortController();
      const { client, server } = await provider(connect, calls({ n: 1 }), DONE);
      const running = runTools(client, wrapTools([tool(bought)], leash), { stream, signal: controller.signal });
      running.catch(() => undefined);
      const [approval] = await pendingAt(leash);
      controller.abort();
      await expect(running).rejects.toThrow(/aborted/u);
      const { status } = await leash.desk({ id: "ann" }).wait(approval?.id ?? "");
      expect([status, bought, server.requests.length]).toEqual(["cancelled", [], 1]);
    });
  });

  it("runs calls side by side where the client does: all questions are open at once", async () => {
    const bought: unknown[] = [];
    const leash = await leashFor(ASK_ALL);
    const { client } = await provider(connect, calls({ n: 1 }, { n: 2 }), DONE);
    const running = runTools(client, wrapTools([tool(bought)], leash));
    // Version 5 runs one call after the other.
    const together = version === 5 ? 1 : 2;
    await approveAll(leash, together);
    if (together === 1) await approveAll(leash);
    expect(await running).toEqual(["sold", "sold"]);
    expect(bought).toHaveLength(2);
  });

  it("I1: gives a tool without `parse` what was decided as JSON text, with defaults filled in", async () => {
    const bought: unknown[] = [];
    const text = bare(bought);
    const parameters = {
      type: "object",
      properties: { n: { type: "number" }, unit: { default: "kg" } },
      required: ["n"],
    };
    const tools = [{ ...text, function: { ...text.function, parameters } }];
    const { client } = await provider(connect, calls({ n: 1 }, { n: "one" }), DONE);
    expect(await runTools(client, wrapTools(tools, await leashFor(ALLOW_ALL)))).toEqual([
      "sold",
      expect.stringContaining("wrong: n"),
    ]);
    expect(bought).toEqual(['{"n":1,"unit":"kg"}']);
  });

  it("gates what zodFunction makes, defaults filled in, and keeps what the client reads of it", async () => {
    const bought: unknown[] = [];
    const made = zodFunction({
      name: "buy",
      parameters: z.object({ n: z.number(), unit: z.string().default("kg") }),
      function: (args) => {
        bought.push(args);
        return "sold";
      },
    });
    const [wrapped] = wrapTools([made], await leashFor("default: deny\ntools: { buy: { decision: allow } }\n"));
    const hidden = ["$brand", "$parseRaw", "$callback"].map((key) => Object.getOwnPropertyDescriptor(wrapped, key));
    expect(hidden).toMatchObject([1, 2, 3].map(() => ({ enumerable: false })));
    expect(JSON.stringify(wrapped)).toBe(JSON.stringify(made));
    const { client } = await provider(connect, calls({ n: 1 }, { n: "one" }), DONE);
    expect(await runTools(client, [wrapped])).toEqual(["sold", expect.stringContaining("wrong: n")]);
    expect(bought).toEqual([{ n: 1, unit: "kg" }]);
  });

  it("passes the runner, and the context where the client has one", async () => {
    const seen: unknown[] = [];
    const plain = tool([]);
    const work = (_args: Args, ...rest: readonly unknown[]): string => String(seen.push(...rest));
    const tools = [{ ...plain, function: { ...plain.function, function: work } }];
    const { client } = await provider(connect, calls({}), DONE);
    const toolContext = { user: "ann" };
    await runTools(client, wrapTools(tools, await leashFor(ALLOW_ALL)), version === 5 ? {} : { toolContext });
    expect(seen[0]).toHaveProperty("messages");
    expect(seen[1]).toBe(version === 5 ? undefined : toolContext);
  });

  it("lets a tool's own exception end the runner, and a refusal that the tool met be read", async () => {
    const inner = await leashFor("default: deny\n");
    inner.register({ id: "inner" });
    const leash = await leashFor(ALLOW_ALL);
    const refusing = tool([], () => inner.guard({ tool: "inner", input: {} }, () => "ran"));
    const first = await provider(connect, calls({}), DONE);
    expect(await runTools(first.client, wrapTools([refusing], leash))).toEqual([DENIED]);
    const throwing = tool([], () => {
      throw new Error("sold out");
    });
    const second = await provider(connect, calls({}), DONE);
    await expect(runTools(second.client, wrapTools([throwing], leash))).rejects.toThrow("sold out");
  });

  it("I12: observe mode runs the original call, rewrites nothing and records the refusal", async () => {
    const bought: unknown[] = [];
    const leash = await leashFor("default: deny\nmode: observe\n");
    const twice = '{"n":1,"n":2}';
    const { client } = await provider(connect, calls(twice), calls(twice), DONE);
    await runTools(client, wrapTools([bare(bought)], leash));
    const other = await provider(connect, calls(twice), DONE);
    await runTools(other.client, wrapTools([tool(bought)], leash));
    expect(bought).toEqual([twice, twice, { n: 2 }]);
    expect(await effects(leash)).toEqual(["OBSERVED", "OBSERVED", "OBSERVED"]);
  });
});

describe("wrapTools", () => {
  const leash = leashFor(ALLOW_ALL);

  it.each([
    ["a custom tool", { type: "custom", custom: { name: "note" } }],
    ["a tool without a function to run", { type: "function", function: { name: "buy", parameters: {} } }],
    [
      "a tool without a name",
      { type: "function", function: { function: Object.defineProperty((): number => 1, "name", { value: "" }) } },
    ],
    ["a provider's tool", { type: "web_search" }],
    ["a tool of another type", { type: "custom", function: { name: "buy", function: (): string => "sold" } }],
  ])("refuses %s", async (_what, unsupported) => {
    const gate = await leash;
    expect(() => wrapTools([unsupported], gate)).toThrow(expect.objectContaining({ code: "LEASH_TOOL_UNSUPPORTED" }));
  });

  it("refuses options that it does not have", async () => {
    const gate = await leash;
    expect(() => wrapTools([], gate, { pause: "suspend" } as never)).toThrow(/there is no option "pause"/u);
  });

  it("wraps once: a wrapped tool stays as it is, and the tool passed in is left alone", async () => {
    const original = tool([]);
    const before = { ...original.function };
    const [once] = wrapTools([original], await leash);
    expect(wrapTools([once], await leash)[0]).toBe(once);
    expect(original.function).toEqual(before);
    expect(once.function.function).not.toBe(before.function);
  });

  it("takes tools that are made by classes, and leaves them of their class", async () => {
    class Tool {
      readonly function = { name: "buy", function: (): string => "sold" };
      get type(): string {
        return "function";
      }
    }
    const [wrapped] = wrapTools([new Tool()], await leashFor(DENY_ALL));
    expect(wrapped).toBeInstanceOf(Tool);
    expect([wrapped.type, await called(wrapped.function.function)]).toEqual(["function", DENIED]);
  });

  it("stacks: what the inner gate's reader refuses, the outer gate refuses too", async () => {
    const bought: unknown[] = [];
    const parse = (text: string): Args => z.object({ n: z.number() }).parse(JSON.parse(text));
    const plain = tool(bought);
    const inner = wrapTools([{ ...plain, function: { ...plain.function, parse } }], await leashFor(ALLOW_ALL));
    const gate = await leashFor(ALLOW_ALL);
    const [outer] = wrapTools(inner, gate);
    const call = (text: string): Promise<unknown> => called(outer.function.function, outer.function.parse(text));
    expect(await call('{"n":1}')).toBe("sold");
    expect(await call('{"n":"one"}')).toContain("wrong: n");
    expect(bought).toEqual([{ n: 1 }]);
    expect(await effects(gate)).toEqual(["ALLOW", "DENY"]);
  });

  it.each([
    ["gives no object", () => 7, "gave no object"],
    ["throws a promise's way", () => Promise.reject(new Error("secret 7")), "they do not fit the tool"],
    ["throws", () => fail("secret 7"), "they do not fit the tool"],
  ])("refuses a call whose `parse` %s, without its words", async (_what, parse, words) => {
    const bought: unknown[] = [];
    const plain = tool(bought);
    const [wrapped] = wrapTools([{ ...plain, function: { ...plain.function, parse } }], await leashFor(ALLOW_ALL));
    const told = await called(wrapped.function.function, await called(wrapped.function.parse, "{}"));
    expect(told).toContain(words);
    expect(told).not.toContain("secret");
    expect(bought).toEqual([]);
  });

  it("refuses a call that comes around the tool's `parse` with something else than an object", async () => {
    const bought: unknown[] = [];
    const [wrapped] = wrapTools([tool(bought)], await leashFor(ALLOW_ALL));
    expect(await called(wrapped.function.function, '{"n":1}')).toContain("gave no object");
    expect(bought).toEqual([]);
  });

  it("takes the name of the function where the tool states none, and gates both places of the work", async () => {
    const ran: string[] = [];
    const buy = (): number => ran.push("function");
    const both = Object.assign(
      { type: "function", function: { function: buy } },
      { $callback: () => ran.push("callback") },
    );
    const gate = await leashFor(DENY_ALL);
    const [wrapped] = wrapTools([both], gate);
    expect([await called(wrapped.function.function), await called(wrapped.$callback)]).toEqual([DENIED, DENIED]);
    expect(ran).toEqual([]);
    expect((await logOf(gate)).filter(({ action_type }) => action_type === "buy")).toHaveLength(2);
  });

  it("passes session and registrations on", async () => {
    const whole = await leashFor(ALLOW_ALL);
    const seen: unknown[] = [];
    const gate: Gate = {
      ...whole,
      register: (registration) => {
        seen.push(registration);
        return whole.register(registration);
      },
      attempt: (call, run, options) => {
        seen.push(call);
        return whole.attempt(call, run, options);
      },
    };
    const [wrapped] = wrapTools([bare([])], gate, { session: "s1", registrations: { buy: { sideEffect: "write" } } });
    expect(await called(wrapped.function.function, '{"n":1}')).toBe("sold");
    expect(seen).toMatchObject([
      { id: "buy", origin: "openai", sideEffect: "write" },
      { tool: "buy", session: "s1" },
    ]);
  });
});
