import { createRequire } from "node:module";
import { tool } from "@llamaindex/core/tools";
import { agent, agentStreamEvent, agentToolCallEvent, startAgentEvent, type AgentWorkflow } from "@llamaindex/workflow";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { leashTool, resumeWorkflow, runWorkflow, settledWorkflow, wrapTools } from "../index.ts";
import { ALLOW_ALL, approveNext, ASK_ALL, leashFor, nextPending } from "../leash.fixture.ts";
import { ScriptedLlm } from "../scripted-llm.fixture.ts";
import { ASK_TO_BUY, deed, doing, kept, shop, shown } from "./harness.ts";

const ONE = [[doing("buy", "tea", "b")]];
const THREE = [[doing("look", "shelf", "l"), doing("buy", "tea", "b"), doing("pack", "bag", "p")]];

describe("runWorkflow", () => {
  it("ends as the workflow's own run does where nobody is asked", async () => {
    const { build, effects } = await shop(ALLOW_ALL, THREE);
    const [ours, theirs] = [build(), build()];
    const { result, suspension, pending } = await runWorkflow(ours.workflow, { input: "go" });
    const { data } = await theirs.workflow.run("go");
    expect([suspension, pending, result?.result, result?.message]).toEqual([null, [], data.result, data.message]);
    expect(effects).toEqual([...Array(2)].flatMap(() => ["look shelf", "buy tea", "pack bag"]));
    const roles = ({ seen }: ScriptedLlm) => seen.map(({ role }) => role);
    expect(roles(ours.llm)).toEqual(roles(theirs.llm));
  });

  it("takes a history in the place of an input", async () => {
    const { build, effects } = await shop(ALLOW_ALL, ONE);
    const { llm, workflow } = build();
    await runWorkflow(workflow, {
      chatHistory: [
        { role: "assistant", content: "Hello." },
        { role: "user", content: "go" },
      ],
    });
    expect(llm.seen.map(({ content }) => content)).toEqual(expect.arrayContaining(["Hello.", "go", "buy tea: 1"]));
    expect(effects).toEqual(["buy tea"]);
  });

  it("tells of every event, also of those before a suspension", async () => {
    const { build } = await shop(ASK_TO_BUY, THREE);
    const events: unknown[] = [];
    await runWorkflow(build().workflow, { input: "go", onEvent: (event) => void events.push(event) });
    expect(events.filter((event) => startAgentEvent.include(event))).toHaveLength(1);
    expect(events.filter((event) => agentStreamEvent.include(event)).length).toBeGreaterThan(0);
    expect(events.filter((event) => agentToolCallEvent.include(event))).toHaveLength(2);
  });

  it("a plain run of the same tools holds, and two of them at once keep their calls apart", async () => {
    const { leash, build, effects } = await shop(ASK_ALL, ONE);
    const agents = [build(), build()];
    const runs = agents.map(({ workflow }) => workflow.run("go"));
    await approveNext(leash);
    await approveNext(leash);
    await Promise.all(runs);
    expect(new Set(agents.flatMap(({ llm }) => shown(llm)))).toEqual(new Set(["buy tea: 1", "buy tea: 2"]));
    expect(effects).toEqual(["buy tea", "buy tea"]);
  });

  it("I14: rejects what the workflow throws, which would end the process under LlamaIndex's own run", async () => {
    const { build } = await shop(ALLOW_ALL, [[doing("gone", "x", "g")]]);
    await expect(runWorkflow(build().workflow, { input: "go" })).rejects.toThrow("Tools not found: gone");
    await expect(runWorkflow(build().workflow, {})).rejects.toThrow("No user message");
    const failing = new (class extends ScriptedLlm {
      override chat = (): Promise<never> => Promise.reject(new Error("The model is down."));
    })();
    const tools = [deed("look", [])];
    await expect(runWorkflow(agent({ llm: failing, tools }), { input: "go" })).rejects.toThrow("The model is down.");
  });

  it("what onEvent throws ends the run", async () => {
    const { build } = await shop(ALLOW_ALL, ONE);
    const onEvent = (event: unknown): void => {
      if (agentToolCallEvent.include(event)) throw new Error("Enough.");
    };
    await expect(runWorkflow(build().workflow, { input: "go", onEvent })).rejects.toThrow("Enough.");
  });

  it("refuses options that it does not know, and a workflow of another copy of LlamaIndex", async () => {
    const { build } = await shop(ALLOW_ALL, ONE);
    const misspelt = { input: "go", scoop: "x" } as object;
    await expect(runWorkflow(build().workflow, misspelt)).rejects.toMatchObject({ code: "LEASH_CONFIG_INVALID" });
    const other = createRequire(import.meta.url)("@llamaindex/workflow") as { agent: typeof agent };
    const foreign: AgentWorkflow = other.agent({ llm: new ScriptedLlm(), tools: [deed("look", [])] });
    await expect(runWorkflow(foreign, { input: "go" })).rejects.toMatchObject({ code: "LEASH_CONFIG_INVALID" });
  });
});

