import { tool } from "@langchain/core/tools";
import { Command, interrupt } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { resumeLeash, wrapTools } from "../index.ts";
import { approveNext, ask, leashFor, nextPending, pendingAt, toolMessages } from "./harness.ts";
import { buyAndLook, buys, HOSTS, item, shopIn, thread } from "./hosts.ts";

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
          path: ["agent"],
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
