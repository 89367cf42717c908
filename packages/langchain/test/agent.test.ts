import { tool } from "@langchain/core/tools";
import { AIMessage } from "@langchain/core/messages";
import { Command, MemorySaver, interrupt } from "@langchain/langgraph";
import { createAgent } from "langchain";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { wrapTools } from "../index.ts";
import { ask, callingModel, leashFor, toolMessages, ASK_ALL } from "./harness.ts";

describe.each(["v1", "v2"] as const)("createAgent %s with a checkpointer", (version) => {
  it("debug: garbage then approve", async () => {
    const leash = await leashFor(ASK_ALL);
    const done: unknown[] = [];
    const buy = tool((input) => { done.push(input); return `bought ${input.n}`; }, { name: "buy", description: "d", schema: z.object({ n: z.number() }) });
    const agent = createAgent({
      model: callingModel([{ name: "buy", args: { n: 1 }, id: "a" }, { name: "buy", args: { n: 2 }, id: "b" }]),
      tools: wrapTools([buy], leash),
      checkpointer: new MemorySaver(),
      version,
    });
    const config = { configurable: { thread_id: "t" } };
    const first: any = await agent.invoke(ask, config);
    console.log(JSON.stringify(first.__interrupt__));
    for (const garbage of [true, "x", { decisions: [{ type: "approve" }] }, [], {}, [1,2], { [first.__interrupt__[0].id]: false }, {__proto__: null, leash: { approved: true }}]) {
      const next: any = await agent.invoke(new Command({ resume: garbage }), config).catch((e) => ({messages: [], e, __interrupt__: e.name}));
      console.log(JSON.stringify(garbage), next.__interrupt__?.length, done.length);
    }
    const desk = leash.desk({ id: "ann" });
    for (const approval of await desk.pending()) await desk.approve(approval.id);
    const last: any = await agent.invoke(new Command({ resume: true }), config);
    console.log(last.messages.map((m: any) => [m.type, m.content]), done);
    const state = await agent.getState(config);
    console.log(state.next);
    let l2 = last;
    while ((await agent.getState(config)).next.length) { l2 = await agent.invoke(new Command({ resume: true }), config); console.log("again", l2.__interrupt__?.length) ; }
    console.log(l2.messages.map((m: any) => [m.type, m.content]), done);
  }, 10000);
  it("debug: own interrupt", async () => {
    const leash = await leashFor(ASK_ALL);
    const asked: unknown[] = [];
    const wipe = tool((input) => { const answer = interrupt("really?"); asked.push(answer); return `answer ${JSON.stringify(answer)}`; }, { name: "wipe", description: "d", schema: z.object({ n: z.number() }) });
    const agent = createAgent({
      model: callingModel([{ name: "wipe", args: { n: 1 }, id: "a" }]),
      tools: wrapTools([wipe], leash),
      checkpointer: new MemorySaver(),
      version,
    });
    const config = { configurable: { thread_id: "t" } };
    let r: any = await agent.invoke(ask, config);
    r = await agent.invoke(new Command({ resume: true }), config);
    console.log("1", JSON.stringify(r.__interrupt__?.map((i: any) => i.value.leash?.ref ?? i.value)), asked);
    r = await agent.invoke(new Command({ resume: true }), config);
    console.log("2", JSON.stringify(r.__interrupt__?.map((i: any) => i.value.leash?.ref ?? i.value)), asked);
    const desk = leash.desk({ id: "ann" });
    for (const approval of await desk.pending()) await desk.approve(approval.id);
    r = await agent.invoke(new Command({ resume: true }), config);
    console.log("3", JSON.stringify(r.__interrupt__?.map((i: any) => i.value.leash?.ref ?? i.value)), asked);
    r = await agent.invoke(new Command({ resume: "mine" }), config);
    console.log("4", JSON.stringify(r.__interrupt__?.map((i: any) => i.value.leash?.ref ?? i.value)), asked);
    console.log(r.messages.map((m: any) => [m.type, m.content]));
  }, 10000);
});
