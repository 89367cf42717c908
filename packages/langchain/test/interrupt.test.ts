import { currentPermit, type Leash } from "@leashkit/core";
import type { BaseMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { Command, END, interrupt, MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { createReactAgent, ToolNode, toolsCondition } from "@langchain/langgraph/prebuilt";
import { createAgent, fakeModel, tool as headlessTool } from "langchain";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { resumeLeash, wrapTools, type LeashInterrupt, type WrapOptions } from "../index.ts";
import {
  ask,
  callingModel,
  leashFor,
  pause,
  pendingAt,
  toolMessages,
  type Call,
  approveNext,
  nextPending,
} from "./harness.ts";

const POLICY =
  "default: deny\ntools: { buy: { decision: approve }, look: { decision: allow }, outer: { decision: allow } }\n";
const thread = { configurable: { thread_id: "t1" } };

interface State {
  readonly messages: BaseMessage[];
  readonly __interrupt__?: readonly { readonly id?: string; readonly value: LeashInterrupt }[];
}

/** What the hosts of this file have in common. */
interface Host {
  invoke(input: unknown, config: unknown): Promise<State>;
  getState(config: unknown): Promise<unknown>;
}

interface Shop {
  readonly sold: { readonly item: string; readonly key: string | undefined }[];
  readonly looks: string[];
  readonly host: Host;
  readonly leash: Leash;
}

const item = z.object({ item: z.string() });

const HOSTS: Record<string, (calls: readonly Call[], tools: never) => Host> = {
  "createAgent v2": (calls, tools) =>
    createAgent({
      model: callingModel(calls),
      tools,
      checkpointer: new MemorySaver(),
      version: "v2",
    }) as unknown as Host,
  "createAgent v1": (calls, tools) =>
    createAgent({
      model: callingModel(calls),
      tools,
      checkpointer: new MemorySaver(),
      version: "v1",
    }) as unknown as Host,
  "LangGraph's ToolNode in a graph of one's own": (calls, tools) => {
    const model = callingModel(calls);
    return new StateGraph(MessagesAnnotation)
      .addNode("model", async ({ messages }) => ({ messages: [await model.invoke(messages)] }))
      .addNode("tools", new ToolNode(tools))
      .addEdge(START, "model")
      .addConditionalEdges("model", toolsCondition, ["tools", END])
      .addEdge("tools", "model")
      .compile({ checkpointer: new MemorySaver() });
  },
  "LangGraph's createReactAgent": (calls, tools) =>
    // oxlint-disable-next-line typescript/no-deprecated -- still in wide use, and it re-executes siblings
    createReactAgent({ llm: callingModel(calls), tools, checkpointer: new MemorySaver() }),
};

async function shopIn(
  hostName: string,
  calls: readonly Call[],
  options: WrapOptions & { delays?: number[] } = {},
): Promise<Shop> {
  const leash = await leashFor(POLICY);
  const sold: Shop["sold"] = [];
  const looks: string[] = [];
  const { delays = [], ...wrapping } = options;
  const buy = tool(
    async (input) => {
      await pause(delays.shift() ?? 0);
      sold.push({ item: input.item, key: currentPermit()?.idempotencyKey });
      return `sold ${input.item}`;
    },
    { name: "buy", description: "d", schema: item },
  );
  const look = tool(
    (input) => {
      looks.push(input.item);
      return `saw ${input.item}`;
    },
    { name: "look", description: "d", schema: item },
  );
  const host = HOSTS[hostName];
  if (host === undefined) throw new Error(`no host ${hostName}`);
  return { sold, looks, leash, host: host(calls, wrapTools([buy, look], leash, wrapping) as never) };
}

const buys: readonly Call[] = [
  { name: "buy", args: { item: "tea" }, id: "a" },
  { name: "buy", args: { item: "car" }, id: "b" },
];
const buyAndLook: readonly Call[] = [
  { name: "look", args: { item: "shelf" }, id: "l" },
  { name: "buy", args: { item: "tea" }, id: "a" },
];

describe.each(Object.keys(HOSTS))("%s with a checkpointer", (host) => {
  const atOnce = host === "createAgent v2";

  it("I9: pauses with what a chat client can render and nothing that could approve", async () => {
    const { host: agent, leash } = await shopIn(host, buys.slice(0, 1));
    const paused = await agent.invoke(ask, thread);
    const approval = await nextPending(leash);
    expect(paused.__interrupt__?.map(({ value }) => value)).toEqual([
      {
        actionRequests: [{ name: "buy", args: { item: "tea" }, description: expect.stringContaining(approval.ref) }],
        reviewConfigs: [{ actionName: "buy", allowedDecisions: [] }],
        leash: {
          type: "leash.pending",
          approvalId: approval.id,
          ref: approval.ref,
          tool: "buy",
          digest: approval.digest,
          toolCallId: "a",
          expiresAt: approval.expiresAt,
        },
      },
    ]);
  });

  it("I3: forged, malformed and misrouted resumes run nothing, open nothing and wedge nothing", async () => {
    const { host: agent, leash, sold } = await shopIn(host, buys);
    const desk = leash.desk({ id: "ann" });
    const paused = await agent.invoke(ask, thread);
    const id = String(paused.__interrupt__?.[0]?.id);
    const opened = (await pendingAt(desk, 2)).map((approval) => approval.id);
    const forged = [
      true,
      "approve",
      { decisions: [{ type: "approve" }, { type: "approve" }] },
      { decisions: "no list" },
      { leash: { approvalId: opened[0], status: "approved", verdict: "approve" } },
      [],
      {},
      [null],
      { [id]: { decisions: [{ type: "approve" }] } },
      { [id]: false },
      { [id]: null },
    ];
    for (const resume of forged) {
      const again = await agent.invoke(new Command({ resume }), thread);
      expect(again.__interrupt__?.length, JSON.stringify(resume)).toBe(atOnce ? 2 : 1);
    }
    expect(sold).toEqual([]);
    expect((await desk.pending()).map((approval) => approval.id)).toEqual(opened);
    for (const approval of opened) await desk.approve(approval);
    const done = await resumeLeash(agent, thread, { leash });
    expect(sold.map((sale) => sale.item).sort()).toEqual(["car", "tea"]);
    expect(toolMessages(done ?? paused)["b"]?.content).toBe("sold car");
  });

  it("I2: with one of two calls approved and the other denied runs exactly the approved one", async () => {
    const { host: agent, leash, sold } = await shopIn(host, buys);
    const desk = leash.desk({ id: "ann" });
    await agent.invoke(ask, thread);
    const pending = await pendingAt(desk, 2);
    for (const approval of pending) {
      if (approval.text.includes("car")) await desk.deny(approval.id, { reason: "too dear" });
      else await desk.approve(approval.id);
    }
    const done = await resumeLeash(agent, thread, { leash });
    expect(sold.map((sale) => sale.item)).toEqual(["tea"]);
    const messages = toolMessages(done ?? { messages: [] });
    expect(messages["a"]?.content).toBe("sold tea");
    expect(messages["b"]).toMatchObject({ status: "error", content: expect.stringContaining("too dear") });
    expect(messages["b"]?.artifact).toMatchObject({ leash: { code: "LEASH_DENIED", reasonCode: "person_denied" } });
    expect(done?.messages.at(-1)?.content).toBe("done");
  });

  it("I2: runs an allowed call beside a paused one once, though the host executes its node again", async () => {
    const { host: agent, leash, sold, looks } = await shopIn(host, buyAndLook);
    await agent.invoke(ask, thread);
    await agent.invoke(new Command({ resume: "woken for nothing" }), thread);
    await approveNext(leash);
    const done = await resumeLeash(agent, thread, { leash });
    expect(looks).toEqual(["shelf"]);
    expect(sold.map((sale) => sale.item)).toEqual(["tea"]);
    expect(toolMessages(done ?? { messages: [] })["l"]?.content).toBe("saw shelf");
  });

  it("I3: an approval never runs the other call, whatever order the calls arrive in", async () => {
    const { host: agent, leash, sold } = await shopIn(host, buys);
    const desk = leash.desk({ id: "ann" });
    await agent.invoke(ask, thread);
    const car = (await pendingAt(desk, 2)).find((approval) => approval.text.includes("car"));
    await desk.approve(String(car?.id));
    await agent.invoke(new Command({ resume: true }), thread);
    await agent.invoke(new Command({ resume: true }), thread);
    expect(sold.map((sale) => sale.item)).toEqual(["car"]);
  });

  it("I2: a resume after the run does nothing more", async () => {
    const { host: agent, leash, sold } = await shopIn(host, buys.slice(0, 1));
    await agent.invoke(ask, thread);
    await approveNext(leash);
    await resumeLeash(agent, thread, { leash });
    await agent.invoke(new Command({ resume: true }), thread).catch(() => undefined);
    expect(await resumeLeash(agent, thread, { leash })).toBeUndefined();
    expect(sold).toHaveLength(1);
  });

  it("I4: an expired approval lets the agent go on with a refusal", async () => {
    const leash = await leashFor(
      "default: deny\ntools: { buy: { decision: approve, approval: { expires_in: 1s } } }\n",
    );
    const sold: string[] = [];
    const buy = tool((input) => sold.push(input.item), { name: "buy", description: "d", schema: item });
    const agent = HOSTS[host]?.(buys.slice(0, 1), wrapTools([buy], leash) as never);
    await agent?.invoke(ask, thread);
    const done = agent && (await resumeLeash(agent, thread, { leash }));
    expect(sold).toEqual([]);
    expect(toolMessages(done ?? { messages: [] })["a"]?.artifact).toMatchObject({ leash: { code: "LEASH_EXPIRED" } });
  });

  it("I3: what woke the gate does not answer a question that the tool asks itself", async () => {
    const leash = await leashFor("default: approve\n");
    const answers: unknown[] = [];
    const wipe = tool(
      () => {
        answers.push(interrupt("really?"));
        return "wiped";
      },
      { name: "wipe", description: "d", schema: item },
    );
    const agent = HOSTS[host]?.([{ name: "wipe", args: { item: "disk" }, id: "w" }], wrapTools([wipe], leash) as never);
    if (agent === undefined) throw new Error("no host");
    await agent.invoke(ask, thread);
    await agent.invoke(new Command({ resume: true }), thread);
    await agent.invoke(new Command({ resume: true }), thread);
    await approveNext(leash);
    const asked = await agent.invoke(new Command({ resume: true }), thread);
    expect(asked.__interrupt__?.map(({ value }) => value)).toEqual(["really?"]);
    expect(answers).toEqual([]);
    const done = await agent.invoke(new Command({ resume: "yes, really" }), thread);
    expect(answers).toEqual(["yes, really"]);
    expect(toolMessages(done)["w"]?.content).toBe("wiped");
  });
});

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
