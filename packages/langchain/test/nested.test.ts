import { tool } from "@langchain/core/tools";
import { Command, interrupt, MemorySaver } from "@langchain/langgraph";
import { createAgent, fakeModel, tool as headlessTool } from "langchain";
import { describe, expect, it } from "vitest";
import { resumeLeash, wrapTools } from "../index.ts";
import { approveNext, ask, callingModel, leashFor, toolMessages } from "./harness.ts";
import { buyAndLook, buys, HOSTS, item, POLICY, shopIn, thread, type Host } from "./hosts.ts";

describe("a sub-agent within a tool", () => {
  it("I2: pauses through its tool and resumes inside, the inner call running once", async () => {
    const leash = await leashFor(POLICY);
    const sold: string[] = [];
    const looks: string[] = [];
    const buy = tool((input) => sold.push(input.item), { name: "buy", description: "d", schema: item });
    const look = tool((input) => looks.push(input.item), { name: "look", description: "d", schema: item });
    const inner = createAgent({ model: callingModel(buyAndLook), tools: wrapTools([buy, look], leash) });
    const outer = tool(
      async () => {
        const result = await inner.invoke(ask);
        return String(result.messages.at(-1)?.text);
      },
      { name: "outer", description: "d", schema: item },
    );
    const agent = createAgent({
      model: callingModel([{ name: "outer", args: { item: "x" }, id: "o" }]),
      tools: wrapTools([outer], leash),
      checkpointer: new MemorySaver(),
    }) as unknown as Host;
    const paused = await agent.invoke(ask, thread);
    expect(paused.__interrupt__).toHaveLength(1);
    await approveNext(leash);
    const done = await resumeLeash(agent, thread, { leash });
    expect(sold).toEqual(["tea"]);
    expect(looks).toEqual(["shelf"]);
    expect(toolMessages(done ?? { messages: [] })["o"]?.content).toBe("done");
  });
});

describe("a sub-agent within a tool that needs approval itself", () => {
  it("I3: each person's answer counts for its own call, and scalar resumes reach neither tool", async () => {
    const leash = await leashFor("default: approve\n");
    const answers: unknown[] = [];
    const wipe = tool(() => answers.push(interrupt("really?")), { name: "wipe", description: "d", schema: item });
    const inner = createAgent({
      model: callingModel([{ name: "wipe", args: { item: "disk" }, id: "w" }]),
      tools: wrapTools([wipe], leash),
    });
    const outer = tool(async () => String((await inner.invoke(ask)).messages.at(-1)?.text), {
      name: "outer",
      description: "d",
      schema: item,
    });
    const agent = createAgent({
      model: callingModel([{ name: "outer", args: { item: "x" }, id: "o" }]),
      tools: wrapTools([outer], leash),
      checkpointer: new MemorySaver(),
    }) as unknown as Host;
    await agent.invoke(ask, thread);
    await agent.invoke(new Command({ resume: true }), thread);
    expect((await approveNext(leash)).tool).toBe("outer");
    await agent.invoke(new Command({ resume: true }), thread);
    await agent.invoke(new Command({ resume: true }), thread);
    expect((await approveNext(leash)).tool).toBe("wipe");
    const asked = await agent.invoke(new Command({ resume: true }), thread);
    expect(asked.__interrupt__?.map(({ value }) => value)).toEqual(["really?"]);
    const done = await agent.invoke(new Command({ resume: "yes" }), thread);
    expect(answers).toEqual(["yes"]);
    expect(toolMessages(done)["o"]?.content).toBe("done");
  });
});

describe("going back in time", () => {
  it("I2: a replay from an earlier checkpoint is a new call that a person is asked about anew", async () => {
    const { host: agent, leash, sold } = await shopIn("createAgent v2", buys.slice(0, 1));
    await agent.invoke(ask, thread);
    await approveNext(leash);
    await resumeLeash(agent, thread, { leash });
    expect(sold).toHaveLength(1);
    const history = (agent as unknown as { getStateHistory(config: unknown): AsyncIterable<Snapshot> }).getStateHistory(
      thread,
    );
    let before: Snapshot | undefined;
    for await (const snapshot of history) if (snapshot.next.includes("tools")) before = snapshot;
    await agent.invoke(null, before?.config);
    expect(sold).toHaveLength(1);
    expect(await leash.desk({ id: "ann" }).pending()).toHaveLength(1);
  });
});

