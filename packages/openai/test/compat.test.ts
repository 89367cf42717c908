import { afterEach, describe, expect, it } from "vitest";
import { chatCall } from "../calls.fixture.ts";
import { createInterceptor, wrapTools } from "../index.ts";
import { ALLOW_ALL, leashFor, logOf } from "../leash.fixture.ts";
import { CLIENTS, type ClientVersion } from "./clients.ts";
import { chatLoop } from "./loops.ts";
import { chunk } from "./rendering.ts";
import { serve, type LoopbackServer, type Turn } from "./server.ts";

// What servers send that are almost compatible. The clients on their own run some of it, lose some of it, and end with an error on
// some: a gate must never run what is in doubt.

const servers: LoopbackServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const DONE: Turn = { message: { content: "done" } };
const turn = (...tool_calls: readonly object[]): Turn => ({ message: { tool_calls } });
const part = (call: object): object => chunk({ role: "assistant", tool_calls: [call] });
const head = (id: string, name: string, text = "") => ({ id, type: "function", function: { name, arguments: text } });
const END = chunk({}, "tool_calls");

interface Case {
  readonly connect: ClientVersion["connect"];
  readonly turn: Turn;
  readonly stream?: boolean;
}

/** What ran, and what the model was told; `end` says how the conversation ended. */
interface Story {
  readonly ran: readonly unknown[];
  readonly told: readonly unknown[];
  readonly end: string;
  /** Refusals in the log. */
  readonly refused: number;
}

async function story(
  { connect, turn: first, stream = "stream" in first }: Case,
  play: (given: {
    client: ReturnType<Case["connect"]>;
    leash: Awaited<ReturnType<typeof leashFor>>;
    stream: boolean;
    note: (input: unknown) => string;
  }) => Promise<readonly object[]>,
): Promise<Story> {
  const server = await serve(first, DONE);
  servers.push(server);
  const leash = await leashFor(ALLOW_ALL);
  const ran: unknown[] = [];
  const note = (input: unknown): string => `ran ${ran.push(input)}`;
  let end = "done";
  const messages = await play({ client: connect(server), leash, stream, note }).catch((error: unknown) => {
    end = String(error);
    return (server.requests.at(-1)?.body["messages"] ?? []) as readonly object[];
  });
  const told = messages
    .filter((message) => Reflect.get(message, "role") === "tool")
    .map((message) => Reflect.get(message, "content") as unknown);
  const log = await logOf(leash);
  return { ran, told, end, refused: log.filter(({ effective }) => effective === "DENY").length };
}

/** A loop of one's own, with the interceptor. */
const byHand = (given: Case): Promise<Story> =>
  story(given, ({ client, leash, stream, note }) =>
    chatLoop({ client, stream, interceptor: createInterceptor(leash, { handlers: { buy: note, sell: note } }) }),
  );

/** The client's own loop, with wrapped tools. */
const byRunner = (given: Case, parse: boolean = true): Promise<Story> =>
  story(given, async ({ client, leash, stream, note }) => {
    const tools = ["buy", "sell"].map((name) => ({
      type: "function",
      function: {
        name,
        description: "d",
        parameters: { type: "object" },
        function: note,
        ...(parse && { parse: JSON.parse }),
      },
    }));
    const messages = [{ role: "user", content: "go" }];
    const runner = client.chat.completions.runTools({
      model: "m",
      messages,
      stream,
      tools: wrapTools(tools, leash),
    } as never);
    await runner.done();
    return runner.messages;
  });

const malformed = expect.stringContaining("the arguments are not strict JSON");
const problem = (text: string): unknown => expect.stringContaining(`(${text})`);
const NOT_OFFERED = "Denied: this tool is not available. Do not retry this call.";