describe("a run that waits for a person", () => {
  it("comes back as plain JSON, and nothing of the waiting call has run", async () => {
    const { leash, build, effects } = await shop(ASK_ALL, ONE);
    const run = await runWorkflow(build().workflow, { input: "go", scope: "order-7" });
    const { id, ref, expiresAt } = await nextPending(leash);
    expect(run.pending).toEqual([{ ref, approvalId: id, tool: "buy", expiresAt }]);
    expect(run.suspension).toEqual(kept(run));
    expect(run.suspension?.toolCalls[0]?.toolKwargs).not.toBe(ONE[0]?.[0]?.input);
    expect(run.suspension).toMatchObject({ v: 1, scope: "order-7", turn: 1, refs: [ref], nextAgentName: null });
    expect(effects).toEqual([]);
  });

  it("rejects where the conversation cannot be kept as JSON, and the question stays at the desk", async () => {
    const { leash, build } = await shop(ASK_ALL, ONE);
    const chatHistory = [{ role: "user", content: "go", options: { count: 1n } }] as const;
    await expect(runWorkflow(build().workflow, { chatHistory })).rejects.toThrow(/BigInt/u);
    expect(await nextPending(leash)).toMatchObject({ tool: "buy", status: "pending" });
  });

  it("does not suspend under pause hold; under defer the model goes on", async () => {
    const holding = await shop(ASK_ALL, ONE, { pause: "hold" });
    const held = runWorkflow(holding.build().workflow, { input: "go" });
    await approveNext(holding.leash);
    expect((await held).suspension).toBeNull();
    const deferring = await shop(ASK_ALL, ONE, { pause: "defer" });
    const { llm, workflow } = deferring.build();
    expect((await runWorkflow(workflow, { input: "go" })).suspension).toBeNull();
    expect(shown(llm)).toEqual([expect.stringMatching(/^Waiting for a person/u)]);
  });

  it("an agent that an unguarded tool runs meanwhile holds: its calls are none of the run's", async () => {
    const leash = await leashFor(ASK_TO_BUY);
    const effects: string[] = [];
    const buy = leashTool(deed("buy", effects), leash);
    const inner = (): AgentWorkflow => agent({ llm: new ScriptedLlm(...ONE), tools: [buy] });
    const execute = async () => (await inner().run("go")).data.result as string;
    const outer = tool({ name: "outer", description: "d", parameters: z.object({ item: z.string() }), execute });
    const llm = new ScriptedLlm([doing("outer", "x", "b")]);
    const run = runWorkflow(agent({ llm, tools: [outer] }), { input: "go" });
    await approveNext(leash);
    expect([(await run).suspension, effects, shown(llm)]).toEqual([null, ["buy tea"], ["done"]]);
  });
});

describe("settledWorkflow", () => {
  it("waits for the answer, and gives up when the signal aborts", async () => {
    const { leash, build } = await shop(ASK_ALL, ONE);
    const suspension = kept(await runWorkflow(build().workflow, { input: "go" }));
    expect(await settledWorkflow(suspension, leash, { signal: AbortSignal.timeout(20) })).toBe(false);
    const settled = settledWorkflow(suspension, leash);
    await approveNext(leash);
    expect(await settled).toBe(true);
  });

  it("refuses a leash that does not know the approval", async () => {
    const { build } = await shop(ASK_ALL, ONE);
    const suspension = kept(await runWorkflow(build().workflow, { input: "go" }));
    const stranger = await leashFor(ASK_ALL);
    await expect(settledWorkflow(suspension, stranger)).rejects.toMatchObject({ code: "LEASH_CONFIG_INVALID" });
  });
});

describe("an agent of its own leash", () => {
  it("A-A28: narrowed: it is asked about by its own name, and what its parent kept back stays refused after a resume", async () => {
    const leash = await leashFor(ASK_TO_BUY);
    const effects: string[] = [];
    const narrow = leash.narrow({ tools: ["look", "buy"], agent: "buyer" });
    const build = () => {
      const llm = new ScriptedLlm([doing("look", "shelf", "l"), doing("buy", "tea", "b"), doing("pack", "bag", "p")]);
      const tools = wrapTools([deed("look", effects), deed("buy", effects), deed("pack", effects)], narrow);
      return { llm, workflow: agent({ llm, tools }) };
    };
    const suspension = kept(await runWorkflow(build().workflow, { input: "go" }));
    expect((await approveNext(leash)).principal).toEqual(narrow.principal);
    await settledWorkflow(suspension, narrow);
    await expect(settledWorkflow(suspension, leash)).rejects.toMatchObject({ code: "LEASH_CONFIG_INVALID" });
    const { llm, workflow } = build();
    await resumeWorkflow(workflow, suspension);
    expect(shown(llm)).toEqual(["look shelf: 1", "buy tea: 2", expect.stringMatching(/^Denied/u)]);
    expect(effects).toEqual(["look shelf", "buy tea"]);
  });
});
