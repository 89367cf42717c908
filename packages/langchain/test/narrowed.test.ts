import { loadPolicy, type Leash, type Narrowing } from "@leashkit/core";
import { ToolMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { Command, END, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { createAgent } from "langchain";
import { afterEach, describe, expect, it } from "vitest";
import { resumeLeash, wrapTools } from "../index.ts";
import { approveNext, ask, callingModel, contents, leashFor, pendingAt, toolMessages } from "./harness.ts";
import { leaveHomes, newHome, type Home } from "./home.ts";
import { buyAndLook, buys, HOSTS, hostOf, item, POLICY, thread, type Host, type State } from "./hosts.ts";
import { deed, subAgent } from "./office.ts";

afterEach(leaveHomes);

const ROOT = { principal: { agent: "root" } } as const;
const DENIED = expect.stringMatching(/^Denied by policy/u);
const outerCall = { name: "outer", args: { item: "x" }, id: "o" };

/** What the model of a sub-agent was told, which its tool handed on. */
const told = (state: State | undefined): unknown => JSON.parse(String(contents(state)["o"]));

describe.each(Object.keys(HOSTS).slice(0, 3))("%s with a sub-agent behind a narrowed leash", (host) => {
  /** Alone, and with a purchase of the agent's own in the same message. */
  function office(home: Home, leash: Leash, narrowing: Narrowing, calls = [outerCall], ran: string[] = []) {
    const { child, outer } = subAgent("outer", leash, { calls: buyAndLook, ran, narrowing });
    const tools = wrapTools([outer, deed("buy", ran)], leash);
    const agent = hostOf(host, calls, tools, home.checkpointer());
    return { child, agent, ran };
  }

  it("A-A28: is asked about at the root's desk, with the way to it, and goes on in the next life", async () => {
    const home = newHome();
    const narrowing = { agent: "buyer", tools: ["buy", "look"] };
    const leash = await home.leash(POLICY, ROOT);
    const first = office(home, leash, narrowing);
    await first.agent.invoke(ask, thread);
    expect((await approveNext(leash)).principal).toMatchObject({ agent: "buyer", chain: ["root"] });
    const { agent, child, ran } = office(home, await home.leash(POLICY, ROOT), narrowing, undefined, first.ran);
    expect(told(await resumeLeash(agent, thread, { leash: child }))).toMatchObject({ a: "buy tea: 4" });
    expect(ran).toEqual(["outer", "look shelf", "outer", "buy tea"]);
  });

  it("I4: that reaches nobody: its model reads a refusal, nobody is asked, and the agents go on", async () => {
    const leash = await leashFor(POLICY, ROOT);
    const { agent, ran } = office(newHome(), leash, { agent: "buyer", asks: false });
    const done = await agent.invoke(ask, thread);
    expect(told(done)).toEqual({ l: expect.stringMatching(/^look shelf/u), a: DENIED });
    expect(done.messages.at(-1)?.content).toBe("done");
    expect(await leash.desk({ id: "ann" }).pending()).toEqual([]);
    expect(ran).toEqual(["outer", "look shelf"]);
  });

  it("A-A28: may do what its own policy and its list of tools leave of what its parent may", async () => {
    const policy = await loadPolicy("leash: 1\ndefault: allow\ntools: { buy: { decision: deny } }\n");
    for (const [narrowing, answers] of [
      [{ policy }, { l: expect.stringMatching(/^look shelf/u), a: DENIED }],
      [{ tools: ["look"] }, { l: expect.stringMatching(/^look shelf/u), a: DENIED }],
      [{ tools: ["search"] }, { l: DENIED, a: DENIED }],
    ] as const) {
      const { agent } = office(newHome(), await leashFor(POLICY, ROOT), narrowing);
      expect(told(await agent.invoke(ask, thread))).toEqual(answers);
    }
  });

  it("waits beside its parent for answers of their own: resumed with both leashes, each runs its own call once", async () => {
    const leash = await leashFor(POLICY, ROOT);
    const own = { name: "buy", args: { item: "car" }, id: "w" };
    const { agent, child, ran } = office(newHome(), leash, { agent: "buyer" }, [outerCall, own]);
    await agent.invoke(ask, thread);
    const desk = leash.desk({ id: "ann" });
    for (const { id, principal } of await pendingAt(desk, 2)) {
      await (principal.agent === "root" ? desk.deny(id) : desk.approve(id));
    }
    const done = await resumeLeash(agent, thread, { leash: [leash, child] });
    expect(contents(done)["w"]).toContain("A person denied this call.");
    expect(told(done)).toMatchObject({ a: expect.stringMatching(/^buy tea/u) });
    expect(ran.filter((one) => one.startsWith("buy"))).toEqual(["buy tea"]);
  });
});

/** Two agents as nodes of one graph on SQLite. Who is to go on is said by a tool, behind the gate of the agent that says it. */
function team(leash: Leash, home: Home, ran: string[], clerkMay: Narrowing = {}) {
  const clerkLeash = leash.narrow({ agent: "clerk", tools: ["hand_over"], ...clerkMay });
  const buyerLeash = leash.narrow({ agent: "buyer", tools: ["buy"] });
  const handOver = tool(
    (input, { toolCall }) => {
      ran.push(`to ${input.item}`);
      const message = new ToolMessage({ content: "handed over", tool_call_id: String(toolCall?.id) });
      return new Command({ goto: input.item, graph: Command.PARENT, update: { messages: [message] } });
    },
    { name: "hand_over", description: "d", schema: item },
  );
  const toBuyer = { name: "hand_over", args: { item: "buyer" }, id: "h" };
  const clerk = createAgent({ model: callingModel([toBuyer]), tools: wrapTools([handOver], clerkLeash) });
  const buyer = createAgent({
    model: callingModel([...buys.slice(0, 1), { ...toBuyer, args: { item: "clerk" }, id: "back" }]),
    tools: wrapTools([deed("buy", ran), handOver], buyerLeash),
  });
  const agent = new StateGraph(MessagesAnnotation)
    .addNode("clerk", clerk.graph as never, { ends: ["buyer", END] })
    .addNode("buyer", buyer.graph as never)
    .addEdge(START, "clerk")
    .addEdge("buyer", END)
    .compile({ checkpointer: home.checkpointer() }) as unknown as Host;
  return { agent, clerkLeash, buyerLeash };
}

describe("agents that hand over to one another in a graph on SQLite", () => {
  const ASK_BOTH = "default: allow\ntools: { buy: { decision: approve }, hand_over: { decision: approve } }\n";

  it("A-A28 I2: each keeps its own gate over the handoff, and every life asks about its own call only", async () => {
    const home = newHome();
    const ran: string[] = [];
    const live = async () => {
      const leash = await home.leash(ASK_BOTH, ROOT);
      return { leash, ...team(leash, home, ran) };
    };
    const first = await live();
    await first.agent.invoke(ask, thread);
    expect((await approveNext(first.leash)).principal).toMatchObject({ agent: "clerk", chain: ["root"] });
    const second = await live();
    await second.agent.invoke(new Command({ resume: true }), thread);
    expect((await approveNext(second.leash)).principal).toMatchObject({ agent: "buyer", chain: ["root"] });
    const { agent, buyerLeash, clerkLeash } = await live();
    const done = await resumeLeash(agent, thread, { leash: [clerkLeash, buyerLeash] });
    expect(ran).toEqual(["to buyer", "buy tea"]);
    expect(contents(done)).toEqual({ h: "handed over", a: expect.stringMatching(/^buy tea/u), back: DENIED });
  });

  it("A-A28 I4: a handoff that is refused leaves the agent in place, and the other's tools run nothing", async () => {
    for (const clerk of [{ asks: false }, { tools: ["look"] }]) {
      const ran: string[] = [];
      const leash = await leashFor(ASK_BOTH, ROOT);
      const { agent } = team(leash, newHome(), ran, clerk);
      const done = await agent.invoke(ask, thread);
      expect(toolMessages(done)["h"]).toMatchObject({ status: "error", content: DENIED });
      expect([ran, await leash.desk({ id: "ann" }).pending()]).toEqual([[], []]);
    }
  });
});
