import { MemorySaver } from "@langchain/langgraph";
import {
  createDeepAgent,
  createFilesystemMiddleware,
  createPatchToolCallsMiddleware,
  createSkillsMiddleware,
  createSummarizationMiddleware,
  GENERAL_PURPOSE_SUBAGENT,
  StateBackend,
  type SubAgent,
} from "deepagents";
import { createAgent, todoListMiddleware, type AnyAgentMiddleware } from "langchain";
import { describe, expect, expectTypeOf, it } from "vitest";
import { leashed, leashedDeepAgent, leashMiddleware, resumeLeash } from "./index.ts";
import { delegate, lastWords, scriptedModel, toldWithin } from "./test/deep.ts";
import {
  ALLOW_ALL,
  approveNext,
  ask,
  callingModel,
  DENY_ALL,
  leashFor,
  nextPending,
  type Call,
} from "./test/harness.ts";
import { thread, type Host } from "./test/hosts.ts";
import { deed } from "./test/office.ts";

const DENIED = expect.stringMatching(/^Denied by policy/u);
const ROOT = { principal: { agent: "root" } } as const;
const buyTea: Call = { name: "buy", args: { item: "tea" }, id: "a" };
const writes: Call = { name: "write_file", args: { file_path: "/notes.txt", content: "x" }, id: "w" };
const buyer: SubAgent = { name: "buyer", description: "Buys.", systemPrompt: "Buy." };

/** Its types do not fit a program that is as strict with optional members as this one. */
const todos = (): AnyAgentMiddleware => todoListMiddleware() as AnyAgentMiddleware;

const compiled = {
  name: "planner",
  description: "Plans.",
  runnable: createAgent({ model: callingModel([]), tools: [] }),
};
const remote = { name: "remote", description: "Is elsewhere.", graphId: "g", url: "http://127.0.0.1:9" };
const refused = (message: RegExp) =>
  expect.objectContaining({ code: "LEASH_CONFIG_INVALID", message: expect.stringMatching(message) });

describe("what leashedDeepAgent refuses to leave unguarded", () => {
  it.each([
    ["compiled", compiled, /"planner" is compiled.*guardedElsewhere/u],
    ["on a server", remote, /"remote" runs on a server.*guardedElsewhere/u],
  ])("I4: is a sub-agent %s, unless it is listed as guarded elsewhere", async (_what, agent, message) => {
    const leash = await leashFor(ALLOW_ALL);
    expect(() => leashedDeepAgent({ subagents: [agent], leash })).toThrow(refused(message));
    const listed = leashedDeepAgent({ subagents: [agent], leash, guardedElsewhere: [agent.name] });
    expect(listed.subagents[0]).toBe(agent);
    expect(listed.leashes.map(({ principal }) => principal.agent)).toEqual(["agent", "general-purpose"]);
  });

  it("I4: is a narrowing that no sub-agent gets: the one that was meant would be as free as its parent", async () => {
    const leash = await leashFor(ALLOW_ALL);
    for (const name of ["byuer", "planner", "constructor"]) {
      const narrow = { [name]: { tools: [] } };
      const given = { subagents: [buyer, compiled], guardedElsewhere: ["planner"], leash, narrow };
      expect(() => leashedDeepAgent(given)).toThrow(refused(new RegExp(`"${name}"`, "u")));
    }
    const bare = leashedDeepAgent({ subagents: [{ ...buyer, name: "constructor" }], leash, narrow: {} });
    expect(bare.leashes[1]?.principal).toMatchObject({ agent: "constructor", chain: ["agent"] });
  });

  it("is guarding in place tools that several agents share", async () => {
    const given = { leash: await leashFor(ALLOW_ALL), options: { patch: true } as never };
    expect(() => leashedDeepAgent(given)).toThrow(refused(/`patch`/u));
  });

  it("is what wrapTools refuses, in a sub-agent, too", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const subagents = [{ ...buyer, tools: [{ type: "web_search" }] }];
    expect(() => leashedDeepAgent({ subagents, leash })).toThrow(/providerTools/u);
  });
});

describe("the agent that deepagents would add by itself", () => {
  it("is yours, where you name it", async () => {
    const subagents = [{ ...GENERAL_PURPOSE_SUBAGENT, systemPrompt: "Be brief." }];
    const parts = leashedDeepAgent({ subagents, leash: await leashFor(ALLOW_ALL) });
    expect(parts.subagents.map(({ name }) => name)).toEqual(["general-purpose"]);
    expect(parts.subagents[0]).toMatchObject({ systemPrompt: "Be brief." });
    expect(createDeepAgent({ model: scriptedModel({}), ...parts })).toBeDefined();
  });

  it("has the agent's skills, and its own middleware in place of what deepagents gives everyone", async () => {
    const backend = new StateBackend();
    const reading = createFilesystemMiddleware({ backend, tools: ["read_file"] });
    const leash = await leashFor(ALLOW_ALL);
    const parts = leashedDeepAgent({ middleware: [todos(), reading], skills: ["/skills/"], leash });
    const [added] = parts.subagents;
    expect(added).toMatchObject({ skills: ["/skills/"], middleware: [reading, { name: "leashMiddleware" }] });
    const scripts = { go: [[delegate("general-purpose")]], "general-purpose": [[writes]] };
    const agent = createDeepAgent({ model: scriptedModel(scripts), ...parts }) as unknown as Host;
    const told = toldWithin(await agent.invoke(ask, {}), "general-purpose");
    expect(told).toEqual({ w: expect.stringContaining("not a valid tool") });
  });

  it("takes those over that deepagents gives every sub-agent, by the names that they have", async () => {
    const backend = new StateBackend();
    const given = [
      createFilesystemMiddleware({ backend }),
      createSummarizationMiddleware({ backend }),
      createPatchToolCallsMiddleware(),
      createSkillsMiddleware({ backend, sources: [] }),
    ];
    const { subagents } = leashedDeepAgent({ middleware: given, leash: await leashFor(ALLOW_ALL) });
    expect(subagents[0]).toMatchObject({ middleware: [...given, { name: "leashMiddleware" }] });
  });
});

