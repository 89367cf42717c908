import { describe, expect, it } from "vitest";
import { chatCall, functionCall } from "./calls.fixture.ts";
import { encode } from "./encode.ts";
import { createInterceptor, leashStatusTool, wrapTools } from "./index.ts";
import { approveAll, leashFor, logOf, pendingAt } from "./leash.fixture.ts";
import { normalise } from "./normalise.ts";
import { ROWS, SCREEN } from "./rows.fixture.ts";
import { CLIENTS } from "./test/clients.ts";
import { serve } from "./test/server.ts";

const NOTICE = "This call was changed before it ran: amount is 1.";
const CAP = "default: allow\nrules: [{ id: cap, action: buy, effect: allow, compute: { set: { amount: '1' } } }]\n";
const FIVE = chatCall("c", "buy", { amount: 5 });
const exit = { type: "exit", exit_code: 0 } as const;

const callOf = (item: object | undefined) => normalise(item ?? {}) ?? expect.fail("The item is no call.");
const row = (name: string) => callOf(ROWS.find((each) => each.name === name)?.item);

describe("a call that was changed before it ran is told so in the form of its own API", () => {
  it.each([
    ["chat function", "sold", { content: `${NOTICE}\n\nsold` }],
    ["chat function", { a: 1 }, { content: `${NOTICE}\n\n{"a":1}` }],
    [
      "chat function",
      [{ type: "text", text: "x" }],
      { content: [NOTICE, "x"].map((text) => ({ type: "text", text })) },
    ],
    ["chat custom", { noted: true }, { content: `${NOTICE}\n\n{"noted":true}` }],
    ["function_call", 3, { output: `${NOTICE}\n\n3` }],
    [
      "function_call",
      [{ type: "input_image", image_url: "https://a.example.com/x.png" }],
      {
        output: [
          { type: "input_text", text: NOTICE },
          { type: "input_image", image_url: "https://a.example.com/x.png" },
        ],
      },
    ],
    ["custom_tool_call", undefined, { output: `${NOTICE}\n\n` }],
    ["local_shell_call", "a\n", { output: `${NOTICE}\n\na\n` }],
    ["shell_call", "a\n", { output: [{ stdout: "a\n", stderr: NOTICE, outcome: exit }] }],
    [
      "shell_call",
      [
        { stdout: "a", stderr: "slow", outcome: { type: "timeout" } },
        { stdout: "b", stderr: "", outcome: exit },
      ],
      {
        output: [
          { stdout: "a", stderr: `${NOTICE}\n\nslow`, outcome: { type: "timeout" } },
          { stdout: "b", stderr: "", outcome: exit },
        ],
      },
    ],
    ["apply_patch_call", "done", { status: "completed", output: `${NOTICE}\n\ndone` }],
    ["apply_patch_call", { status: "failed", output: "no" }, { status: "failed", output: `${NOTICE}\n\nno` }],
    ["apply_patch_call", { status: "completed" }, { status: "completed", output: NOTICE }],
    ["apply_patch_call", undefined, { status: "completed", output: NOTICE }],
  ])("%s: %j", (name, result, answer) => {
    expect(encode(row(name), { kind: "result", result, notice: NOTICE })).toMatchObject(answer);
  });

  it("but for a picture, which has no place for words", () => {
    expect(encode(row("computer_call"), { kind: "result", result: SCREEN, notice: NOTICE })).toEqual(
      encode(row("computer_call"), { kind: "result", result: SCREEN }),
    );
  });

  it("leaves the result that the handler gave, and keeps, as it is", () => {
    const result = [{ stdout: "a", stderr: "", outcome: exit }];
    encode(row("shell_call"), { kind: "result", result, notice: NOTICE });
    expect(result).toEqual([{ stdout: "a", stderr: "", outcome: exit }]);
  });
});

