import { createLeash, LeashError, loadPolicy, type Policy } from "@leashkit/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { chatCall, functionCall } from "./calls.fixture.ts";
import { assembleResponse, createInterceptor, wrapTools } from "./index.ts";
import { ALLOW_ALL, approveAll, leashFor, outcomes } from "./leash.fixture.ts";
import { BUY, kept, LOOK, market, POLICY } from "./market.fixture.ts";
import { shop, TOOLS } from "./shop.fixture.ts";

const refused = { code: "LEASH_CONFIG_INVALID" };

it("I2: a call that its own list answers is not run again", async () => {
  const { ran, interceptor } = await market(ALLOW_ALL);
  const list = [
    functionCall("l", "look", {}),
    { type: "function_call_output", call_id: "l", output: "saw" },
    functionCall("b", "buy", {}),
  ];
  expect((await interceptor.run(list)).outputs).toMatchObject([{ call_id: "b" }]);
  expect(ran).toEqual(["buy {}"]);
});

describe("one call's trouble takes nothing from the others", () => {
  it.each([
    [
      "a proxy that is revoked",
      () => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        return proxy;
      },
    ],
    ["an error whose message is no text", () => Object.assign(new Error(), { message: Symbol("x") })],
    [
      "an error whose message throws",
      () =>
        Object.defineProperty(new Error(), "message", {
          get() {
            throw new Error("no");
          },
        }),
    ],
    ["nothing", () => undefined],
    ["a refusal with a rule in it", () => new LeashError("LEASH_POLICY_INVALID", "rule secret-7")],
  ])("a handler that throws %s", async (_name, thrown) => {
    const { ran, interceptor } = await market(ALLOW_ALL);
    const { outputs } = await interceptor.run([LOOK, chatCall("x", "fail", {})], {
      fail: () => {
        throw thrown();
      },
    });
    expect(outputs).toMatchObject([{ content: "saw 1" }, { content: "Error: the tool failed." }]);
    expect(ran).toHaveLength(1);
  });

  it("a tool's own `decode` that fails on what the model wrote", async () => {
    const decode = (): never => {
      throw new Error("secret 7");
    };
    const { ran, interceptor } = await market(ALLOW_ALL, { registrations: { buy: { decode } } });
    const { outputs } = await interceptor.run([LOOK, BUY]);
    expect(outputs).toMatchObject([
      { content: "saw 1" },
      { content: expect.stringMatching(/^Denied: the arguments/u) },
    ]);
    expect(ran).toHaveLength(1);
  });

  it("a server's call that the policy computes anew is refused, and ends no turn", async () => {
    const inner = await loadPolicy(`leash: 1\n${ALLOW_ALL}`);
    const policy: Policy = {
      ...inner,
      evaluate: (action, spec, facts) => ({
        ...inner.evaluate(action, spec, facts),
        transform: { tool: action.tool, input: { n: 1 } },
      }),
    };
    const leash = await createLeash({ policy, store: "memory", notify: [] });
    const interceptor = createInterceptor(leash, { tools: TOOLS, onToolError: "throw" });
    const item = { type: "mcp_approval_request", id: "m", server_label: "shop", name: "buy", arguments: '{"n":2}' };
    expect((await interceptor.run([item])).outputs).toMatchObject([{ approve: false }]);
  });

  it("what a program's own executor returned is encoded, whatever it is", async () => {
    const { interceptor } = await market();
    const encoded = [1n, Symbol("x"), () => 1, undefined].map((result) =>
      interceptor.encode(LOOK, { kind: "result", result }),
    );
    expect(encoded).toMatchObject([{ content: /no JSON form/u }, { content: "" }, { content: "" }, { content: "" }]);
  });

  it("`throw` also holds for what leash_status ran", async () => {
    const { leash, interceptor } = await market(POLICY, {
      pause: "defer",
      onToolError: "throw",
      handlers: {
        buy: () => {
          throw new Error("closed");
        },
      },
    });
    const { pending } = await interceptor.run([BUY]);
    await approveAll(leash);
    const status = chatCall("s", "leash_status", { ref: pending[0]?.ref });
    await expect(interceptor.run([status])).rejects.toThrow("closed");
  });

  it.each([
    [
      "a result that throws when it is read",
      () => ({
        toJSON: () => {
          throw new Error("no");
        },
      }),
      /no JSON form/u,
    ],
    ["a symbol", () => Symbol("x"), /^$/u],
    ["a function", () => () => 1, /^$/u],
    [
      "a cycle",
      () => {
        const a: unknown[] = [];
        a.push(a);
        return a;
      },
      /no JSON form/u,
    ],
    ["half a character", () => "\ud800", /\ud800/u],
    ["a promise of a promise", () => Promise.resolve(Promise.resolve("late")), /^late$/u],
  ])("a handler that returns %s, also when it is resumed", async (_name, result, words) => {
    const { leash, interceptor } = await market("default: allow\ntools: { buy: { decision: approve } }\n");
    const handlers = { odd: result };
    const { suspension } = await interceptor.run([LOOK, chatCall("x", "odd", {}), BUY], handlers);
    await approveAll(leash);
    const { outputs } = await interceptor.run(kept(suspension), handlers);
    expect(outputs).toMatchObject([{ content: "saw 1" }, { content: words }, { content: "sold 2" }]);
  });
});