interface Snapshot {
  readonly next: readonly string[];
  readonly config: unknown;
}

describe("calls that a running tool makes itself", () => {
  it("are calls of their own, though LangChain hands them the outer call's id", async () => {
    const leash = await leashFor(POLICY);
    const looks: string[] = [];
    const [look] = wrapTools(
      [tool((input) => looks.push(input.item), { name: "look", description: "d", schema: item })],
      leash,
    );
    const outer = tool(
      async (_input, config) => {
        await look.invoke({ item: "same" }, config);
        await look.invoke({ item: "same" }, config);
        return "looked twice";
      },
      { name: "outer", description: "d", schema: item },
    );
    const agent = createAgent({
      model: callingModel([{ name: "outer", args: { item: "x" }, id: "o" }]),
      tools: wrapTools([outer], leash),
      checkpointer: new MemorySaver(),
    });
    await agent.invoke(ask, thread);
    expect(looks).toEqual(["same", "same"]);
  });
});

describe("a headless tool", () => {
  it("I3: is gated, asks its client and gets the client's answer", async () => {
    const leash = await leashFor("default: approve\n");
    const locate = headlessTool({ name: "locate", description: "d", schema: item });
    const [wrapped] = wrapTools([locate], leash);
    expect(wrapped.implement(async () => "x").tool).toBe(wrapped);
    const agent = createAgent({
      model: callingModel([{ name: "locate", args: { item: "me" }, id: "h" }]),
      tools: [wrapped],
      checkpointer: new MemorySaver(),
    }) as unknown as Host;
    await agent.invoke(ask, thread);
    await approveNext(leash);
    const asked = await agent.invoke(new Command({ resume: true }), thread);
    expect(asked.__interrupt__?.[0]?.value).toMatchObject({ type: "tool", toolCall: { name: "locate" } });
    const done = await agent.invoke(new Command({ resume: "Oslo" }), thread);
    expect(toolMessages(done)["h"]?.content).toBe("Oslo");
  });
});

describe("tool results of LangGraph's own kinds", () => {
  it("I2: a Command of an allowed sibling is given again, not made again", async () => {
    const leash = await leashFor(POLICY);
    const looks: string[] = [];
    const buy = tool((input) => `sold ${input.item}`, { name: "buy", description: "d", schema: item });
    const look = tool(
      (input, config) => {
        looks.push(input.item);
        const message = { role: "tool", content: "by command", tool_call_id: String(config.toolCall?.id) };
        return new Command({ update: { messages: [message] } });
      },
      { name: "look", description: "d", schema: item },
    );
    const agent = HOSTS["createAgent v1"]?.(buyAndLook, wrapTools([buy, look], leash) as never);
    await agent?.invoke(ask, thread);
    await approveNext(leash);
    const done = agent && (await resumeLeash(agent, thread, { leash }));
    expect(looks).toEqual(["shelf"]);
    const messages = toolMessages(done ?? { messages: [] });
    expect([messages["l"]?.content, messages["a"]?.content]).toEqual(["by command", "sold tea"]);
  });
});

describe("streams", () => {
  it("show the pause among the updates", async () => {
    const leash = await leashFor(POLICY);
    const buy = tool((input) => `sold ${input.item}`, { name: "buy", description: "d", schema: item });
    const agent = createAgent({
      model: fakeModel().respondWithTools([{ name: "buy", args: { item: "tea" }, id: "a" }]),
      tools: wrapTools([buy], leash),
      checkpointer: new MemorySaver(),
    });
    const chunks: unknown[] = [];
    for await (const chunk of await agent.stream(ask, { ...thread, streamMode: "updates" })) chunks.push(chunk);
    expect(JSON.stringify(chunks.at(-1))).toContain("leash.pending");
  });
});
