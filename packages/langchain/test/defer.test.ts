import { NoEffect, STATUS_TOOL } from "@leashkit/core";
import { tool } from "@langchain/core/tools";
import { GraphInterrupt, MemorySaver } from "@langchain/langgraph";
import { createAgent } from "langchain";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { leashStatusTool, wrapTool, wrapTools } from "../index.ts";
import { ask, ASK_ALL, callingModel, leashFor, toolMessages, approveNext, nextPending } from "./harness.ts";

const item = z.object({ item: z.string() });

async function desk(work: (input: { item: string }) => unknown = (input) => `sold ${input.item}`) {
  const leash = await leashFor(ASK_ALL);
  const sold: string[] = [];
  const buy = tool(
    (input) => {
      sold.push(input.item);
      return work(input);
    },
    { name: "buy", description: "d", schema: item },
  );
  const note = tool(
    (text: string) => {
      sold.push(text);
      return [`noted ${text}`, { raw: text }];
    },
    { name: "note", description: "d", schema: z.string(), responseFormat: "content_and_artifact" },
  );
  const tools = wrapTools([buy, note], leash, { pause: "defer" });
  const status = leashStatusTool(leash, tools);
  const answer = leash.desk({ id: "ann" });
  const askStatus = (ref: string, id = "s"): Promise<{ content: string }> =>
    status.invoke({ name: "leash_status", args: { ref }, id, type: "tool_call" }) as never;
  return { leash, sold, tools, status, answer, askStatus };
}

const propose = { name: "buy", args: { item: "tea" }, id: "a", type: "tool_call" } as const;

describe("deferring", () => {
  it("tells the model a reference and does not end a returnDirect run with it", async () => {
    const { leash, tools, sold } = await desk();
    const [buy] = tools;
    const message: unknown = await buy.invoke(propose);
    const approval = await nextPending(leash);
    expect(message).toMatchObject({
      status: "error",
      content: expect.stringContaining(`ref ${approval.ref}`),
      artifact: { leash: { code: "LEASH_PENDING", ref: approval.ref, approvalId: approval.id } },
    });
    expect(sold).toEqual([]);
  });

  it("I2: leash_status collects the one execution, and gives its result again", async () => {
    const { leash, tools, answer, askStatus, sold } = await desk();
    await tools[0].invoke(propose);
    const approval = await nextPending(leash);
    const ref = approval.ref;
    expect((await askStatus(ref)).content).toMatch(/still waiting/i);
    await answer.approve(ref);
    expect((await askStatus(ref)).content).toBe("sold tea");
    expect((await askStatus(ref)).content).toBe("sold tea");
    expect((await Promise.all([askStatus(ref), askStatus(ref)])).map((message) => message.content)).toEqual([
      "sold tea",
      "sold tea",
    ]);
    expect(sold).toEqual(["tea"]);
  });

  it("I2: the same call again collects it too", async () => {
    const { leash, tools, sold } = await desk();
    await tools[0].invoke(propose);
    await approveNext(leash);
    expect(await tools[0].invoke({ ...propose, id: "later" })).toMatchObject({
      content: "sold tea",
      status: "success",
    });
    expect(sold).toEqual(["tea"]);
  });

  it("collects tools of text and of content with artifact", async () => {
    const { leash, tools, answer, askStatus, sold } = await desk();
    await tools[1].invoke({ name: "note", args: { input: "milk" }, id: "n", type: "tool_call" });
    const approval = await nextPending(leash);
    await answer.approve(approval.id);
    expect((await askStatus(approval.ref)).content).toBe("noted milk");
    expect(sold).toEqual(["milk"]);
  });

  it("I3: tells a denial, an unknown reference, and another agent's reference without running anything", async () => {
    const { leash, tools, answer, askStatus, sold } = await desk();
    await tools[0].invoke(propose);
    const approval = await nextPending(leash);
    const ref = approval.ref;
    expect((await askStatus("ZZZZ")).content).toMatch(/no call of yours/i);
    const foreign = leashStatusTool(leash.as({ agent: "other" }), tools);
    expect(await foreign.invoke({ ref })).toMatch(/no call of yours/i);
    await answer.deny(ref, { reason: "no money" });
    expect((await askStatus(ref)).content).toContain("no money");
    expect(sold).toEqual([]);
  });

  it("passes on what the tool throws", async () => {
    const { leash, tools, answer, askStatus } = await desk(() => {
      throw new NoEffect("the shop is closed");
    });
    await tools[0].invoke(propose);
    const approval = await nextPending(leash);
    await answer.approve(approval.id);
    await expect(askStatus(approval.ref)).rejects.toThrow("the shop is closed");
  });

  it("I2: goes on under the same approval with a tool that paused itself", async () => {
    let pauses = 1;
    const { leash, tools, answer, askStatus, sold } = await desk((input) => {
      if (pauses-- > 0) throw new GraphInterrupt([]);
      return `sold ${input.item}`;
    });
    await tools[0].invoke(propose);
    const { ref } = await nextPending(leash);
    await answer.approve(ref);
    await expect(askStatus(ref)).rejects.toBeInstanceOf(GraphInterrupt);
    expect((await askStatus(ref)).content).toBe("sold tea");
    expect(sold).toEqual(["tea", "tea"]);
  });

  it("refuses to collect a tool that the status tool was not given, and leaves the approval as it is", async () => {
    const { leash, tools, answer, sold } = await desk();
    await tools[0].invoke(propose);
    const approval = await approveNext(leash);
    const forgetful = leashStatusTool(leash, [tools[1]]);
    await expect(forgetful.invoke({ ref: approval.ref })).rejects.toMatchObject({ code: "LEASH_CONFIG_INVALID" });
    expect((await answer.get(approval.id)).status).toBe("approved");
    expect(sold).toEqual([]);
  });

  it("the status tool needs no gate and is not wrapped", async () => {
    const { leash, status } = await desk();
    expect(wrapTool(status, leash)).toBe(status);
  });

  it("leaves core's own description of the status tool as it is", async () => {
    const { askStatus } = await desk();
    await askStatus("ZZZZ");
    expect(Reflect.ownKeys(STATUS_TOOL.parameters)).toEqual(["type", "properties", "required", "additionalProperties"]);
  });

  it("works within an agent", async () => {
    const { leash, tools, status, answer, sold } = await desk();
    const ref = async (): Promise<string> => (await nextPending(leash)).ref;
    const agent = createAgent({
      model: callingModel([{ name: "buy", args: { item: "tea" }, id: "a" }]),
      tools: [...tools, status],
      checkpointer: new MemorySaver(),
    });
    const config = { configurable: { thread_id: "t" } };
    const first = await agent.invoke(ask, config);
    expect(toolMessages(first)["a"]?.content).toContain(await ref());
    const known = await ref();
    await answer.approve(known);
    const later = createAgent({
      model: callingModel([{ name: "leash_status", args: { ref: known }, id: "s" }]),
      tools: [...tools, status],
    });
    expect(toolMessages(await later.invoke(ask))["s"]?.content).toBe("sold tea");
    expect(sold).toEqual(["tea"]);
  });
});
