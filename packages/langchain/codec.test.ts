import { canonicalText, type Json } from "@leashkit/core";
import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { Command, isCommand, Send } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { loadCommand, resultCodec } from "./codec.ts";

const codec = resultCodec(await loadCommand());

/** What a re-execution gets: through the journal's canonical text. */
function again(result: unknown): unknown {
  const recorded = codec.encode(result);
  return recorded === undefined ? "not recorded" : codec.decode(JSON.parse(canonicalText(recorded)) as Json);
}

describe("results in the journal", () => {
  it.each([
    ["text", "sold"],
    ["nothing", undefined],
    ["null", null],
    ["numbers", [1, 0.5]],
    ["objects", { a: [true, { b: null }] }],
    ["a pair with missing artifact", ["text", undefined]],
    [
      "content blocks",
      [
        { type: "text", text: "x" },
        { type: "image", url: "y" },
      ],
    ],
    ["an object that looks like a record", { "leashkit.langchain/1": "command", value: { goto: "x" } }],
  ])("are given again as they were: %s", (_what, result) => {
    expect(again(result)).toStrictEqual(result);
  });

  it("are recorded as plain JSON where they are plain JSON", () => {
    expect(codec.encode({ a: [1, "x"] })).toEqual({ a: [1, "x"] });
  });

  it("are messages again", () => {
    const message = new ToolMessage({
      content: [{ type: "text", text: "x" }],
      tool_call_id: "a",
      name: "buy",
      status: "error",
      artifact: { rows: [1, 2], lc: 1, type: "secret", id: ["HOME"] },
      additional_kwargs: { k: 1 },
    });
    const back = again(message);
    expect(ToolMessage.isInstance(back)).toBe(true);
    expect(back).toMatchObject({
      content: message.content,
      tool_call_id: "a",
      name: "buy",
      status: "error",
      artifact: message.artifact,
    });
  });

  it("are commands again, with their messages and sends", () => {
    const command = new Command({
      update: { messages: [new HumanMessage("hi"), new AIMessage("ho")], count: 1 },
      goto: [new Send("node", { text: "x" }), "other"],
      graph: Command.PARENT,
    });
    const back = again(command);
    expect(isCommand(back)).toBe(true);
    if (!isCommand(back)) return;
    expect(back).toBeInstanceOf(Command);
    expect((back.goto as unknown[])[0]).toBeInstanceOf(Send);
    expect(back.goto).toEqual(command.goto);
    expect(back.graph).toBe(Command.PARENT);
    const update = back.update as { messages: { content: string }[]; count: number };
    expect([update.count, update.messages.map(({ content }) => content)]).toEqual([1, ["hi", "ho"]]);
  });

  it.each([
    ["dates", new Date()],
    ["maps", new Map()],
    ["functions", () => 1],
    [
      "instances",
      new (class Own {
        readonly a = 1;
      })(),
    ],
    ["NaN", Number.NaN],
    [
      "cycles",
      (() => {
        const cycle: Record<string, unknown> = {};
        cycle["self"] = cycle;
        return cycle;
      })(),
    ],
    ["messages with such artifacts", new ToolMessage({ content: "x", tool_call_id: "a", artifact: new Map() })],
  ])("are not recorded rather than recorded wrongly: %s", (_what, result) => {
    expect(codec.encode(result)).toBeUndefined();
  });

  it("I3: a record builds nothing but the kinds it may hold", () => {
    const forged = { "leashkit.langchain/1": "constructor", value: { id: ["langchain", "load"] } };
    expect(() => codec.decode(forged)).toThrow(TypeError);
    expect(() => resultCodec(undefined).decode({ "leashkit.langchain/1": "command", value: {} })).toThrow(TypeError);
  });
});
