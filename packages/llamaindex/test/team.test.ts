import { loadPolicy, type Leash, type Narrowing } from "@leashkit/core";
import { agent, multiAgent } from "@llamaindex/workflow";
import { describe, expect, it } from "vitest";
import { resumeWorkflow, runWorkflow, settledWorkflow, wrapTools, type Suspension } from "../index.ts";
import { approveNext, leashFor } from "../leash.fixture.ts";
import { call, ScriptedLlm } from "../scripted-llm.fixture.ts";
import { ASK_TO_BUY, deed, doing, kept, shown } from "./harness.ts";

const toBanker = call("handOff", { toAgent: "banker", reason: "money" }, "h");
const DENIED = expect.stringMatching(/^Denied by policy/u);

/** A clerk who hands over to a banker, each behind a leash of its own. Built anew for every life of the run. */
async function team(policy: string, narrowings: { readonly clerk?: Narrowing; readonly banker?: Narrowing } = {}) {
  const leash = await leashFor(policy, { principal: { agent: "root" } });
  const effects: string[] = [];
  const leashes: Record<string, Leash> = {
    clerk: leash.narrow({ agent: "clerk", tools: ["look", "handOff"], ...narrowings.clerk }),
    banker: leash.narrow({ agent: "banker", tools: ["buy"], ...narrowings.banker }),
  };
  const leashOf = (name: string): Leash => leashes[name] ?? expect.fail(`There is no agent ${name}.`);
  const build = () => {
    const models = {
      clerk: new ScriptedLlm([toBanker], [doing("look", "shelf", "l")]),
      banker: new ScriptedLlm([], [doing("buy", "tea", "b"), doing("look", "vault", "v")]),
    };
    const tools = () => [deed("look", effects), deed("buy", effects)];
    const banker = agent({ name: "banker", description: "d", llm: models.banker, tools: tools() });
    const clerk = agent({ name: "clerk", description: "d", llm: models.clerk, tools: tools(), canHandoffTo: [banker] });
    const workflow = multiAgent({ agents: [clerk, banker], rootAgent: clerk });
    for (const each of workflow.getAgents()) wrapTools({ getAgents: () => [each] }, leashOf(each.name));
    return { models, workflow };
  };
  /** Resumes with a team built anew, once the leash of the agent that waits knows an answer. */
  const resume = async (suspension: Suspension) => {
    await settledWorkflow(suspension, leashOf(suspension.agentName));
    const { models, workflow } = build();
    return { models, run: await resumeWorkflow(workflow, suspension) };
  };
  return { leash, effects, build, resume };
}

describe("a team whose agents have narrowed leashes of their own", () => {
  it("A-A28 I2: keeps each agent's gate over the handOff; all are asked about at the root's desk, with the way to them", async () => {
    const { leash, effects, build, resume } = await team("default: approve\n");
    const first = kept(await runWorkflow(build().workflow, { input: "go" }));
    expect((await approveNext(leash)).principal).toMatchObject({ agent: "clerk", chain: ["root"] });
    const second = kept((await resume(first)).run);
    expect((await approveNext(leash)).principal).toMatchObject({ agent: "banker", chain: ["root"] });
    const { models, run } = await resume(second);
    expect(run.result?.state?.currentAgentName).toBe("banker");
    expect(shown(models.banker)).toEqual(expect.arrayContaining(["buy tea: 1", DENIED]));
    expect(effects).toEqual(["buy tea"]);
  });

  it("I4: an agent that reaches nobody reads a refusal and goes on, and nobody is asked", async () => {
    const { leash, effects, build } = await team(ASK_TO_BUY, { banker: { asks: false } });
    const { models, workflow } = build();
    const { result } = await runWorkflow(workflow, { input: "go" });
    expect([result?.result, result?.state?.currentAgentName]).toEqual(["done", "banker"]);
    expect([models.banker.results["b"], models.banker.results["v"]]).toEqual([
      { text: DENIED, isError: false },
      { text: DENIED, isError: false },
    ]);
    expect([effects, await leash.desk({ id: "ann" }).pending()]).toEqual([[], []]);
  });

  it("A-A28 I4: an agent that reaches nobody does not hand over where a person must be asked, and stays", async () => {
    const asks = "default: allow\ntools: { handOff: { decision: approve } }\n";
    const { leash, effects, build } = await team(asks, { clerk: { asks: false } });
    const { models, workflow } = build();
    const { result } = await runWorkflow(workflow, { input: "go" });
    expect(result?.state?.currentAgentName).toBe("clerk");
    expect(models.clerk.results["h"]?.text).toContain("Denied by policy");
    expect([effects, models.banker.seen]).toEqual([["look shelf"], []]);
    expect(await leash.desk({ id: "ann" }).pending()).toEqual([]);
  });

  it("A-A28: an agent's own policy and its parent's both hold, also after the handOff", async () => {
    const policy = await loadPolicy("leash: 1\ndefault: allow\ntools: { buy: { decision: deny } }\n");
    const { effects, build } = await team("default: allow\n", { banker: { policy } });
    const { models, workflow } = build();
    await runWorkflow(workflow, { input: "go" });
    expect([models.banker.results["b"]?.text, effects]).toEqual([DENIED, []]);
  });
});
