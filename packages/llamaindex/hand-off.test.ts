import { tool } from "@llamaindex/core/tools";
import { agent, multiAgent } from "@llamaindex/workflow";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { wrapTools, type WrapOptions } from "./index.ts";
import { ALLOW_ALL, approveNext, leashFor, nextPending } from "./leash.fixture.ts";
import { call, ScriptedLlm } from "./scripted-llm.fixture.ts";

const toBanker = call("handOff", { toAgent: "banker", reason: "money" }, "h");
const ASK_TO_HAND_OFF = "default: allow\ntools: { handOff: { decision: approve } }\n";

/** A clerk who hands over to a banker and, where that fails, looks at the shelf. */
async function office(policy: string, options?: WrapOptions) {
  const leash = await leashFor(policy);
  const looked: string[] = [];
  const look = tool({
    name: "look",
    description: "d",
    parameters: z.object({ at: z.string() }),
    execute: ({ at }) => `looked ${looked.push(at)}`,
  });
  const models = {
    clerk: new ScriptedLlm([toBanker], [call("look", { at: "shelf" }, "l")]),
    banker: new ScriptedLlm(),
  };
  const banker = agent({ name: "banker", description: "d", llm: models.banker });
  const clerk = agent({
    name: "clerk",
    description: "d",
    llm: models.clerk,
    tools: [look],
    canHandoffTo: [banker],
  });
  const workflow = wrapTools(multiAgent({ agents: [clerk, banker], rootAgent: clerk }), leash, options);
  return { leash, looked, models, run: () => workflow.run("go"), workflow };
}

describe("wrapTools on a workflow", () => {
  it("covers the tools of all agents in place, handOff among them, and wrapping again changes nothing", async () => {
    const { leash, workflow } = await office(ALLOW_ALL);
    const before = workflow.getAgents().flatMap(({ tools }) => [...tools]);
    expect(before.map(({ metadata }) => metadata.name)).toEqual(["look", "handOff"]);
    expect(wrapTools(workflow, leash)).toBe(workflow);
    expect(workflow.getAgents().flatMap(({ tools }) => [...tools])).toEqual(before);
  });

  it("A-A28: leaves an agent that is added later to another wrapping", async () => {
    const { leash, workflow } = await office("default: deny\n");
    const late = tool({
      name: "late",
      description: "d",
      parameters: z.object({}),
      execute: () => "ran",
    });
    const [added] = agent({ name: "added", llm: new ScriptedLlm(), tools: [late] }).getAgents();
    if (added === undefined) throw new Error("There is no agent.");
    workflow.addAgent(added);
    expect(await added.tools[0]?.call({})).toBe("ran");
    wrapTools(workflow, leash);
    expect(await added.tools[0]?.call({})).toMatch(/^Denied by policy/u);
  });
});

describe("a handOff", () => {
  it("that is allowed switches the agent", async () => {
    const { looked, models, run } = await office(ALLOW_ALL);
    const { data } = await run();
    expect([data.result, data.state?.currentAgentName]).toEqual(["done", "banker"]);
    expect([models.banker.seen.length > 0, looked]).toEqual([true, []]);
  });

  it("that is denied leaves the agent in place, told so, and the run goes on", async () => {
    const { looked, models, run } = await office("default: allow\ntools: { handOff: { decision: deny } }\n");
    const { data } = await run();
    expect([data.result, data.state?.currentAgentName]).toEqual(["done", "clerk"]);
    expect(looked).toEqual(["shelf"]);
    expect(models.banker.seen).toEqual([]);
    expect(models.clerk.results["h"]).toEqual({
      text: "Error: Error: Error(LeashDenied): Denied by policy. Do not retry this call with the same arguments.",
      isError: true,
    });
  });

  it.each(["auto", "hold", "suspend", "defer"] as const)(
    "waits for a person, under pause %s as well",
    async (pause) => {
      const { leash, run } = await office(ASK_TO_HAND_OFF, { pause });
      const done = run();
      await approveNext(leash);
      expect((await done).data.state?.currentAgentName).toBe("banker");
    },
  );

  it("that a person denies leaves the agent in place, with the person's note", async () => {
    const { leash, looked, models, run } = await office(ASK_TO_HAND_OFF);
    const done = run();
    await leash.desk({ id: "ann" }).deny((await nextPending(leash)).id, { reason: "not today" });
    expect((await done).data.state?.currentAgentName).toBe("clerk");
    expect(looked).toEqual(["shelf"]);
    expect(models.clerk.results["h"]?.text).toContain("A person denied this call.");
    expect(models.clerk.results["h"]?.text).toContain("not today");
  });
});
