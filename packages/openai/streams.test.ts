import { describe, expect, it } from "vitest";
import { chatCall, functionCall } from "./calls.fixture.ts";
import { assembleChat, assembleResponse, createInterceptor } from "./index.ts";
import { ALLOW_ALL, leashFor, logOf } from "./leash.fixture.ts";
import { chunk, chunksOf, eventsOf, itemEvents, responseOf, type Item } from "./test/rendering.ts";

/** Every stream has objects of its own. */
async function* streamOf(events: readonly object[]): AsyncGenerator<object> {
  yield* structuredClone(events);
}

async function shop() {
  const leash = await leashFor(ALLOW_ALL);
  const bought: unknown[] = [];
  const note = (input: never): string => {
    bought.push(input);
    return "sold";
  };
  const tools = [{ type: "custom", name: "note" }];
  return { leash, bought, interceptor: createInterceptor(leash, { tools, handlers: { buy: note, sell: note, note } }) };
}

/** Runs what a stream of Chat Completions brought. */
async function runChat(...events: readonly object[]) {
  const { leash, bought, interceptor } = await shop();
  const { message, calls } = await assembleChat(streamOf(events));
  expect(message.tool_calls ?? []).toEqual(calls);
  const { outputs } = await interceptor.run(calls);
  return {
    leash,
    bought,
    message,
    calls,
    texts: outputs.map(({ content }) => content),
    ids: outputs.map((output) => output.tool_call_id),
  };
}

/** Runs what a stream of Responses brought. */
async function runResponse(...events: readonly object[]) {
  const { leash, bought, interceptor } = await shop();
  const { response, output } = await assembleResponse(streamOf(events));
  const { outputs } = await interceptor.run(output);
  return { leash, bought, response, output, texts: outputs.map((answer) => Reflect.get(answer, "output") as unknown) };
}

const part = (index: number | undefined, call: object): object =>
  chunk({ tool_calls: [{ ...(index !== undefined && { index }), ...call }] });
const head = (id: string, name: string, text = "") => ({ id, type: "function", function: { name, arguments: text } });
const piece = (text: unknown) => ({ function: { arguments: text } });
const END = chunk({}, "tool_calls");
const refused = (problem: string): string =>
  `Denied: the arguments are not plain, well-formed data (${problem}). Call again with corrected arguments.`;

