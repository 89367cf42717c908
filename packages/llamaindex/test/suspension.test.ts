import { describe, expect, it } from "vitest";
import { resumeWorkflow, runWorkflow, settledWorkflow, type Suspension } from "../index.ts";
import { approveNext, ASK_ALL, nextPending } from "../leash.fixture.ts";
import { ASK_TO_BUY, doing, kept, shop, shown, type Rounds } from "./harness.ts";

const TWO: Rounds = [[doing("look", "shelf", "l"), doing("buy", "tea", "b")]];

async function approved(policy = ASK_TO_BUY, rounds = TWO) {
  const our = await shop(policy, rounds);
  const suspension = kept(await runWorkflow(our.build().workflow, { input: "go" }));
  await approveNext(our.leash);
  return { ...our, suspension };
}

/** The suspension with other words in the call that waits. */
function edited(suspension: Suspension, words: Partial<Suspension["toolCalls"][number]>): Suspension {
  return { ...suspension, toolCalls: suspension.toolCalls.map((waiting) => ({ ...waiting, ...words })) };
}

const EDITS: Readonly<Record<string, (suspension: Suspension) => Suspension>> = {
  "other arguments": (suspension) => edited(suspension, { toolKwargs: { item: "gold" } }),
  "another call id": (suspension) => edited(suspension, { toolId: "z" }),
  "another turn": (suspension) => ({ ...suspension, turn: 2 }),
  "another scope": (suspension) => ({ ...suspension, scope: "elsewhere" }),
};

describe("a suspension that somebody edited", () => {
  it.each(Object.entries(EDITS))(
    "I3: with %s: the old yes does not count, a person is asked anew",
    async (_what, edit) => {
      const { leash, build, effects, suspension } = await approved();
      const forged = edit(suspension);
      const again = kept(await resumeWorkflow(build().workflow, forged));
      expect(again.refs).not.toEqual(suspension.refs);
      expect((await nextPending(leash)).text).toBe(JSON.stringify(forged.toolCalls[0]?.toolKwargs));
      expect(effects).toEqual(["look shelf"]);
      await resumeWorkflow(build().workflow, suspension);
      expect(effects).toEqual(["look shelf", "buy tea"]);
    },
  );

  it("I3: with another tool: that one is decided; with one that does not exist: nothing runs", async () => {
    const { build, effects, suspension } = await approved("default: deny\ntools: { buy: { decision: approve } }\n", [
      [doing("buy", "tea", "b")],
    ]);
    for (const [toolName, told] of [
      ["pack", /^Denied by policy/u],
      ["gone", /does not exist/u],
    ] as const) {
      const { llm, workflow } = build();
      await resumeWorkflow(workflow, edited(suspension, { toolName }));
      expect(shown(llm)).toEqual([expect.stringMatching(told)]);
    }
    expect(effects).toEqual([]);
  });

  it("I3: arguments that are no object are refused", async () => {
    const { build, effects, suspension } = await approved();
    const { llm, workflow } = build();
    const kwargs = ["tea"] as unknown as Record<string, string>;
    await resumeWorkflow(workflow, edited(suspension, { toolKwargs: kwargs }));
    expect(shown(llm)).toEqual(["look shelf: 1", expect.stringMatching(/^Denied: the arguments/u)]);
    expect(effects).toEqual(["look shelf"]);
  });
});

const DAMAGED: Readonly<Record<string, (suspension: Suspension) => unknown>> = {
  "nothing at all": () => null,
  "a text": (suspension) => JSON.stringify(suspension),
  "another version": (suspension) => ({ ...suspension, v: 2 }),
  "no version": (suspension) => ({ ...suspension, v: undefined }),
  "another package's kind": (suspension) => ({ ...suspension, kind: "leashkit.openai.suspension" }),
  "an empty scope": (suspension) => ({ ...suspension, scope: "" }),
  "turn nought": (suspension) => ({ ...suspension, turn: 0 }),
  "a broken turn": (suspension) => ({ ...suspension, turn: 1.5 }),
  "no calls": (suspension) => ({ ...suspension, toolCalls: [] }),
  "a call without an id": (suspension) => ({ ...suspension, toolCalls: [{ agentName: "Agent", toolName: "buy" }] }),
  "a result of nothing": (suspension) => ({ ...suspension, results: [null] }),
  "a memory that is no snapshot": (suspension) => ({ ...suspension, memory: '{"messages":[' }),
  "a memory of no messages": (suspension) => ({ ...suspension, memory: '{"messages":["go"]}' }),
  "a scratchpad that is none": (suspension) => ({ ...suspension, scratchpad: "done" }),
  "an unknown agent": (suspension) => ({ ...suspension, agentName: "mallory" }),
  "an unknown current agent": (suspension) => ({ ...suspension, currentAgentName: "mallory" }),
  "an unknown next agent": (suspension) => ({ ...suspension, nextAgentName: "mallory" }),
  "no refs": (suspension) => ({ ...suspension, refs: undefined }),
  "what is no JSON": (suspension) => ({ ...suspension, self: 1n }),
};

describe("what is no suspension of this workflow", () => {
  it.each(Object.entries(DAMAGED))("I3: %s: is refused, and runs nothing", async (what, damage) => {
    const { leash, build, effects, suspension } = await approved(ASK_ALL, [[doing("buy", "tea", "b")]]);
    const damaged = damage(suspension) as Suspension;
    await expect(resumeWorkflow(build().workflow, damaged)).rejects.toMatchObject({ code: "LEASH_INPUT_INVALID" });
    if (!what.includes("agent")) {
      await expect(settledWorkflow(damaged, leash)).rejects.toMatchObject({ code: "LEASH_INPUT_INVALID" });
    }
    expect(effects).toEqual([]);
  });

  it("A-A2: an accessor is read once: what was checked is what is resumed", async () => {
    const { build, effects, suspension } = await approved();
    let reads = 0;
    const shifty = Object.defineProperty({ ...suspension }, "v", { enumerable: true, get: () => (reads += 1) });
    await resumeWorkflow(build().workflow, shifty);
    expect([reads, effects]).toEqual([1, ["look shelf", "buy tea"]]);
  });

  it("stays as it is while the run goes on", async () => {
    const { build, suspension } = await approved();
    const before = JSON.stringify(suspension);
    await resumeWorkflow(build().workflow, suspension);
    expect(JSON.stringify(suspension)).toBe(before);
  });
});
