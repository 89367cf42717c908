import { loadPolicy, type Leash } from "@leashkit/core";
import { tool } from "@langchain/core/tools";
import { Command } from "@langchain/langgraph";
import { createAgent } from "langchain";
import { afterEach, describe, expect, it } from "vitest";
import { resumeLeash, wrapTools, type WrapOptions } from "../index.ts";
import { approveNext, ask, callingModel, nextPending, pendingAt, toolMessages, pause } from "./harness.ts";
import { leaveHomes, newHome } from "./home.ts";
import { buyAndLook, HOSTS, item, POLICY, thread, type Host } from "./hosts.ts";

afterEach(leaveHomes);

const work = (name: string, ran: string[]) =>
  tool((input) => `${name} ${ran.push(input.item)}`, { name, description: "d", schema: item });

type Inner = "its parent's" | "true" | "its own" | "false";

function office(host: string, inner: Inner, passed: boolean, options: WrapOptions = {}) {
  const home = newHome();
  const sold: string[] = [];
  const looks: string[] = [];
  const outers: string[] = [];
  const live = async () => {
    const leash = await home.leash(POLICY, { principal: { agent: "root" } });
    const child = leash.narrow({ agent: "buyer", tools: ["buy", "look"] });
    const checkpointer = { "its parent's": undefined, true: true, "its own": inner === "its own" ? home.checkpointer() : undefined, false: false }[inner];
    const agent = createAgent({
      model: callingModel(buyAndLook),
      tools: wrapTools([work("buy", sold), work("look", looks)], child, options),
      version: host.endsWith("v1") ? "v1" : "v2",
      ...(checkpointer !== undefined && { checkpointer }),
    });
    const outer = tool(
      async (_input, config) => {
        outers.push("x");
        return String((await agent.invoke(ask, passed ? config : undefined)).messages.at(-1)?.text);
      },
      { name: "outer", description: "d", schema: item },
    );
    const calls = [{ name: "outer", args: { item: "x" }, id: "o" }];
    return { leash, child, agent: HOSTS[host]?.(calls, wrapTools([outer], leash) as never, home.checkpointer()) as Host };
  };
  return { live, sold, looks, outers };
}

const HOST = Object.keys(HOSTS).slice(0, 3);
const cases = HOST.flatMap((host) =>
  (["its parent's", "true", "its own"] as const).flatMap((inner) => [true, false].map((passed) => [host, inner, passed] as const)),
);

describe("sub-agents", () => {
  it.each(cases)("%s %s passed %s", async (host, inner, passed) => {
    const { live, sold, looks, outers } = office(host, inner, passed);
    const { agent, leash } = await live();
    const paused = await agent.invoke(ask, thread);
    expect(paused.__interrupt__).toHaveLength(1);
    expect((await approveNext(leash)).principal).toMatchObject({ agent: "buyer", chain: ["root"] });
    const later = await live();
    const done = await resumeLeash(later.agent, thread, { leash: later.child });
    console.log(host, inner, passed, sold, looks, outers, toolMessages(done ?? { messages: [] })["o"]?.content);
  });

  it.each(HOST.flatMap((h) => [true, false].flatMap((p) => (["auto", "hold"] as const).map((m) => [h, p, m] as const))))("%s false passed %s %s", async (host, passed, mode) => {
    const { live, sold, looks, outers } = office(host, "false", passed, { pause: mode });
    const { agent, leash, child } = await live();
    const running = agent.invoke(ask, thread).catch((e: unknown) => e);
    const p = await nextPending(leash);
    await pause(100);
    console.log(host, passed, mode, "first", await Promise.race([running.then(() => "returned"), pause(50).then(() => "holding")]), looks);
    await leash.desk({ id: "ann" }).approve(p.id);
    await pause(300);
    console.log(host, passed, mode, sold, looks, outers);
    for (let i = 0; i < 2; i += 1) {
      await agent.invoke(new Command({ resume: true }), thread).catch((e: unknown) => console.log(String(e)));
      console.log(host, passed, mode, "again", sold, looks, outers, (await leash.desk({ id: "ann" }).pending()).length);
    }
  });
});
