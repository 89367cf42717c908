import { currentPermit } from "@leashkit/core";
import { ToolMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { Command, interrupt } from "@langchain/langgraph";
import { createAgent, humanInTheLoopMiddleware, toolRetryMiddleware, type AnyAgentMiddleware } from "langchain";
import { afterEach, describe, expect, it } from "vitest";
import { resumeLeash, wrapTools } from "../index.ts";
import { approveNext, ask, callingModel, contents, toolMessages, type Call } from "./harness.ts";
import { leaveHomes, newHome } from "./home.ts";
import { buys, HOSTS, hostOf, item, POLICY, thread, type Host } from "./hosts.ts";

afterEach(leaveHomes);

const call = (name: string, id: string): Call => ({ name, args: { item: name }, id });
const ASK_TO_BUY = "default: allow\ntools: { buy: { decision: approve } }\n";

describe.each(Object.keys(HOSTS))("%s on SQLite", (host) => {
  it("I2: commands, messages and content blocks of allowed siblings are made once and given again in the next life", async () => {
    const home = newHome();
    const ran: string[] = [];
    const made = (name: string, result: (message: ToolMessage) => unknown) =>
      tool(
        (_input, { toolCall }) => {
          ran.push(name);
          const fields = { content: name, tool_call_id: String(toolCall?.id), artifact: { by: name } };
          return result(new ToolMessage(fields));
        },
        { name, description: "d", schema: item },
      );
    const live = async () => {
      const leash = await home.leash(ASK_TO_BUY);
      const tools = [
        made("command", (message) => new Command({ update: { messages: [message] } })),
        made("message", (message) => message),
        made("blocks", () => [{ type: "text", text: "blocks" }]),
        made("buy", () => "bought"),
      ];
      const calls = [call("command", "c"), call("message", "m"), call("blocks", "b"), call("buy", "a")];
      return { leash, agent: hostOf(host, calls, wrapTools(tools, leash), home.checkpointer()) };
    };
    const { agent, leash } = await live();
    await agent.invoke(ask, thread);
    await approveNext(leash);
    const later = await live();
    const done = await resumeLeash(later.agent, thread, { leash: later.leash });
    expect(ran.toSorted()).toEqual(["blocks", "buy", "command", "message"]);
    const blocks = [{ type: "text", text: "blocks" }];
    expect(contents(done)).toEqual({ c: "command", m: "message", b: blocks, a: "bought" });
    const { c, m } = toolMessages(done ?? { messages: [] });
    expect([c?.artifact, m?.artifact]).toEqual([{ by: "command" }, { by: "message" }]);
  });

  it("I5: a tool that pauses itself goes on in the next life under the one yes, with the same idempotency key", async () => {
    const home = newHome();
    const keys: (string | undefined)[] = [];
    const live = async () => {
      const leash = await home.leash(POLICY);
      const buy = tool(
        (input) => {
          keys.push(currentPermit()?.idempotencyKey);
          return `${String(interrupt("colour?"))} ${input.item}`;
        },
        { name: "buy", description: "d", schema: item },
      );
      const tools = wrapTools([buy], leash);
      return { leash, agent: hostOf(host, buys.slice(0, 1), tools, home.checkpointer()) };
    };
    const { agent, leash } = await live();
    await agent.invoke(ask, thread);
    await approveNext(leash);
    const asked = await agent.invoke(new Command({ resume: true }), thread);
    expect(asked.__interrupt__?.map(({ value }) => value)).toEqual(["colour?"]);
    const later = await live();
    const done = await later.agent.invoke(new Command({ resume: "red" }), thread);
    expect(contents(done)).toEqual({ a: "red tea" });
    expect(keys).toEqual([expect.any(String), keys[0]]);
    expect(await later.leash.desk({ id: "ann" }).pending()).toEqual([]);
  });
});

describe.each(["v1", "v2"] as const)("createAgent %s on SQLite", (version) => {
  it("a call that threw has failed and is not in doubt: retry middleware makes it again, under the same key", async () => {
    const home = newHome();
    const keys: (string | undefined)[] = [];
    const look = tool(
      () => {
        if (keys.push(currentPermit()?.idempotencyKey) === 1) throw new Error("busy");
        return "looked";
      },
      { name: "look", description: "d", schema: item },
    );
    const agent = createAgent({
      model: callingModel([call("look", "l")]),
      tools: wrapTools([look], await home.leash(POLICY)),
      middleware: [toolRetryMiddleware({ maxRetries: 2, initialDelayMs: 1 }) as AnyAgentMiddleware],
      checkpointer: home.checkpointer(),
      version,
    });
    expect(contents(await agent.invoke(ask, thread))).toEqual({ l: "looked" });
    expect(keys).toEqual([expect.any(String), keys[0]]);
  });

  it("what is edited in humanInTheLoopMiddleware is decided as any other call: other arguments and another tool are refused", async () => {
    const home = newHome();
    const ran: string[] = [];
    const deed = (name: string) =>
      tool((input) => `${name} ${ran.push(input.item)}`, { name, description: "d", schema: item });
    const leash = await home.leash('rules: [{ id: tea, action: buy, when: input.item == "tea", effect: allow }]\n');
    // Its types take nothing together with those of zod 4.
    const interrupting: unknown = { interruptOn: { buy: true } };
    const agent = createAgent({
      model: callingModel(["a", "b", "c"].map((id) => ({ name: "buy", args: { item: "tea" }, id }))),
      tools: wrapTools([deed("buy"), deed("wipe")], leash),
      middleware: [humanInTheLoopMiddleware(interrupting as never) as AnyAgentMiddleware],
      checkpointer: home.checkpointer(),
      version,
    }) as unknown as Host;
    await agent.invoke(ask, thread);
    const edit = (name: string, what: string) => ({ type: "edit", editedAction: { name, args: { item: what } } });
    const decisions = [edit("buy", "car"), edit("wipe", "tea"), { type: "approve" }];
    const done = await agent.invoke(new Command({ resume: { decisions } }), thread);
    const denied = expect.stringMatching(/^Denied by policy/u);
    expect(contents(done)).toEqual({ a: denied, b: denied, c: "buy 1" });
    expect(ran).toEqual(["tea"]);
  });
});

describe.each(Object.keys(HOSTS))("%s without a checkpointer", (host) => {
  it("holds in its step: waiting takes up nothing of the recursion limit", async () => {
    const leash = await newHome().leash(POLICY);
    const buy = tool((input) => `bought ${input.item}`, { name: "buy", description: "d", schema: item });
    const agent = hostOf(host, buys.slice(0, 1), wrapTools([buy], leash), false);
    const running = agent.invoke(ask, { recursionLimit: 4 });
    await approveNext(leash);
    expect(contents(await running)).toEqual({ a: "bought tea" });
  });
});
