import { tool } from "@langchain/core/tools";
import { Command, interrupt, MemorySaver } from "@langchain/langgraph";
import { createAgent } from "langchain";
import { describe, expect, it } from "vitest";
import { resumeLeash, wrapTools } from "../index.ts";
import { approveNext, ask, callingModel, leashFor, pause, pendingAt, toolMessages } from "./harness.ts";
import { buys, item, POLICY, shopIn, thread, type Host } from "./hosts.ts";

describe("resumeLeash", () => {
  it("waits for the person, then resumes", async () => {
    const { host: agent, leash, sold } = await shopIn("createAgent v2", buys);
    await agent.invoke(ask, thread);
    const resumed = resumeLeash(agent, thread, { leash });
    const desk = leash.desk({ id: "ann" });
    for (const approval of await pendingAt(desk, 2)) {
      await pause(10);
      expect(sold).toEqual([]);
      await desk.approve(approval.id);
    }
    expect((await resumed)?.messages.at(-1)?.content).toBe("done");
    expect(sold).toHaveLength(2);
  });

  it("gives up on time and on abort, leaving the agent paused", async () => {
    const { host: agent, leash, sold } = await shopIn("createAgent v2", buys.slice(0, 1));
    await agent.invoke(ask, thread);
    await expect(resumeLeash(agent, thread, { leash, timeoutMs: 20 })).rejects.toMatchObject({ code: "LEASH_PENDING" });
    const signal = AbortSignal.timeout(20);
    await expect(resumeLeash(agent, thread, { leash, signal })).rejects.toMatchObject({ code: "LEASH_ABORTED" });
    await approveNext(leash);
    await resumeLeash(agent, thread, { leash });
    expect(sold).toHaveLength(1);
  });

  it("leaves interrupts of others alone", async () => {
    const leash = await leashFor("default: allow\n");
    const question = tool(() => String(interrupt("colour?")), { name: "question", description: "d", schema: item });
    const agent = createAgent({
      model: callingModel([{ name: "question", args: { item: "x" }, id: "q" }]),
      tools: wrapTools([question], leash),
      checkpointer: new MemorySaver(),
    }) as unknown as Host;
    await agent.invoke(ask, thread);
    expect(await resumeLeash(agent, thread, { leash })).toBeUndefined();
    const done = await agent.invoke(new Command({ resume: "red" }), thread);
    expect(toolMessages(done)["q"]?.content).toBe("red");
  });

  it("wakes its own interrupts only, where others are pending beside them", async () => {
    const leash = await leashFor("default: approve\ntools: { question: { decision: allow } }\n");
    const question = tool(() => String(interrupt("colour?")), { name: "question", description: "d", schema: item });
    const buy = tool((input) => `sold ${input.item}`, { name: "buy", description: "d", schema: item });
    const agent = createAgent({
      model: callingModel([...buys.slice(0, 1), { name: "question", args: { item: "x" }, id: "q" }]),
      tools: wrapTools([question, buy], leash),
      checkpointer: new MemorySaver(),
    }) as unknown as Host;
    await agent.invoke(ask, thread);
    await approveNext(leash);
    const left = await resumeLeash(agent, thread, { leash });
    expect(left?.__interrupt__?.map(({ value }) => value)).toEqual(["colour?"]);
    const messages = toolMessages(await agent.invoke(new Command({ resume: "red" }), thread));
    expect([messages["a"]?.content, messages["q"]?.content]).toEqual(["sold tea", "red"]);
  });

  it("refuses to wait on a leash that does not know the approval", async () => {
    const { host: agent } = await shopIn("createAgent v2", buys.slice(0, 1));
    await agent.invoke(ask, thread);
    const other = await leashFor(POLICY);
    await expect(resumeLeash(agent, thread, { leash: other })).rejects.toMatchObject({ code: "LEASH_CONFIG_INVALID" });
  });
});