describe("I2: two runs at once", () => {
  it("of one answer under a scope run each call once, and answer alike", async () => {
    const { ran, interceptor } = await market(ALLOW_ALL, { scope: "response-1" });
    const [one, two] = await Promise.all([interceptor.run([LOOK, BUY]), interceptor.run([LOOK, BUY])]);
    expect(two).toEqual(one);
    expect(ran).toHaveLength(2);
  });

  it("of one suspension do not run an approved call again that failed", async () => {
    const { leash, interceptor } = await market();
    let tries = 0;
    const handlers = {
      buy: () => {
        tries += 1;
        throw new Error("closed");
      },
    };
    const { suspension } = await interceptor.run([LOOK, BUY], handlers);
    await approveAll(leash);
    await Promise.all([interceptor.run(kept(suspension), handlers), interceptor.run(kept(suspension), handlers)]);
    await interceptor.run(kept(suspension), handlers);
    expect(tries).toBe(1);
  });
});

describe("names", () => {
  it("a handler that is no function is refused when it is given", async () => {
    const { leash, interceptor } = await market();
    expect(() => createInterceptor(leash, { handlers: { pay: "no" as never } })).toThrow(
      expect.objectContaining(refused),
    );
    await expect(interceptor.run([LOOK], { pay: {} as never })).rejects.toMatchObject(refused);
  });

  it("I1: two servers whose labels and tool names run together are not told apart, so neither is let through", async () => {
    const server = (server_label: string): object => ({ type: "mcp", server_label });
    const leash = await leashFor(ALLOW_ALL);
    expect(() => createInterceptor(leash, { tools: [server("a"), server("a.b")] })).toThrow(
      expect.objectContaining(refused),
    );
  });

  it("I4: a shell call for a place that this version does not know runs nothing here", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const ran: unknown[] = [];
    const interceptor = createInterceptor(leash, {
      tools: TOOLS,
      handlers: { shell: (input: never) => ran.push(input) },
    });
    const item = { type: "shell_call", call_id: "s", action: { commands: ["ls"] }, environment: { type: "elsewhere" } };
    expect((await interceptor.run([item])).outputs).toMatchObject([{ output: [{ outcome: { exit_code: 126 } }] }]);
    expect(ran).toEqual([]);
  });
});

describe("streams", () => {
  async function* streamOf(events: readonly object[]): AsyncGenerator<object> {
    yield* structuredClone(events);
  }
  const item = functionCall("a", "buy", { n: 1 });
  const done = (change: object = {}, output_index = 0): object => ({
    type: "response.output_item.done",
    output_index,
    item: { ...item, ...change },
  });
  const end = (type: string, output: readonly object[]): object => ({
    type,
    response: { id: "r", status: type.slice(9), output },
  });

  it("I4: the items of the response itself are no way around what was found wrong with the stream", async () => {
    const { bought, interceptor } = await shop(ALLOW_ALL);
    const streams = [
      [done(), end("response.incomplete", [item])],
      [{ ...done(), type: "response.output_item.added" }, end("response.completed", [item])],
      [end("response.completed", [item])],
      [done(), done(), end("response.completed", [item])],
      [done(), end("response.completed", [{ ...item, call_id: "other" }])],
      [done(), end("response.completed", [item, { ...item, arguments: '{"n":2}' }])],
    ];
    for (const events of streams) {
      const { response } = await assembleResponse(streamOf(events));
      await interceptor.run((response as { output: object[] }).output);
    }
    expect(bought).toEqual([]);
  });

  it("I1: a namespace that changes between the opening and the end of a call stops it", async () => {
    const opened = { type: "response.output_item.added", output_index: 0, item: { ...item, namespace: "shop" } };
    const { bought, interceptor } = await shop(ALLOW_ALL);
    const { output } = await assembleResponse(streamOf([opened, done(), end("response.completed", [])]));
    await interceptor.run(output);
    expect(bought).toEqual([]);
  });

  it("re-ordered items are given in the order of the response", async () => {
    const { output } = await assembleResponse(
      streamOf([done({ call_id: "second" }, 1), done({ call_id: "first" }, 0), end("response.completed", [])]),
    );
    expect(output).toMatchObject([{ call_id: "first" }, { call_id: "second" }]);
  });
});

describe("runTools with stacked gates", () => {
  it("I1: a function that was put into a wrapped tool is wrapped in its turn", async () => {
    const ran: unknown[] = [];
    const gate = await leashFor("default: deny\n");
    const work = (): unknown => ran.push("raw");
    const [wrapped] = wrapTools(
      [{ type: "function", function: { name: "pay", parameters: {}, function: work } }],
      gate,
    );
    if (wrapped === undefined) throw new Error("Nothing was wrapped.");
    expect(wrapTools([{ ...wrapped }], gate)[0]?.function.function).toBe(wrapped.function.function);
    Reflect.set(wrapped.function, "function", work);
    const [again] = wrapTools([wrapped], gate);
    expect(await again?.function.function()).toMatch(/Denied/u);
    expect(ran).toEqual([]);
  });

  it.each(['{"to":"ann","to":"eve"}', '{"to":7}'])(
    "I4: a gate that only observes lifts no refusal: %s",
    async (text) => {
      const ran: unknown[] = [];
      const tool = {
        type: "function",
        function: {
          name: "pay",
          parameters: {},
          parse: (raw: string) => z.object({ to: z.string() }).parse(JSON.parse(raw)),
          function: (input: unknown) => ran.push(input),
        },
      };
      const gate = await leashFor(ALLOW_ALL);
      const [outer] = wrapTools(wrapTools([tool], gate), await leashFor(ALLOW_ALL, { mode: "observe" }));
      const told: unknown = await Promise.resolve(outer?.function.function(outer.function.parse(text)));
      expect(ran).toEqual([]);
      expect(told).toMatch(/Denied/u);
      expect(await outcomes(gate)).toEqual(["DENY"]);
    },
  );
});
