import { MemorySaver } from "@langchain/langgraph";
import { createDeepAgent } from "deepagents";
import { createMiddleware, tool } from "langchain";
import { describe, expect, it, vi } from "vitest";
import { LeashCallbackHandler, leashed, leashedDeepAgent } from "../index.ts";
import { deepOffice, delegate, lastWords, scriptedModel, toldWithin } from "./deep.ts";
import { approveNext, ask, leashFor, pendingAt, type Call } from "./harness.ts";
import { item, thread, type State } from "./hosts.ts";
import { deed } from "./office.ts";

const ROOT = { principal: { agent: "root" } } as const;
const DENIED = expect.stringMatching(/^Denied by policy/u);
const buyTea: Call = { name: "buy", args: { item: "tea" }, id: "a" };
const writes: Call = { name: "write_file", args: { file_path: "/notes.txt", content: "x" }, id: "w" };

const filesOf = (state: unknown): string[] =>
  Object.keys((state as { readonly files?: Record<string, unknown> }).files ?? {});

describe("deepagents without leashedDeepAgent", () => {
  it("adds an agent of its own, which no middleware of the root reaches: its file tools run undecided", async () => {
    const leash = await leashFor("default: deny\ntools: { task: { decision: allow } }\n");
    const ran: string[] = [];
    const agent = createDeepAgent({
      model: scriptedModel({ go: [[delegate("general-purpose")]], "general-purpose": [[writes, buyTea]] }),
      ...leashed({ tools: [deed("buy", ran)], leash }),
    });
    const done = await agent.invoke(ask);
    expect(filesOf(done)).toEqual(["/notes.txt"]);
    expect([toldWithin(done as unknown as State, "general-purpose")["a"], ran]).toEqual([DENIED, []]);
  });
});

