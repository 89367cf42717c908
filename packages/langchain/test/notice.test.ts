import { createLeash, type Json, type Leash } from "@leashkit/core";
import { scriptedPolicy } from "@leashkit/core/testing";
import { ToolMessage, type BaseMessage } from "@langchain/core/messages";
import { RunnableLambda } from "@langchain/core/runnables";
import { isRunnableToolLike, tool } from "@langchain/core/tools";
import { Command, MemorySaver } from "@langchain/langgraph";
import { createAgent } from "langchain";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { leashMiddleware, leashStatusTool, wrapTool, wrapTools, type WrapOptions } from "../index.ts";
import { ask, callingModel, leashFor, approveNext, nextPending, ASK_ALL, toolMessages } from "./harness.ts";
import { HOSTS, thread } from "./hosts.ts";
import { kindCases } from "./kinds.ts";

const NOTICE = "This call was changed before it ran: count is 1.";
const call = { name: "buy", args: { count: 9 }, id: "a" };
const proposed = { ...call, type: "tool_call" } as const;
const schema = z.object({ count: z.number() });

/** Lets every call run as `input`. */
function changingTo(name: string, input: Json): Promise<Leash> {
  const changed = JSON.stringify(input);
  const policy = scriptedPolicy(({ text }) => ({ transform: text === changed ? null : { tool: name, input } }));
  return createLeash({ policy, store: "memory", notify: [] });
}

const one = (): Promise<Leash> => changingTo("buy", { count: 1 });

async function selling(result: unknown, options: WrapOptions = {}, responseFormat = "content") {
  const made = tool(() => result, { name: "buy", description: "d", schema, responseFormat });
  return wrapTool(made, await one(), options);
}