describe("a turn", () => {
  it("tells what the policy computed, records the handler's own result, and tells the same when it is run again", async () => {
    const leash = await leashFor(CAP);
    const bought: unknown[] = [];
    const buy = (input: object): string => (bought.push(input), "sold");
    const interceptor = createInterceptor(leash, { handlers: { buy }, scope: "response-1" });
    const calls = [FIVE, chatCall("d", "buy", { amount: 1 })];
    const first = await interceptor.run(calls);
    expect(first.outputs).toMatchObject([{ content: `${NOTICE}\n\nsold` }, { content: "sold" }]);
    expect(await interceptor.run(calls)).toEqual(first);
    expect(bought).toEqual([{ amount: 1 }, { amount: 1 }]);
    await leash.guard({ tool: "buy", input: {} }, () => "sold");
    const refs = (await logOf(leash)).filter(({ type }) => type === "executed").map((line) => line["output_ref"]);
    expect([refs.length, new Set(refs).size]).toEqual([3, 1]);
  });

  it.each(["chat", "responses"] as const)("tells what a person edited, where it is collected: %s", async (api) => {
    const leash = await leashFor("default: approve\n");
    const tools = [{ type: "function", name: "buy" }, leashStatusTool("responses")];
    const interceptor = createInterceptor(leash, { tools, handlers: { buy: () => "sold" }, pause: "defer" });
    const make = api === "chat" ? chatCall : functionCall;
    const { pending } = await interceptor.run([make("c", "buy", { amount: 5 })]);
    const { id, ref } = (await pendingAt(leash))[0] ?? expect.fail("nothing waits");
    await leash.desk({ id: "bob" }).edit(id, { amount: 1 });
    await approveAll(leash);
    const { outputs } = await interceptor.run([make("s", "leash_status", { ref })]);
    expect(pending).toHaveLength(1);
    expect(outputs).toMatchObject([{ [api === "chat" ? "content" : "output"]: `${NOTICE}\n\nsold` }]);
  });

  it("tells it also where the result has no form that the API takes, and in `encode`", async () => {
    const leash = await leashFor("default: approve\n");
    const tools = [{ type: "computer_use_preview", display_width: 1, display_height: 1, environment: "browser" }];
    const interceptor = createInterceptor(leash, { tools, handlers: { computer: () => "clicked" }, pause: "hold" });
    const running = interceptor.run([{ type: "computer_call", call_id: "c", actions: [{ type: "click", x: 1 }] }]);
    const { id } = (await pendingAt(leash))[0] ?? expect.fail("nothing waits");
    await leash.desk({ id: "bob" }).edit(id, { actions: [], pending_safety_checks: [] });
    await approveAll(leash);
    expect((await running).unanswerable).toMatchObject([
      { text: expect.stringMatching(/^This call was changed before it ran: actions is \[\]\.\n\nThe call ran\./u) },
    ]);
    expect(interceptor.encode(FIVE, { kind: "result", result: "sold", notice: NOTICE })).toMatchObject({
      content: `${NOTICE}\n\nsold`,
    });
  });
});

describe.each(CLIENTS)("runTools of client $version", ({ connect }) => {
  const toolGiving = (result: unknown) => ({
    type: "function" as const,
    function: { name: "buy", parameters: { type: "object" }, parse: JSON.parse, function: () => result },
  });

  it.each([
    ["sold", "sold"],
    [{ order: 1 }, '{"order":1}'],
    [undefined, "undefined"],
  ])(
    "tells the model what was changed in front of %j, and leaves a program's result as it is",
    async (result, text) => {
      const server = await serve({ message: { tool_calls: [FIVE] } }, { message: { content: "done" } });
      const [wrapped] = wrapTools([toolGiving(result)], await leashFor(CAP));
      const request = { model: "scripted", messages: [{ role: "user" as const, content: "go" }], tools: [wrapped] };
      const runner = connect(server).chat.completions.runTools(request as never);
      await runner.done();
      await server.close();
      const told = runner.messages.filter(({ role }) => role === "tool").map(({ content }) => content);
      expect(told).toEqual([`${NOTICE}\n\n${text}`]);
      expect(await Reflect.apply(wrapped.function.function, undefined, [{ amount: 5 }])).toEqual(result);
    },
  );
});