describe.each(CLIENTS)("client $version, a server that sends", ({ version, connect }) => {
  describe.each([false, true])("with streaming %s", (stream) => {
    const given = (...calls: readonly object[]): Case => ({ connect, stream, turn: turn(...calls) });

    it.each([["{"], ['{"n":1} and more'], ["n: 1"]])(
      "malformed JSON args (%s): nothing runs, the model is told, the log knows",
      async (text) => {
        const refusal = { ran: [], told: [malformed], end: "done", refused: 1 };
        expect(await byHand(given(chatCall("c1", "buy", text)))).toEqual(refusal);
        expect(await byRunner(given(chatCall("c1", "buy", text)))).toEqual(refusal);
        expect(await byRunner(given(chatCall("c1", "buy", text)), false)).toEqual(refusal);
      },
    );

    it('`arguments: ""`: the call has no arguments', async () => {
      expect(await byHand(given(chatCall("c1", "buy", "")))).toMatchObject({ ran: [{}], told: ["ran 1"], end: "done" });
      expect(await byRunner(given(chatCall("c1", "buy", "")))).toMatchObject({
        ran: [{}],
        told: ["ran 1"],
        end: "done",
      });
      expect(await byRunner(given(chatCall("c1", "buy", "")), false)).toMatchObject({ ran: ["{}"], end: "done" });
    });

    it.each([
      ["duplicate JSON keys", '{"n":1,"n":100000}'],
      ["duplicate JSON keys deep inside", '{"a":[{"n":1,"\\u006e":100000}]}'],
      ["a `__proto__` member", '{"__proto__":{"n":1}}'],
      ["integers that lose digits", '{"n":9007199254740993}'],
    ])("%s: nothing runs", async (_what, text) => {
      const refusal = { ran: [], told: [malformed], end: "done", refused: 1 };
      expect(await byHand(given(chatCall("c1", "buy", text)))).toEqual(refusal);
      expect(await byRunner(given(chatCall("c1", "buy", text)))).toEqual(refusal);
      expect(await byRunner(given(chatCall("c1", "buy", text)), false)).toEqual(refusal);
    });

    it("duplicate ids: none of these calls runs", async () => {
      const calls = [chatCall("c1", "buy", { n: 1 }), chatCall("c1", "sell", { n: 2 })];
      expect(await byHand(given(...calls))).toMatchObject({
        ran: [],
        told: [1, 2].map(() => problem("several calls have this id")),
        refused: 2,
      });
      expect(await byRunner(given(...calls))).toMatchObject({
        ran: [],
        told: [1, 2].map(() => problem("two calls of the answer have one id")),
        refused: 2,
      });
    });

    it.each([["constructor"], ["__proto__"], ["toString"], ["hasOwnProperty"]])(
      "tool name `%s`: there is no such tool",
      async (name) => {
        expect(await byHand(given(chatCall("c1", name, {})))).toEqual({
          ran: [],
          told: [NOT_OFFERED],
          end: "done",
          refused: 1,
        });
        // What the client says of it is its own: an answer in version 7, an error before.
        expect(await byRunner(given(chatCall("c1", name, {})))).toMatchObject({ ran: [], refused: 0 });
      },
    );

    it("custom tool call in runTools: nothing runs; a loop of one's own answers it", async () => {
      const custom = { id: "c1", type: "custom", custom: { name: "buy", input: "tea" } };
      expect(await byRunner(given(custom))).toMatchObject({ ran: [], told: [] });
      expect(await byHand(given(custom))).toEqual({ ran: [], told: [NOT_OFFERED], end: "done", refused: 1 });
    });
  });

  it("`arguments` already an object: the object is read", async () => {
    const call = { id: "c1", type: "function", function: { name: "buy", arguments: { n: 1 } } };
    expect(await byHand({ connect, turn: turn(call) })).toMatchObject({
      ran: [{ n: 1 }],
      told: ["ran 1"],
      end: "done",
    });
    expect(await byRunner({ connect, turn: turn(call) })).toMatchObject({
      ran: [{ n: 1 }],
      told: ["ran 1"],
      end: "done",
    });
    expect(await byRunner({ connect, turn: turn(call) }, false)).toMatchObject({ ran: ['{"n":1}'], end: "done" });
    expect(await byHand({ connect, turn: { stream: [part({ ...call, index: 0 }), END] } })).toMatchObject({
      ran: [{ n: 1 }],
      end: "done",
    });
  });

  it.each([
    ["missing", {}],
    ["empty", { id: "" }],
  ])("%s id: the call is refused under an id that is made up", async (_what, id) => {
    const call = { type: "function", function: { name: "buy", arguments: "{}" }, ...id };
    const refusal = { ran: [], told: [problem("the call has no id")], end: "done", refused: 1 };
    expect(await byHand({ connect, turn: turn(call) })).toEqual(refusal);
    expect(await byHand({ connect, turn: { stream: [part({ ...call, index: 0 }), END] } })).toEqual(refusal);
    // Newer clients make up an id before their runner looks, and answer under it.
    expect(await byRunner({ connect, turn: turn(call) })).toMatchObject(
      version === 5 ? { ran: [], refused: 1 } : { ran: [{}], told: ["ran 1"], end: "done" },
    );
  });

  const interleaved = [
    part({ index: 0, ...head("a", "buy") }),
    part({ index: 1, ...head("b", "sell") }),
    part({ index: 0, function: { arguments: '{"n"' } }),
    part({ index: 1, function: { arguments: '{"n":' } }),
    part({ index: 0, function: { arguments: ":1}" } }),
    part({ index: 1, function: { arguments: "2}" } }),
    END,
  ];
  it("stream, interleaved indexes: each call gets its own arguments", async () => {
    expect(await byHand({ connect, turn: { stream: interleaved } })).toMatchObject({
      ran: [{ n: 1 }, { n: 2 }],
      told: ["ran 1", "ran 2"],
      end: "done",
    });
    expect(await byRunner({ connect, turn: { stream: interleaved } })).toMatchObject({
      ran: [{ n: 1 }, { n: 2 }],
      end: "done",
    });
  });

  it("stream, `index` missing: a whole call is not lost, and a doubtful fragment stops all", async () => {
    const whole = part(head("a", "buy", '{"n":1}'));
    expect(await byHand({ connect, turn: { stream: [whole, END] } })).toMatchObject({
      ran: [{ n: 1 }],
      told: ["ran 1"],
      end: "done",
    });
    const doubtful = [part(head("a", "buy", '{"n":')), part({ function: { arguments: "1}" } }), END];
    expect(await byHand({ connect, turn: { stream: doubtful } })).toMatchObject({
      ran: [],
      told: [problem("a fragment of the stream names no call")],
    });
    // The runner loses the call, in version 7 with an error: it never reaches a gate.
    expect(await byRunner({ connect, turn: { stream: [whole, END] } })).toMatchObject({ ran: [], told: [] });
  });

  it("stream, index always 0 for two calls: neither runs, both are answered", async () => {
    const stream = [
      part({ index: 0, ...head("a", "buy", '{"n":1}') }),
      part({ index: 0, ...head("b", "sell", '{"n":2}') }),
      END,
    ];
    const told = [1, 2].map(() => problem("two calls share one index in the stream"));
    expect(await byHand({ connect, turn: { stream } })).toEqual({ ran: [], told, end: "done", refused: 2 });
    // The runner makes one call of them, with both texts in a row.
    expect(await byRunner({ connect, turn: { stream } })).toEqual({
      ran: [],
      told: [malformed],
      end: "done",
      refused: 1,
    });
  });

  const whole = [part({ index: 0, ...head("a", "buy", '{"n":1}') })];
  it.each([
    ["`finish_reason: length`, arguments whole", [...whole, chunk({}, "length")]],
    [
      "`finish_reason: length`, arguments cut",
      [part({ index: 0, ...head("a", "buy", '{"n":1') }), chunk({}, "length")],
    ],
    ["`finish_reason: content_filter`", [...whole, chunk({}, "content_filter")]],
    ["no `finish_reason`", whole],
  ])("stream cut (%s): nothing runs", async (_what, stream) => {
    expect(await byHand({ connect, turn: { stream, cut: true } })).toMatchObject({
      ran: [],
      told: [expect.stringMatching(/^Denied: /u)],
      end: "done",
      refused: 1,
    });
    // Version 7 ends with an error, as all do without a `finish_reason`; the others would run the call.
    expect(await byRunner({ connect, turn: { stream, cut: true } })).toMatchObject(
      version === 7 || stream === whole
        ? { ran: [], told: [], end: expect.stringMatching(/^Error: /u) }
        : { ran: [], told: [expect.stringMatching(/^Denied: /u)], end: "done", refused: 1 },
    );
  });

  it("stream cut (the connection is lost): nothing runs, the loop ends", async () => {
    const lost: Turn = { stream: whole, broken: true };
    expect(await byHand({ connect, turn: lost })).toMatchObject({
      ran: [],
      told: [],
      refused: 0,
      end: expect.not.stringMatching(/^done$/u),
    });
    expect((await byRunner({ connect, turn: lost })).ran).toEqual([]);
  });
});