describe("a streamed answer of Chat Completions", () => {
  it("is put together: text, refusal and calls", async () => {
    const { message } = await assembleChat(
      streamOf([
        chunk({ role: "assistant", content: "Let me " }),
        chunk({ content: "see.", refusal: "No" }),
        chunk({}, "stop"),
      ]),
    );
    expect(message).toEqual({ role: "assistant", content: "Let me see.", refusal: "No" });
  });

  it("gives the calls that the same answer has without a stream", async () => {
    const tool_calls = [
      chatCall("a", "buy", { n: 1 }),
      { id: "b", type: "custom", custom: { name: "note", input: "milk" } },
    ];
    const { calls, bought, texts } = await runChat(...chunksOf({ tool_calls }, "tool_calls"));
    expect(calls).toEqual(tool_calls);
    expect(bought).toEqual([{ n: 1 }, "milk"]);
    expect(texts).toEqual(["sold", "sold"]);
  });

  it("may interleave its calls", async () => {
    const { bought } = await runChat(
      part(0, head("a", "buy")),
      part(1, head("b", "buy")),
      part(0, piece('{"n"')),
      part(1, piece('{"n":')),
      part(0, piece(":1}")),
      part(1, piece("2}")),
      END,
    );
    expect(bought).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it("may repeat id, type and name in every fragment, and may send arguments as an object", async () => {
    const { bought, calls } = await runChat(
      part(0, head("a", "buy", '{"n"')),
      part(0, head("a", "buy", ":1}")),
      part(1, { ...head("b", "buy"), function: { name: "buy", arguments: { n: 2 } } }),
      END,
    );
    expect(bought).toEqual([{ n: 1 }, { n: 2 }]);
    expect(calls[1]).toMatchObject({ function: { arguments: '{"n":2}' } });
  });

  it("may have other choices, which are left alone", async () => {
    const other = {
      choices: [{ index: 1, delta: { tool_calls: [{ index: 0, ...head("x", "buy", "{}") }] }, finish_reason: null }],
    };
    expect((await runChat(other, part(0, head("a", "buy", "{}")), END, { choices: [], usage: {} })).ids).toEqual(["a"]);
  });

  it("that throws leaves nothing to run", async () => {
    const broken = async function* () {
      yield part(0, head("a", "buy", "{}"));
      throw new Error("connection lost");
    };
    await expect(assembleChat(broken())).rejects.toThrow("connection lost");
  });

  const whole = part(0, head("a", "buy", '{"n":1}'));
  it.each([
    ["without an end", [whole], "the stream broke off"],
    ["that ended for its length", [whole, chunk({}, "length")], "the answer was cut short"],
    ["that a filter ended", [whole, chunk({}, "content_filter")], "the answer was cut short"],
    ["with an unknown end", [whole, chunk({}, "paused")], "the answer was cut short"],
    ["with an end among others", [whole, chunk({}, "length"), END], "the answer was cut short"],
    ["that went on after its end", [END, whole], "the stream went on after its end"],
    [
      "with a fragment that names no call",
      [whole, part(undefined, piece(" ")), END],
      "a fragment of the stream names no call",
    ],
    [
      "with a call that names another tool later",
      [whole, part(0, { function: { name: "sell" } }), END],
      "fragments of the call disagree about its name",
    ],
    [
      "with a call that changes its type",
      [whole, part(0, { type: "custom" }), END],
      "fragments of the call disagree about its type",
    ],
    ["with arguments that are no text", [whole, part(0, piece(7)), END], "a fragment of the arguments is not a text"],
    [
      "with an object behind a text",
      [whole, part(0, piece({ n: 2 })), END],
      "a fragment of the arguments is not a text",
    ],
    ["without an id", [part(0, { function: { name: "buy", arguments: "{}" } }), END], "the call has no id"],
    ["with half an argument text", [part(0, head("a", "buy", '{"n":1')), END], undefined],
    ["with two argument texts in a row", [part(0, head("a", "buy", '{"n":1}{"n":2}')), END], undefined],
  ])("I4: %s runs no call, answers it and records the refusal", async (_what, events, problem) => {
    const { leash, bought, texts, ids, calls } = await runChat(...events);
    expect(bought).toEqual([]);
    expect(texts).toEqual([
      problem === undefined ? expect.stringContaining("the arguments are not strict JSON") : refused(problem),
    ]);
    expect(ids).toEqual(calls.map(({ id }) => id));
    expect((await logOf(leash)).filter(({ effective }) => effective === "DENY")).toHaveLength(1);
  });

  it("A-A29: its arguments cut at each byte are one call that is decided once, and the first piece alone is none", async () => {
    const text = '{"n":1,"to":"zwölf \\u00e4 💸"}';
    const cuts = Array.from({ length: text.length + 1 }, (_, at) => [text.slice(0, at), text.slice(at)] as const);
    for (const [first, rest] of cuts) {
      const { bought, leash } = await runChat(part(0, head("a", "buy", first)), part(0, piece(rest)), END);
      expect(bought).toEqual([JSON.parse(text)]);
      expect((await logOf(leash)).filter(({ type }) => type === "decided")).toHaveLength(1);
      expect((await runChat(part(0, head("a", "buy", first)))).bought).toEqual([]);
    }
  });

  it("I4: a call of an unknown type runs nothing and is answered", async () => {
    const { bought, texts } = await runChat(
      part(0, { id: "a", type: "telepathy", telepathy: { thought: "buy" } }),
      END,
    );
    expect([bought, texts]).toEqual([[], ["Denied: this tool is not available. Do not retry this call."]]);
  });

  it("I4: a fragment that names no call makes all calls doubtful", async () => {
    const { bought, texts } = await runChat(whole, part(1, head("b", "buy", "{}")), part(undefined, piece(" ")), END);
    expect(bought).toEqual([]);
    expect(new Set(texts)).toEqual(new Set([refused("a fragment of the stream names no call")]));
  });

  it("I4: a suspended or copied turn does not lose what was wrong with a call of the stream", async () => {
    const leash = await leashFor("default: approve\n");
    const ran: unknown[] = [];
    const interceptor = createInterceptor(leash, { handlers: { buy: (input: never) => ran.push(input) } });
    const { calls } = await assembleChat(
      streamOf([whole, part(0, { function: { name: "sell" } }), part(1, head("b", "buy", "{}")), END]),
    );
    const { suspension } = await interceptor.run(calls);
    for (const { id } of await leash.desk({ id: "ann" }).pending()) await leash.desk({ id: "ann" }).approve(id);
    const { outputs } = await interceptor.run(JSON.parse(JSON.stringify(suspension)));
    expect(outputs).toMatchObject([
      { content: refused("fragments of the call disagree about its name") },
      { content: "1" },
    ]);
    expect(ran).toEqual([{}]);
  });
});

describe("a streamed response of the Responses API", () => {
  const call = functionCall("a", "buy", { n: 1 }) as Item;
  const other = functionCall("b", "buy", { n: 2 }) as Item;
  const [added, first, second, argumentsDone, done] = itemEvents(call, 0) as readonly [Item, Item, Item, Item, Item];
  const completed = (...output: readonly Item[]): Item => ({
    type: "response.completed",
    response: responseOf("r", output),
  });
  const reasoning = { type: "reasoning", id: "rs_1", summary: [] };

  it("gives the items and the response that the same answer has without a stream", async () => {
    const custom = { type: "custom_tool_call", id: "ct_1", call_id: "b", name: "note", input: "milk" };
    const whole = responseOf("r", [reasoning, call, custom]);
    const { output, response, bought, texts } = await runResponse(...eventsOf(whole, [reasoning, call, custom]));
    expect(output).toEqual([reasoning, call, custom]);
    expect(response).toEqual(whole);
    expect(bought).toEqual([{ n: 1 }, "milk"]);
    expect(texts).toEqual(["sold", "sold"]);
  });

  it("may interleave its calls, and may leave the items out of its last event", async () => {
    const [addedB, firstB, secondB, argumentsB, doneB] = itemEvents(other, 1) as readonly [
      Item,
      Item,
      Item,
      Item,
      Item,
    ];
    const { bought } = await runResponse(
      added,
      addedB,
      first,
      firstB,
      second,
      secondB,
      argumentsDone,
      argumentsB,
      doneB,
      done,
      completed(),
    );
    expect(bought).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it("that throws leaves nothing to run", async () => {
    const broken = async function* () {
      yield done;
      throw new Error("connection lost");
    };
    await expect(assembleResponse(broken())).rejects.toThrow("connection lost");
  });

  const changed = { ...call, arguments: '{"n":100000}' };
  it.each([
    ["without an end", [added, first, second, done], "the stream broke off"],
    [
      "that is incomplete",
      [added, done, { type: "response.incomplete", response: responseOf("r", [call], "incomplete") }],
      "the response was cut short",
    ],
    [
      "that failed",
      [added, done, { type: "response.failed", response: responseOf("r", [call], "failed") }],
      "the response was cut short",
    ],
    ["with an error", [added, done, { type: "error", message: "x" }, completed(call)], "the response was cut short"],
    ["that ends twice", [added, done, completed(call), { type: "response.failed" }], "the response was cut short"],
    ["that failed without a word", [added, done, { type: "response.failed" }], "the response was cut short"],
    [
      "that completed with another status",
      [added, done, { type: "response.completed", response: responseOf("r", [call], "incomplete") }],
      "the response was cut short",
    ],
    ["that went on after its end", [completed(call), added, done], "the stream went on after its end"],
    [
      "with a call that was not brought to its end",
      [added, first, second, argumentsDone, completed(call)],
      "the stream broke off before the end of the call",
    ],
    [
      "with fragments of other arguments",
      [added, { ...first, delta: '{"n":9' }, second, done, completed(call)],
      "its fragments do not add up to it",
    ],
    ["with a fragment missing", [added, first, done, completed(call)], "its fragments do not add up to it"],
    [
      "with other arguments at their end",
      [added, { ...argumentsDone, arguments: "{}" }, done, completed(call)],
      "its fragments do not add up to it",
    ],
    [
      "with arguments that end twice",
      [added, { ...argumentsDone, arguments: "{}" }, argumentsDone, done, completed(call)],
      "its arguments ended twice",
    ],
    ["with fragments after the call", [added, first, done, second, completed(call)], "its fragments are out of order"],
    [
      "with another tool than at its start",
      [{ ...added, item: { ...call, name: "sell" } }, done, completed(call)],
      "its fragments do not add up to it",
    ],
    [
      "with other arguments in its last event",
      [added, done, completed(changed)],
      "the finished response does not hold this call",
    ],
    [
      "with an event that names no item",
      [added, first, { ...second, output_index: undefined }, done, completed(call)],
      "an event of the stream names no item",
    ],
    ["with a call in its last event only", [completed(call)], "the stream did not hold this call"],
  ])("I4: %s runs no call, answers it and records the refusal", async (_what, events, problem) => {
    const { leash, bought, texts } = await runResponse(...events);
    expect(bought).toEqual([]);
    expect(texts).toEqual([refused(problem)]);
    expect((await logOf(leash)).filter(({ effective }) => effective === "DENY")).toHaveLength(1);
  });

  it("I4: with two calls at one place runs neither, and answers both", async () => {
    const { bought, texts } = await runResponse(
      added,
      done,
      { ...added, item: other },
      { ...done, item: other },
      completed(call, other),
    );
    expect(bought).toEqual([]);
    expect(texts).toEqual([1, 2].map(() => refused("two items share one place in the stream")));
  });
});
