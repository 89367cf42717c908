import { describe, expect, it } from "vitest";
import { chatCall, functionCall } from "./calls.fixture.ts";
import { markFault } from "./faults.ts";
import { normalise } from "./normalise.ts";
import { ROWS } from "./rows.fixture.ts";

describe("every kind of call is read into one form", () => {
  it.each(ROWS)("$name", ({ item, tool, input, given }) => {
    expect(normalise(item)).toMatchObject({ id: "c1", tool, input: given ?? input, problem: undefined, item });
  });

  it("a namespace stands before the name, in either API", () => {
    expect(normalise({ ...functionCall("c", "pay", {}), namespace: "bank" })?.tool).toBe("bank.pay");
    expect(normalise({ type: "custom_tool_call", call_id: "c", name: "q", namespace: "db", input: "" })?.tool).toBe(
      "db.q",
    );
  });

  it("a chat call without a type is a function call, as some servers send it", () => {
    expect(normalise({ id: "c", function: { name: "buy", arguments: "{}" } })).toMatchObject({
      kind: "function",
      problem: undefined,
    });
  });

  it("labels tell the program or agent that made the call", () => {
    const item = functionCall("c", "pay", {});
    expect(normalise(item)?.labels).toEqual({});
    expect(normalise({ ...item, caller: null })?.labels).toEqual({});
    const called = { ...item, caller: { type: "program", caller_id: "p" }, agent: { agent_name: "helper" } };
    expect(normalise(called)?.labels).toEqual({ "": ["caller:program", "agent:helper"] });
    expect(normalise({ ...item, agent_name: "helper" })?.labels).toEqual({ "": ["agent:helper"] });
  });

  it("batched computer actions are one call", () => {
    const actions = [{ type: "move" }, { type: "click" }];
    const item = { type: "computer_call", call_id: "c", actions, pending_safety_checks: [] };
    expect(normalise(item)?.input).toEqual({ actions, pending_safety_checks: [] });
  });
});

describe("items that no program answers are left alone", () => {
  it.each([
    { type: "message", role: "assistant", content: [] },
    { type: "reasoning", summary: [] },
    { type: "web_search_call", id: "w", status: "completed" },
    { type: "mcp_call", id: "m", name: "buy", server_label: "shop", arguments: "{}" },
    { type: "tool_search_call", call_id: null, execution: "server", arguments: {} },
    {
      type: "shell_call",
      call_id: "s",
      action: { commands: ["ls"] },
      environment: { type: "container_reference", container_id: "x" },
    },
    { type: "function_call_output", call_id: "c", output: "x" },
    { role: "assistant", content: "x" },
  ])("$type", (item) => {
    expect(normalise(item)).toBeUndefined();
  });
});

describe("arguments are read strictly", () => {
  it.each([
    ["", {}],
    ["{}", {}],
    ['{"a":{"b":[1,null]}}', { a: { b: [1, null] } }],
  ])("%j is read", (args, input) => {
    expect(normalise(chatCall("c", "buy", args))).toMatchObject({ input, problem: undefined });
  });

  it.each([[undefined], [null], [{ item: "tea" }]])(
    "%j in place of a text is taken as local servers mean it",
    (args) => {
      const item = { id: "c", type: "function", function: { name: "buy", arguments: args } };
      expect(normalise(item)).toMatchObject({ input: args ?? {}, problem: undefined });
    },
  );

  it.each([
    ["malformed", "{item: tea}"],
    ["cut off", '{"item":"te'],
    ["two values in a row", '{"n":1}{"n":2}'],
    ["duplicate names", '{"n":1,"n":100000}'],
    ["duplicate names behind an escape", '{"n":1,"\\u006e":100000}'],
    ["a member named __proto__", '{"__proto__":{"admin":true}}'],
    ["an integer that loses digits", '{"n":9007199254740993}'],
    ["a list", "[1]"],
    ["a text", '"tea"'],
    ["null", "null"],
    ["blank", " "],
  ])("%s are a problem", (_name, args) => {
    expect(normalise(chatCall("c", "buy", args))?.problem).toMatch(/arguments/u);
    expect(normalise(functionCall("c", "buy", args))?.problem).toMatch(/arguments/u);
  });

  it.each([[[1]], [7], [new Map([["a", 1]])], [new Date(0)]])(
    "a value that is no plain object is a problem: %s",
    (args) => {
      const item = { id: "c", type: "function", function: { name: "buy", arguments: args } };
      expect(normalise(item)?.problem).toBe("the arguments are not an object");
    },
  );

  it("a problem never holds what the model wrote", () => {
    const secret = "hunter2";
    for (const args of [`{"a":"${secret}"`, `"${secret}"`, `{"${secret}":1,"${secret}":2}`]) {
      expect(normalise(chatCall("c", "buy", args))?.problem).not.toContain(secret);
    }
  });
});

describe("other faults are problems too", () => {
  it.each([
    ["no id", { type: "function", function: { name: "buy", arguments: "{}" } }, "the call has no id"],
    ["an empty id", chatCall("", "buy", {}), "the call has no id"],
    [
      "an item's id in place of a call's",
      { ...functionCall("c", "buy", {}), call_id: undefined },
      "the call has no id",
    ],
    ["no name", chatCall("c", "", {}), "the call names no tool"],
    ["no body", { id: "c", type: "function" }, "the call names no tool"],
    [
      "a name that is inherited",
      { id: "c", type: "function", function: Object.create({ name: "buy" }) as object },
      "the call names no tool",
    ],
    ["an unfinished item", { ...functionCall("c", "buy", {}), status: "incomplete" }, "the call is not finished"],
    [
      "a custom call without text",
      { id: "c", type: "custom", custom: { name: "note", input: 7 } },
      "the input is not a text",
    ],
    ["a kind nobody knows", { type: "teleport_call", call_id: "c" }, "calls of this kind are not supported"],
    [
      "a kind of chat call nobody knows",
      { id: "c", type: "teleport", teleport: {} },
      "calls of this kind are not supported",
    ],
    [
      "a type named like a prototype's member",
      { type: "constructor_call", call_id: "c" },
      "calls of this kind are not supported",
    ],
    [
      "shell commands that are no texts",
      { type: "shell_call", call_id: "c", action: { commands: [1] } },
      "action.commands is not a list of texts",
    ],
    [
      "a patch of no known kind",
      { type: "apply_patch_call", call_id: "c", operation: { type: "chmod", path: "a" } },
      "the operation is not a creation, an update or a deletion of a path",
    ],
    [
      "two forms of computer actions",
      { type: "computer_call", call_id: "c", action: {}, actions: [{}] },
      "it states both action and actions",
    ],
    ["no computer actions", { type: "computer_call", call_id: "c" }, "it states no actions"],
    [
      "an MCP call of no server",
      { type: "mcp_approval_request", id: "c", name: "buy", arguments: "{}" },
      "the call names no tool",
    ],
  ])("%s", (_name, item, problem) => {
    expect(normalise(item)?.problem).toBe(problem);
  });

  it("a fault that was noted beside the item", () => {
    const item = markFault(chatCall("c", "buy", {}), "the stream broke off");
    expect(normalise(item)?.problem).toBe("the stream broke off");
    expect(normalise({ ...item })?.problem).toBeUndefined();
  });
});