describe("leashedDeepAgent", () => {
  it.each(["buyer", "clerk", "fork", "general-purpose"])(
    "A-A28 I4: what the policy denies does not run in a task of %s, whoever brought the tool along",
    async (name) => {
      const leash = await leashFor("default: deny\ntools: { task: { decision: allow } }\n", ROOT);
      const attempt = vi.spyOn(leash, "attempt");
      const own: Call = name === "clerk" ? { ...buyTea, name: "stamp" } : buyTea;
      const edits = { name: "edit_file", args: { file_path: "/a", old_string: "x", new_string: "y" }, id: "e" };
      const reads = { name: "read_file", args: { file_path: "/a" }, id: "r" };
      const lists = { name: "ls", args: { path: "/" }, id: "l" };
      const scripts = { go: [[delegate(name)]], [name]: [[own, writes, edits, reads, lists]] };
      const { agent, ran } = deepOffice({ leash, scripts, ran: [] });
      const done = await agent.invoke(ask, {});
      expect(toldWithin(done, name)).toEqual({ a: DENIED, w: DENIED, e: DENIED, r: DENIED, l: DENIED });
      expect([ran, filesOf(done)]).toEqual([[], []]);
      expect(attempt.mock.calls.map(([proposed]) => proposed.tool)).toEqual(["task"]);
      expect(await leash.desk({ id: "ann" }).pending()).toEqual([]);
    },
  );

  it("A-A28: decides the agent's own built-in tools, and a task itself", async () => {
    const leash = await leashFor("default: deny\n", ROOT);
    const scripts = { go: [[delegate("buyer"), writes]], buyer: [[buyTea]] };
    const { agent, ran } = deepOffice({ leash, scripts, ran: [] });
    const done = await agent.invoke(ask, {});
    expect(lastWords(done)).toEqual({ buyer: DENIED, w: DENIED });
    expect([ran, filesOf(done)]).toEqual([[], []]);
  });

  it("A-A28: a policy can say which agents may be given a task", async () => {
    const leash = await leashFor(
      'default: allow\nrules: [{ id: own, action: task, when: input.subagent_type == "general-purpose", effect: deny }]\n',
    );
    const scripts = { go: [[delegate("buyer"), delegate("general-purpose")]], buyer: [[buyTea]] };
    const { agent, ran } = deepOffice({ leash, scripts, ran: [] });
    expect(lastWords(await agent.invoke(ask, {}))).toMatchObject({ "general-purpose": DENIED });
    expect(ran).toEqual(["buy tea"]);
  });

  it("I4: a tool that nobody has is not run, in a task either", async () => {
    const leash = await leashFor("default: allow\n");
    const unknown: Call = { name: "send", args: {}, id: "u" };
    const scripts = { go: [[delegate("buyer")]], buyer: [[unknown, { ...unknown, name: "stamp", id: "s" }]] };
    const { agent, ran } = deepOffice({ leash, scripts, ran: [] });
    const told = toldWithin(await agent.invoke(ask, {}), "buyer");
    expect(told).toEqual({
      u: expect.stringContaining("not a valid tool"),
      s: expect.stringContaining("not a valid tool"),
    });
    expect(ran).toEqual([]);
  });

  it("A-A28: a narrowed agent may do its part of what the root may, with its built-in tools too", async () => {
    const leash = await leashFor("default: allow\n", ROOT);
    const task = [[buyTea, { ...buyTea, name: "look", id: "l" }, writes]];
    const scripts = { go: [[delegate("buyer"), delegate("fork")]], buyer: task, fork: task };
    const narrow = { buyer: { tools: ["look"] }, fork: { tools: ["write_file"] } };
    const { agent, ran } = deepOffice({ leash, scripts, ran: [], narrow });
    const done = await agent.invoke(ask, {});
    expect(toldWithin(done, "buyer")).toEqual({ a: DENIED, l: "look tea: 1", w: DENIED });
    expect(toldWithin(done, "fork")).toMatchObject({ a: DENIED, l: DENIED });
    expect([ran, filesOf(done)]).toEqual([["look tea"], ["/notes.txt"]]);
  });

  it.each([false, true])(
    "I7: a call of an agent that has the root's tools (wrapped before: %s) counts once",
    async (wrapped) => {
      const leash = await leashFor("default: allow\nlimits: [{ id: few, action: buy, window: 1h, max: 3 }]\n", ROOT);
      const four = ["a", "b", "c", "d"].map((id) => [{ ...buyTea, id }]);
      const scripts = { go: [[delegate("buyer")]], buyer: four };
      const { agent, ran } = deepOffice({ leash, scripts, ran: [], wrapped });
      const told = toldWithin(await agent.invoke(ask, {}), "buyer");
      expect(told["d"]).toMatch(/limit/u);
      expect(ran).toHaveLength(3);
    },
  );

  it("I4: a narrowed agent that reaches nobody is refused what must be asked, and the agents go on", async () => {
    const leash = await leashFor("default: allow\ntools: { buy: { decision: approve } }\n", ROOT);
    const scripts = { go: [[delegate("buyer")]], buyer: [[buyTea, { ...buyTea, name: "look", id: "l" }]] };
    const checkpointer = new MemorySaver();
    const narrow = { buyer: { asks: false } };
    const { agent, ran } = deepOffice({ leash, scripts, ran: [], narrow, checkpointer });
    const done = await agent.invoke(ask, thread);
    expect(done.__interrupt__).toBeUndefined();
    expect(toldWithin(done, "buyer")).toEqual({ a: DENIED, l: "look tea: 1" });
    expect([ran, await leash.desk({ id: "ann" }).pending()]).toEqual([["look tea"], []]);
  });

  it("holds a call in a task where there is no checkpointer, until somebody says yes", async () => {
    const leash = await leashFor("default: allow\ntools: { buy: { decision: approve } }\n", ROOT);
    const scripts = { go: [[delegate("general-purpose")]], "general-purpose": [[buyTea]] };
    const { agent, ran } = deepOffice({ leash, scripts, ran: [] });
    const running = agent.invoke(ask, {});
    await pendingAt(leash.desk({ id: "ann" }));
    expect(ran).toEqual([]);
    expect((await approveNext(leash)).principal).toMatchObject({ agent: "general-purpose", chain: ["root"] });
    expect(toldWithin(await running, "general-purpose")).toEqual({ a: "buy tea: 1" });
  });

  it("A-A28: a middleware that calls built-in tools by itself passes the leash by, and a strict watcher stops it", async () => {
    const leash = await leashFor("default: allow\n", ROOT);
    let builtIn: readonly unknown[] = [];
    const evaluate = tool(
      (_input, config) => (builtIn.find((one) => nameOf(one) === "write_file") as Tool).invoke(writes.args, config),
      { name: "evaluate", description: "d", schema: item },
    );
    const interpreter = createMiddleware({
      name: "interpreter",
      tools: [evaluate],
      wrapModelCall(request, handler) {
        builtIn = request.tools;
        return handler(request);
      },
    });
    const model = scriptedModel({ go: [[writes], [{ name: "evaluate", args: { item: "x" }, id: "v" }]] });
    const { leashes: _leashes, ...parts } = leashedDeepAgent({ middleware: [interpreter], leash });
    const run = async (strict: boolean): Promise<readonly string[]> => {
      const watcher = new LeashCallbackHandler(leash, { strict });
      const running = createDeepAgent({ model, ...parts }).invoke(ask, { callbacks: [watcher] });
      if (strict) await expect(running).rejects.toMatchObject({ code: "LEASH_DENIED" });
      await running.catch(() => undefined);
      return watcher.events.map(({ type }) => type).filter((type) => type === "unguarded" || type === "vetoed");
    };
    expect([await run(false), await run(true)]).toEqual([["unguarded"], ["unguarded", "vetoed"]]);
  });
});

interface Tool {
  invoke(input: unknown, config: unknown): Promise<unknown>;
}

const nameOf = (one: unknown): unknown => (one as { readonly name?: unknown }).name;
