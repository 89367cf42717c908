import type { Leash } from "@leashkit/core";
import { AIMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { Command } from "@langchain/langgraph";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { resumeLeash, wrapTools } from "../index.ts";
import { approveNext, ask, contents, nextPending, pause, pendingAt, type Call } from "./harness.ts";
import { leaveHomes, newHome } from "./home.ts";
import { buys, HOSTS, hostOf, POLICY, thread, type Host } from "./hosts.ts";

afterEach(leaveHomes);

/** What the hosts have in common beyond `Host`. */
interface Agent extends Host {
  stream(input: unknown, config: object): Promise<AsyncIterable<[mode: string, chunk: object]>>;
  getStateHistory(config: unknown): AsyncIterable<{ readonly next: readonly string[]; readonly config: unknown }>;
  updateState(config: unknown, values: object): Promise<unknown>;
}

interface Life {
  readonly leash: Leash;
  readonly agent: Agent;
}

const buyTea = buys.slice(0, 1);
const wake = (resume: unknown = true) => new Command({ resume });

/** A shop on SQLite. Every life of it is built anew, as after a restart; the items named reach the gate late in it. */
function shopIn(host: string, calls: readonly Call[]) {
  const home = newHome();
  const [sold, looks]: [string[], string[]] = [[], []];
  const live = async (late: readonly string[] = [], policy = POLICY): Promise<Life> => {
    const named = z.string().refine(async (what) => {
      if (late.includes(what)) await pause(25);
      return true;
    });
    const deed = (name: string, ran: string[]) =>
      tool((input) => `${name} ${input.item}: ${ran.push(input.item)}`, {
        name,
        description: "d",
        schema: z.object({ item: named }),
      });
    const leash = await home.leash(policy);
    const tools = wrapTools([deed("buy", sold), deed("look", looks)], leash);
    return { leash, agent: hostOf(host, calls, tools, home.checkpointer()) as Agent };
  };
  return { sold, looks, live };
}

describe.each(Object.keys(HOSTS))("%s on SQLite", (host) => {
  it("I2 I3: in whatever order calls arrive: in all lives allowed and approved ones run once, denied ones never", async () => {
    const { live, looks, sold } = shopIn(host, [{ name: "look", args: { item: "shelf" }, id: "l" }, ...buys]);
    const first = await live(["shelf", "tea"]);
    await first.agent.invoke(ask, thread);
    await pendingAt(first.leash.desk({ id: "ann" }), 2);
    const second = await live(["car"]);
    await second.agent.invoke(wake({ decisions: [{ type: "approve" }] }), thread);
    const { leash, agent } = await live(["tea"]);
    const desk = leash.desk({ id: "ann" });
    for (const { id, text } of await desk.pending()) {
      await (text.includes("tea") ? desk.approve(id) : desk.deny(id, { reason: "too dear" }));
    }
    const done = await resumeLeash(agent, thread, { leash });
    expect([looks, sold]).toEqual([["shelf"], ["tea"]]);
    const told = { l: "look shelf: 1", a: "buy tea: 1", b: expect.stringContaining("too dear") };
    expect(contents(done)).toEqual(told);
    const last = await live();
    expect(await resumeLeash(last.agent, thread, { leash: last.leash })).toBeUndefined();
    expect([looks, sold]).toEqual([["shelf"], ["tea"]]);
  });

  it("I3: a person's no stands in the next life, whose policy would allow the call", async () => {
    const { live, sold } = shopIn(host, buyTea);
    const { agent, leash } = await live();
    await agent.invoke(ask, thread);
    await leash.desk({ id: "ann" }).deny((await nextPending(leash)).id);
    const later = await live([], "default: allow\n");
    const done = await later.agent.invoke(wake(), thread);
    expect(contents(done)["a"]).toContain("A person denied this call.");
    expect(sold).toEqual([]);
  });

  it("I2: a message to a paused thread drops the call: its question stays, and a late yes to it runs nothing", async () => {
    const { live, sold } = shopIn(host, buyTea);
    const { agent, leash } = await live();
    await agent.invoke(ask, thread);
    const dropped = await nextPending(leash);
    const later = await live();
    await later.agent.invoke(ask, thread);
    const desk = later.leash.desk({ id: "ann" });
    expect((await desk.pending()).map(({ id }) => id)).toEqual([dropped.id, expect.any(String)]);
    await desk.approve(dropped.id);
    await later.agent.invoke(wake(), thread);
    expect(sold).toEqual([]);
    await approveNext(later.leash);
    await resumeLeash(later.agent, thread, { leash: later.leash });
    expect(sold).toEqual(["tea"]);
  });

  it("I2: a replay, a fork and the next turn with the same call id are new calls, asked about anew", async () => {
    const { live, sold } = shopIn(host, buyTea);
    const { agent, leash } = await live();
    const desk = leash.desk({ id: "ann" });
    await agent.invoke(ask, thread);
    await approveNext(leash);
    await resumeLeash(agent, thread, { leash });
    let before: unknown;
    for await (const { next, config } of agent.getStateHistory(thread)) if (next.includes("tools")) before = config;
    await agent.invoke(null, before);
    const again = new AIMessage({ content: "", tool_calls: buyTea.map((call) => ({ ...call, type: "tool_call" })) });
    await agent.invoke(null, await agent.updateState(before, { messages: [again] }));
    await agent.invoke(ask, thread);
    const questions = await desk.pending();
    expect(new Set(questions.map(({ text }) => text))).toEqual(new Set(['{"item":"tea"}']));
    expect([questions.length, sold]).toEqual([3, ["tea"]]);
  });

  it("I1: calls of one message that share an id are told apart by their arguments, equal ones at most by their task", async () => {
    const calls = [...buys, ...buyTea].map((call) => ({ ...call, id: "a" }));
    const { live, sold } = shopIn(host, calls);
    const { agent, leash } = await live();
    await agent.invoke(ask, thread);
    const tasks = host === "createAgent v2" ? 3 : 2;
    await pendingAt(leash.desk({ id: "ann" }), tasks);
    const later = await live();
    const desk = later.leash.desk({ id: "bob" });
    for (const { id } of await desk.pending()) await desk.approve(id);
    const done = await resumeLeash(later.agent, thread, { leash: later.leash });
    expect(sold.toSorted()).toEqual(["car", "tea", "tea"].slice(0, tasks));
    const answers = done?.messages.filter(({ type }) => type === "tool").map(({ text }) => text.split(":")[0]);
    expect(answers).toEqual(["buy tea", "buy car", "buy tea"]);
  });

  it("shows each pause that LangGraph knows once among the updates, once among the values, and in the state", async () => {
    const { agent, leash } = await shopIn(host, buys).live();
    const modes: string[] = [];
    const streamed = await agent.stream(ask, { ...thread, streamMode: ["updates", "values"] });
    for await (const [mode, chunk] of streamed) if ("__interrupt__" in chunk) modes.push(mode);
    const known = host === "createAgent v2" ? 2 : 1;
    expect(modes).toEqual(Array.from({ length: known }, () => ["updates", "values"]).flat());
    await pendingAt(leash.desk({ id: "ann" }), 2);
    expect(await agent.getState(thread)).toMatchObject({
      tasks: Array.from({ length: known }, () => ({ interrupts: [{ value: { leash: { type: "leash.pending" } } }] })),
    });
  });
});