describe("a call that was changed before it ran", () => {
  const cases = kindCases({ done: [] });

  it.each(cases)("is told to a model, and to no program: $kind", async ({ tool: bare, args, parsed, patch }) => {
    const isText = typeof parsed === "string";
    const leash = await changingTo(bare.name, isText ? { input: "changed" } : { a: 7 });
    const wrapped = wrapTool(bare, leash, { ...(patch === true && { patch }) });
    expect(await wrapped.invoke(isText ? parsed : args)).toBe("worked");
    const message = await wrapped.invoke({ name: bare.name, args, id: "c", type: "tool_call" }, { toolCallId: "c" });
    const content = isRunnableToolLike(wrapped) ? message : (message as ToolMessage).content;
    expect(content).toMatch(/^This call was changed before it ran: (?:a is 7|input is "changed").*\n\nworked$/u);
  });

  it.each([
    ["a text", "sold", `${NOTICE}\n\nsold`],
    ["an object", { order: 1 }, `${NOTICE}\n\n{"order":1}`],
    ["nothing", undefined, `${NOTICE}\n\n`],
    ["what has no JSON form", 5n, `${NOTICE}\n\n5`],
    ["a list", [1, 2], `${NOTICE}\n\n[1,2]`],
    ["a list with a block in it", [{ type: "text", text: "x" }, 2], `${NOTICE}\n\n[{"type":"text","text":"x"},2]`],
    ["blocks", [{ type: "text", text: "sold" }], [NOTICE, "sold"].map((text) => ({ type: "text", text }))],
  ])("is told in front of %s, as LangChain makes the content of a message", async (_what, result, content) => {
    const buy = await selling(result);
    expect(await buy.invoke(proposed)).toMatchObject({ status: "success", tool_call_id: "a", name: "buy", content });
    expect(await buy.invoke(call.args)).toEqual(result);
  });

  it("leaves an artifact as it is, and what is no pair to LangChain", async () => {
    const artifact = { rows: [1] };
    const buy = await selling(["sold", artifact], {}, "content_and_artifact");
    const message = await buy.invoke(proposed);
    expect([message.content, message.artifact]).toEqual([`${NOTICE}\n\nsold`, artifact]);
    expect(message.artifact).toBe(artifact);
    expect(await buy.invoke(call.args)).toBe("sold");
    for (const wrong of ["sold", ["sold"]]) {
      const buying = await selling(wrong, {}, "content_and_artifact");
      await expect(buying.invoke(proposed)).rejects.toThrow(/not a two-tuple/u);
    }
  });

  it.each([{ content: "sold" }, { content: [{ type: "text" as const, text: "sold" }] }])(
    "is told in a copy of the message that the tool made: %j",
    async ({ content }) => {
      const own = new ToolMessage({ content, tool_call_id: "a", name: "buy", artifact: { n: 1 }, id: "m" });
      const message = await (await selling(own)).invoke(proposed);
      expect(message.text).toBe(typeof content === "string" ? `${NOTICE}\n\nsold` : `${NOTICE}sold`);
      expect(ToolMessage.isInstance(message) && message.toDict().data.content).toEqual(message.content);
      expect(message).toMatchObject({ tool_call_id: "a", name: "buy", artifact: { n: 1 }, id: "m" });
      expect(own.content).toEqual(content);
    },
  );

  it("leaves what LangChain passes on as it is, and knows no content of", async () => {
    const own = { lc_direct_tool_output: true, rows: [1] };
    expect(await (await selling(own)).invoke(proposed)).toBe(own);
  });

  it("is told in the answer to it within a command, wherever it stands, and nowhere else", async () => {
    const answer = (id: string) => new ToolMessage({ content: "sold", tool_call_id: id, name: "buy" });
    const plain = { role: "tool", tool_call_id: "a", content: "sold" };
    const [told, plainTold] = [{ content: `${NOTICE}\n\nsold` }, { ...plain, content: `${NOTICE}\n\nsold` }];
    const other = answer("b");
    for (const [update, changed] of [
      [
        { messages: [answer("a"), other], bought: ["tea"] },
        { messages: [told, other], bought: ["tea"] },
      ],
      [{ messages: plain }, { messages: plainTold }],
      [[["messages", [answer("a")]]], [["messages", [told]]]],
      [
        [answer("a"), "tea"],
        [told, "tea"],
      ],
    ] as const) {
      const own = new Command({ goto: "next", graph: Command.PARENT, update: update as never });
      const before = JSON.stringify(own);
      const command = (await (await selling(own)).invoke(proposed)) as unknown as Command;
      expect(command).toBeInstanceOf(Command);
      expect(command).toMatchObject({ goto: ["next"], graph: Command.PARENT });
      expect(command.update).toMatchObject(changed);
      expect(JSON.stringify(own)).toBe(before);
    }
  });

  it("is told in a text where refusals are texts, without a tool call as well", async () => {
    expect(await (await selling("sold", { onDeny: "return" })).invoke(call.args)).toBe(`${NOTICE}\n\nsold`);
    expect(await (await selling({ order: 1 }, { onDeny: "return" })).invoke(call.args)).toEqual({ order: 1 });
  });

  it("is told by every gate that changed it", async () => {
    const two = await changingTo("buy", { count: 2 });
    const both = wrapTool(await selling("sold"), two);
    expect(await both.invoke(proposed)).toMatchObject({
      content: `This call was changed before it ran: count is 2.\n\n${NOTICE}\n\nsold`,
    });
  });

  it("is told where it is collected, whatever the tool gave", async () => {
    const leash = await leashFor(ASK_ALL);
    const own = new Command({ update: { messages: [new ToolMessage({ content: "sold", tool_call_id: "a" })] } });
    for (const [result, content] of [
      [["sold", { n: 1 }], `${NOTICE}\n\nsold`],
      [[new ToolMessage({ content: "sold", tool_call_id: "a" }), {}], `${NOTICE}\n\nsold`],
      [[own, {}], undefined],
    ] as const) {
      const made = tool(() => result, {
        name: "buy",
        description: "d",
        schema,
        responseFormat: "content_and_artifact",
      });
      const tools = wrapTools([made], leash, { pause: "defer" });
      await tools[0].invoke(proposed);
      const { id, ref } = await nextPending(leash);
      await leash.desk({ id: "bob" }).edit(id, { count: 1 });
      await approveNext(leash);
      const status = leashStatusTool(leash, tools);
      const asked = { name: "leash_status", args: { ref }, id: "s", type: "tool_call" } as const;
      const answers: unknown[] = [await status.invoke(asked), await status.invoke(asked)];
      for (const answer of answers) {
        if (content !== undefined) expect(answer).toMatchObject({ content, tool_call_id: "s" });
        else expect(answer).toMatchObject({ update: { messages: [{ content: `${NOTICE}\n\nsold` }] } });
      }
    }
  });
});

describe("a model reads of its changed call", () => {
  const buy = () => tool(() => ({ order: 1 }), { name: "buy", description: "d", schema });
  const told = `${NOTICE}\n\n{"order":1}`;
  const contentIn = (messages: BaseMessage[]): unknown => toolMessages({ messages })["a"]?.content;

  it.each(Object.keys(HOSTS))("in %s", async (name) => {
    const runnable = RunnableLambda.from(() => ({ order: 1 })).asTool({ name: "buy", description: "d", schema });
    for (const made of [buy(), runnable]) {
      const host = HOSTS[name]?.([call], wrapTools([made], await one()) as never);
      expect(contentIn((await host?.invoke(ask, thread))?.messages ?? [])).toBe(told);
    }
  });

  it("through the middleware, and of a tool that is behind both only once", async () => {
    for (const wrapped of [false, true]) {
      const leash = await one();
      const agent = createAgent({
        model: callingModel([call]),
        tools: wrapped ? wrapTools([buy()], leash) : [buy()],
        middleware: [leashMiddleware(leash)],
        checkpointer: new MemorySaver(),
      });
      expect(contentIn((await agent.invoke(ask, thread)).messages)).toBe(told);
    }
  });
});