describe("middleware with tools of its own", () => {
  it("A-A28: is gated in the agent and in the sub-agent that has it", async () => {
    const leash = await leashFor("default: allow\ntools: { write_todos: { decision: deny } }\n");
    const list: Call = { name: "write_todos", args: { todos: [{ content: "x", status: "pending" }] }, id: "t" };
    const parts = leashedDeepAgent({
      middleware: [todos()],
      subagents: [{ ...buyer, middleware: [todos()] }],
      leash,
    });
    const model = scriptedModel({ go: [[list], [delegate("buyer")]], buyer: [[list]] });
    const agent = createDeepAgent({ model, ...parts });
    const done = await agent.invoke(ask);
    expect(done).not.toMatchObject({ todos: [{ content: "x" }] });
    expect(lastWords(done)).toMatchObject({ t: DENIED });
    expect(toldWithin(done, "buyer")).toEqual({ t: DENIED });
  });

  it("A-A28: is gated where it starts work on a server", async () => {
    const leash = await leashFor(DENY_ALL);
    const parts = leashedDeepAgent({ subagents: [remote], leash, guardedElsewhere: ["remote"] });
    const starts: Call = { name: "start_async_task", args: { description: "x", agentName: "remote" }, id: "s" };
    const agent = createDeepAgent({ model: scriptedModel({ go: [[starts]] }), ...parts });
    expect(lastWords(await agent.invoke(ask))).toEqual({ s: DENIED });
  });

  it("a leash put there by hand as well is refused by createAgent", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const subagents = [{ ...buyer, middleware: [leashMiddleware(leash)] }];
    const parts = leashedDeepAgent({ subagents, leash });
    expect(() => createDeepAgent({ model: scriptedModel({}), ...parts })).toThrow(/leashMiddleware/u);
  });
});

describe("a deep agent within a deep agent", () => {
  it("A-A28 I2: with a leash of its own asks at the root with the whole way, and runs once", async () => {
    const leash = await leashFor("default: allow\ntools: { buy: { decision: approve } }\n", ROOT);
    const ran: string[] = [];
    const planner = leash.narrow({ agent: "planner" });
    const model = scriptedModel({
      go: [[delegate("planner")]],
      planner: [[delegate("buyer")]],
      buyer: [[buyTea]],
    });
    const inner = leashedDeepAgent({ tools: [deed("buy", ran)], subagents: [buyer], leash: planner });
    const runnable = createDeepAgent({ model, ...inner });
    const outer = leashedDeepAgent({ subagents: [{ ...compiled, runnable }], leash, guardedElsewhere: ["planner"] });
    const checkpointer = new MemorySaver();
    const agent = createDeepAgent({ model, checkpointer, ...outer }) as unknown as Host;
    expect((await agent.invoke(ask, thread)).__interrupt__).toHaveLength(1);
    expect((await nextPending(leash)).principal).toMatchObject({ agent: "buyer", chain: ["root", "planner"] });
    await approveNext(leash);
    const done = await resumeLeash(agent, thread, { leash: [...outer.leashes, ...inner.leashes] });
    expect(ran).toEqual(["buy tea"]);
    expect(lastWords(done)["planner"]).toContain("buy tea: 1");
  });
});

describe("the parts as types", () => {
  it("are what createDeepAgent takes, and say what was put in", async () => {
    const leash = await leashFor(ALLOW_ALL);
    const buy = deed("buy", []);
    const parts = leashedDeepAgent({ tools: [buy], subagents: [{ ...buyer, name: "buyer" as const }], leash });
    expectTypeOf(parts.tools).toEqualTypeOf<[typeof buy]>();
    expectTypeOf(parts.subagents[0].name).toEqualTypeOf<"buyer">();
    expectTypeOf(parts.subagents[1].name).toEqualTypeOf<"general-purpose">();
    createDeepAgent({ model: scriptedModel({}), ...parts });
    const listed: SubAgent[] = [buyer];
    createDeepAgent({ model: scriptedModel({}), ...leashedDeepAgent({ subagents: listed, leash }) });
    createAgent({ model: scriptedModel({}), ...leashed({ tools: [buy], leash }) });
  });
});
