import { agent, multiAgent } from "@llamaindex/workflow";
import { describe, expect, it } from "vitest";
import { resumeWorkflow, runWorkflow, wrapTools } from "../index.ts";
import { approveNext, leashFor, nextPending } from "../leash.fixture.ts";
import { call, ScriptedLlm } from "../scripted-llm.fixture.ts";
import { deed, doing, kept, shown, type Rounds } from "./harness.ts";

const toBanker = call("handOff", { toAgent: "banker", reason: "money" }, "h");

/** A clerk who can hand over to a banker, who in turn looks at the vault. Built anew for every life of the run. */
async function office(policy: string, clerkRounds: Rounds) {
  const leash = await leashFor(policy);
  const effects: string[] = [];
  const build = () => {
    const models = {
      clerk: new ScriptedLlm(...clerkRounds),
      banker: new ScriptedLlm([], [doing("look", "vault", "v")]),
    };
    const banker = agent({ name: "banker", description: "d", llm: models.banker, tools: [deed("look", effects)] });
    const tools = [deed("buy", effects)];
    const clerk = agent({ name: "clerk", description: "d", llm: models.clerk, tools, canHandoffTo: [banker] });
    const workflow = wrapTools(multiAgent({ agents: [clerk, banker], rootAgent: clerk }), leash);
    return { models, workflow };
  };
  return { leash, effects, build };
}

const ASK_FOR = (...tools: readonly string[]): string =>
  `default: allow\ntools: { ${tools.map((name) => `${name}: { decision: approve }`).join(", ")} }\n`;

describe("a handOff in a run that is suspended", () => {
  it("A-A28 I2: approved, the agent switches, however often the run is resumed", async () => {
    const { leash, effects, build } = await office(ASK_FOR("handOff"), [[toBanker]]);
    const suspension = kept(await runWorkflow(build().workflow, { input: "go" }));
    expect(suspension).toMatchObject({ agentName: "clerk", currentAgentName: "clerk", nextAgentName: null });
    await approveNext(leash);
    for (const _life of [1, 2]) {
      const { models, workflow } = build();
      const { result } = await resumeWorkflow(workflow, suspension);
      expect([result?.result, result?.state?.currentAgentName]).toEqual(["done", "banker"]);
      expect(shown(models.banker)).toContain("look vault: 1");
    }
    expect(effects).toEqual(["look vault"]);
  });

  it("denied, the agent stays and goes on", async () => {
    const { leash, build } = await office(ASK_FOR("handOff"), [[toBanker], [doing("buy", "tea", "b")]]);
    const suspension = kept(await runWorkflow(build().workflow, { input: "go" }));
    await leash.desk({ id: "ann" }).deny((await nextPending(leash)).id);
    const { models, workflow } = build();
    const { result } = await resumeWorkflow(workflow, suspension);
    expect(result?.state?.currentAgentName).toBe("clerk");
    expect(shown(models.clerk)).toEqual([expect.stringContaining("A person denied this call."), "buy tea: 1"]);
  });

  it.each([
    ["before", [toBanker, doing("buy", "tea", "b")], "banker"],
    ["after", [doing("buy", "tea", "b"), toBanker], null],
  ] as const)(
    "that comes %s the call that waits, in one turn, still switches the agent",
    async (_where, turn, next) => {
      const { leash, effects, build } = await office(ASK_FOR("buy"), [turn]);
      const suspension = kept(await runWorkflow(build().workflow, { input: "go" }));
      expect(suspension.nextAgentName).toBe(next);
      await approveNext(leash);
      for (const _life of [1, 2]) {
        const { result } = await resumeWorkflow(build().workflow, suspension);
        expect(result?.state?.currentAgentName).toBe("banker");
      }
      expect(effects).toEqual(["buy tea", "look vault"]);
    },
  );

  it("the next agent can be suspended in its turn, with a second question", async () => {
    const { leash, effects, build } = await office(ASK_FOR("handOff", "look"), [[toBanker]]);
    const first = kept(await runWorkflow(build().workflow, { input: "go" }));
    await approveNext(leash);
    const second = kept(await resumeWorkflow(build().workflow, first));
    expect(second).toMatchObject({ agentName: "banker", currentAgentName: "banker", turn: 2 });
    await approveNext(leash);
    const { result } = await resumeWorkflow(build().workflow, second);
    expect([result?.state?.currentAgentName, effects]).toEqual(["banker", ["look vault"]]);
  });

  it("is not resumed by a workflow without its agent", async () => {
    const { build } = await office(ASK_FOR("handOff"), [[toBanker]]);
    const suspension = kept(await runWorkflow(build().workflow, { input: "go" }));
    const other = agent({ name: "other", llm: new ScriptedLlm(), tools: [deed("look", [])] });
    await expect(resumeWorkflow(other, suspension)).rejects.toMatchObject({ code: "LEASH_INPUT_INVALID" });
  });
});
