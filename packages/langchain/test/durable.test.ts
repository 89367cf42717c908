import { currentPermit, type Leash } from "@leashkit/core";
import { AIMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { Command, interrupt } from "@langchain/langgraph";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { resumeLeash, wrapTools } from "../index.ts";
import { approveNext, ask, nextPending, pause, pendingAt, toolMessages, type Call } from "./harness.ts";
import { leaveHomes, newHome } from "./home.ts";
import { buys, HOSTS, item, POLICY, thread, type Host, type State } from "./hosts.ts";

afterEach(leaveHomes);

interface Life {
  readonly leash: Leash;
  readonly agent: Host & { getStateHistory(config: unknown): AsyncIterable<Snapshot>; updateState(config: unknown, values: unknown, asNode?: string): Promise<unknown> };
}

interface Snapshot {
  readonly next: readonly string[];
  readonly config: unknown;
}

const everything: readonly Call[] = [{ name: "look", args: { item: "shelf" }, id: "l" }, ...buys];
const wake = (resume: unknown = true) => new Command({ resume });

/** A shop on SQLite. Every life of it is built anew, as after a restart; the items listed arrive late in it. */
function shopOf(host: string, calls: readonly Call[]) {
  const home = newHome();
  const sold: string[] = [];
  const looks: string[] = [];
  const live = async (late: readonly string[] = [], policy = POLICY): Promise<Life> => {
    const arriving = z.string().refine(async (what) => (await pause(late.includes(what) ? 25 : 0), true));
    const make = (name: string, ran: string[], word: string) =>
      tool((input) => (ran.push(input.item), `${word} ${input.item}`), {
        name,
        description: "d",
        schema: z.object({ item: arriving }),
      });
    const leash = await home.leash(policy);
    const tools = wrapTools([make("buy", sold, "sold"), make("look", looks, "saw")], leash);
    return { leash, agent: HOSTS[host]?.(calls, tools as never, home.checkpointer()) as Life["agent"] };
  };
  return { home, sold, looks, live };
}

const contents = (state: State | undefined): Record<string, unknown> =>
  Object.fromEntries(Object.entries(toolMessages(state ?? { messages: [] })).map(([id, { content }]) => [id, content]));

describe.each(Object.keys(HOSTS))("%s over SQLite", (host) => {
  it("I2 I3: in whatever order calls arrive in each life: allowed and approved ones run once, denied ones never", async () => {
    const { live, looks, sold } = shopOf(host, everything);
    const first = await live(["shelf", "tea"]);
    await first.agent.invoke(ask, thread);
    await pendingAt(first.leash.desk({ id: "ann" }), 2);
    const second = await live(["car"]);
    await second.agent.invoke(wake({ decisions: [{ type: "approve" }] }), thread);
    const { leash, agent } = await live(["tea"]);
    const desk = leash.desk({ id: "ann" });
    for (const { id, text } of await desk.pending())
      await (text.includes("tea") ? desk.approve(id) : desk.deny(id, { reason: "too dear" }));
    const done = await resumeLeash(agent, thread, { leash });
    expect([looks, sold]).toEqual([["shelf"], ["tea"]]);
    expect(contents(done)).toMatchObject({ l: "saw shelf", a: "sold tea", b: expect.stringContaining("too dear") });
    const last = await live();
    expect(await resumeLeash(last.agent, thread, { leash: last.leash })).toBeUndefined();
    expect([looks, sold]).toEqual([["shelf"], ["tea"]]);
  });

  it("I3: a person's no stands in the next life, whose policy would allow the call", async () => {
    const { live, sold } = shopOf(host, buys.slice(0, 1));
    const { agent, leash } = await live();
    await agent.invoke(ask, thread);
    await leash.desk({ id: "ann" }).deny((await nextPending(leash)).id);
    const lax = await live([], "default: allow\n");
    const done = await lax.agent.invoke(wake(), thread);
    expect(contents(done)["a"]).toContain("A person denied this call.");
    expect(sold).toEqual([]);
  });

  it("I2: a new message on a paused thread drops the call, and a late yes to it runs nothing", async () => {
    const { live, sold } = shopOf(host, buys.slice(0, 1));
    const { agent } = await live();
    await agent.invoke(ask, thread);
    const later = await live();
    const { id } = await nextPending(later.leash);
    await later.agent.invoke(ask, thread);
    const desk = later.leash.desk({ id: "ann" });
    expect((await desk.pending()).map((approval) => approval.id)).toContain(id);
    await desk.approve(id);
    await later.agent.invoke(wake(), thread);
    console.log(host, "new msg", sold, (await desk.pending()).length);
  });

  it("I2: a replay, a fork and the next turn with the same call id are new calls, asked about anew", async () => {
    const { live, sold } = shopOf(host, buys.slice(0, 1));
    const { agent, leash } = await live();
    const desk = leash.desk({ id: "ann" });
    await agent.invoke(ask, thread);
    await approveNext(leash);
    await resumeLeash(agent, thread, { leash });
    expect(sold).toEqual(["tea"]);
    let before: Snapshot | undefined;
    for await (const snapshot of agent.getStateHistory(thread)) if (snapshot.next.includes("tools")) before = snapshot;
    console.log(host, before?.next);
    await agent.invoke(null, before?.config);
    expect(sold).toEqual(["tea"]);
    expect(await desk.pending()).toHaveLength(1);
    const fork = await agent.updateState(before?.config, { messages: [new AIMessage({ content: "", tool_calls: [{ ...buys[0]!, type: "tool_call" }] })] });
    await agent.invoke(null, fork).catch((e: unknown) => console.log(host, "fork", e));
    console.log(host, "pending after fork", (await desk.pending()).length, sold);
    await agent.invoke(ask, thread);
    console.log(host, "pending after turn", (await desk.pending()).length, sold);
  });

  it("I2: calls that share an id are told apart by their arguments", async () => {
    const twice = buys.map((call) => ({ ...call, id: "a" }));
    const { live, sold } = shopOf(host, [...twice, twice[0]!]);
    const { agent, leash } = await live();
    await agent.invoke(ask, thread);
    await pause(200);
    console.log(host, "dups pending", (await leash.desk({ id: "ann" }).pending()).map((a) => a.text));
    const later = await live();
    for (const { id } of await later.leash.desk({ id: "ann" }).pending()) await later.leash.desk({ id: "ann" }).approve(id);
    const done = await resumeLeash(later.agent, thread, { leash: later.leash });
    console.log(host, "dups sold", sold, done?.messages.map((m) => [m.type, m.content]));
  });

  it("shows one interrupt in updates, values and state", async () => {
    const { live } = shopOf(host, buys);
    const { agent, leash } = await live();
    const chunks: unknown[] = [];
    const stream = await (agent as unknown as { stream(i: unknown, c: unknown): Promise<AsyncIterable<unknown>> }).stream(ask, { ...thread, streamMode: ["updates", "values"] });
    for await (const chunk of stream) chunks.push(chunk);
    const seen = chunks.filter((c) => JSON.stringify(c).includes("leash.pending")) as [string, any][];
    console.log(host, seen.map(([m, c]) => [m, Object.keys(c), c.__interrupt__?.length]));
    await pendingAt(leash.desk({ id: "ann" }), 2);
    const state = (await agent.getState(thread)) as { tasks: { interrupts: unknown[] }[] };
    console.log(host, state.tasks.map((t) => t.interrupts.length));
  });

  it("idempotency key over the tool's own pause", async () => {
    const home = newHome();
    const keys: unknown[] = [];
    const live = async () => {
      const leash = await home.leash(POLICY);
      const buy = tool((input) => { keys.push(currentPermit()?.idempotencyKey); return `${String(interrupt("colour?"))} ${input.item}`; }, { name: "buy", description: "d", schema: item });
      return { leash, agent: HOSTS[host]?.(buys.slice(0, 1), wrapTools([buy], leash) as never, home.checkpointer()) as Host };
    };
    const { agent, leash } = await live();
    await agent.invoke(ask, thread);
    await approveNext(leash);
    await agent.invoke(wake(), thread);
    const later = await live();
    const done = await later.agent.invoke(wake("red"), thread);
    console.log(host, keys, contents(done));
  });
});
