import { tool } from "@llamaindex/core/tools";
import { createMemory, staticBlock } from "@llamaindex/core/memory";
import { agent } from "@llamaindex/workflow";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { resumeWorkflow, runWorkflow, settledWorkflow, wrapTools, type Suspension } from "../index.ts";
import { approveNext, ASK_ALL, leashFor, nextPending } from "../leash.fixture.ts";
import { ScriptedLlm } from "../scripted-llm.fixture.ts";
import { ASK_TO_BUY, deed, doing, kept, shop, shown, type Rounds, type Shop } from "./harness.ts";

const ONE: Rounds = [[doing("buy", "tea", "b")]];
const THREE: Rounds = [
  [doing("look", "shelf", "l"), doing("buy", "tea", "b"), doing("pack", "bag", "p")],
  [doing("look", "door", "l")],
];

/** Runs until a person is asked, by an agent that is gone afterwards. */
async function suspended({ build }: Shop, scope?: string): Promise<Suspension> {
  return kept(await runWorkflow(build().workflow, { input: "go", ...(scope !== undefined && { scope }) }));
}

/** Takes a run up again, by a newly built agent. */
async function resumed({ build }: Shop, suspension: Suspension) {
  const { llm, workflow } = build();
  return { llm, ...(await resumeWorkflow(workflow, suspension)) };
}

const WAYS = {
  "a person says yes": { answer: approveNext, text: /^buy tea: 2$/u, bought: ["buy tea"] },
  "a person says no": {
    answer: async (leash: Shop["leash"]) =>
      leash.desk({ id: "ann" }).deny((await nextPending(leash)).id, { reason: "too dear" }),
    text: /^A person denied this call\..*too dear/u,
    bought: [],
  },
};

describe.each(Object.entries(WAYS))("%s to the second of three calls", (_what, { answer, text, bought }) => {
  it("I2: resumed, the first has run once, the second as answered, the third after it; the model sees all in order", async () => {
    const our = await shop(ASK_TO_BUY, THREE);
    const suspension = await suspended(our);
    expect(our.effects).toEqual(["look shelf"]);
    await answer(our.leash);
    const { llm, result, suspension: again } = await resumed(our, suspension);
    expect([again, result?.result]).toEqual([null, "done"]);
    expect(our.effects).toEqual(["look shelf", ...bought, "pack bag", "look door"]);
    expect(shown(llm)).toEqual([
      "look shelf: 1",
      expect.stringMatching(text),
      expect.stringMatching(/^pack bag: [23]$/u),
      expect.stringMatching(/^look door: [34]$/u),
    ]);
    expect(llm.seen.map(({ role }) => role).join(" ")).toBe("system user assistant user user user assistant user");
  });
});

describe("resumeWorkflow", () => {
  it("suspends again where nobody has answered; the question stays the same", async () => {
    const our = await shop(ASK_ALL, ONE);
    const suspension = await suspended(our);
    const again = await resumed(our, suspension);
    expect(kept(again)).toEqual(suspension);
    expect(await our.leash.desk({ id: "ann" }).pending()).toHaveLength(1);
    await approveNext(our.leash);
    await resumed(our, kept(again));
    expect(our.effects).toEqual(["buy tea"]);
  });

  it("I1: what the approver made of the call is what runs", async () => {
    const our = await shop(ASK_ALL, ONE);
    const suspension = await suspended(our);
    const edit = await our.leash.desk({ id: "ann" }).edit(suspension.refs[0] ?? "", { item: "water" });
    expect(await settledWorkflow(suspension, our.leash, { signal: AbortSignal.timeout(20) })).toBe(false);
    await our.leash.desk({ id: "bob" }).approve(edit.id);
    expect(await settledWorkflow(suspension, our.leash)).toBe(true);
    const { llm } = await resumed(our, suspension);
    // LlamaIndex shows a text as JSON without its quotes.
    const told = String.raw`This call was changed before it ran: item is \water\.\n\nbuy water: 1`;
    expect([shown(llm), our.effects]).toEqual([[told], ["buy water"]]);
  });

  it("I4: an approval that expired is a refusal", async () => {
    const our = await shop("default: deny\ntools: { buy: { decision: approve, approval: { expires_in: 1 } } }\n", ONE);
    const suspension = await suspended(our);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const { llm } = await resumed(our, suspension);
    expect(shown(llm)).toEqual([expect.stringMatching(/^Not run: the approval expired/u)]);
    expect(our.effects).toEqual([]);
  });

  it("I2: run twice and at once: each call runs once, and all are told the same", async () => {
    const our = await shop(ASK_TO_BUY, THREE);
    const suspension = await suspended(our);
    await approveNext(our.leash);
    const runs = await Promise.all([1, 2, 3].map(() => resumed(our, suspension)));
    runs.push(await resumed(our, suspension));
    expect(our.effects).toEqual(["look shelf", "buy tea", "pack bag", "look door"]);
    const told = our.effects.map((effect, at) => `${effect}: ${at + 1}`);
    for (const { llm } of runs) expect(shown(llm)).toEqual(told);
  });

  it("I2: the same id, tool and arguments in the next turn are another call, and another question", async () => {
    const our = await shop(ASK_ALL, [...ONE, ...ONE]);
    let suspension = await suspended(our);
    for (const turn of [1, 2]) {
      expect(suspension.turn).toBe(turn);
      await approveNext(our.leash);
      const run = await resumed(our, suspension);
      if (turn === 1) suspension = kept(run);
      else expect(shown(run.llm)).toEqual(["buy tea: 1", "buy tea: 2"]);
    }
    expect(our.effects).toEqual(["buy tea", "buy tea"]);
  });

  it("I2: equal calls of one turn are asked about one by one, and each runs once", async () => {
    const our = await shop(ASK_ALL, [["a", "b", "c"].map((id) => doing("buy", "tea", id))]);
    const asked = [await suspended(our)];
    for (const _other of ["b", "c"]) {
      await approveNext(our.leash);
      asked.push(kept(await resumed(our, asked.at(-1) as Suspension)));
    }
    expect(new Set(asked.flatMap(({ refs }) => refs)).size).toBe(3);
    await approveNext(our.leash);
    const { llm } = await resumed(our, asked.at(-1) as Suspension);
    expect(shown(llm)).toEqual(["buy tea: 1", "buy tea: 2", "buy tea: 3"]);
    expect(our.effects).toEqual(["buy tea", "buy tea", "buy tea"]);
  });

  it("I2: two runs with the same calls are apart, also where they are suspended at once", async () => {
    const our = await shop(ASK_ALL, ONE);
    const [one, other] = await Promise.all([suspended(our), suspended(our)]);
    await our.leash.desk({ id: "ann" }).approve(one.refs[0] ?? "");
    const runs = await Promise.all([resumed(our, one), resumed(our, other)]);
    expect(runs.map(({ suspension }) => suspension === null)).toEqual([true, false]);
    expect(our.effects).toEqual(["buy tea"]);
  });

  it("I2: a run that was lost before it was kept can be started again under its scope: the question is found again", async () => {
    const our = await shop(ASK_TO_BUY, THREE);
    const [lost, again] = [await suspended(our, "order-7"), await suspended(our, "order-7")];
    expect(again.refs).toEqual(lost.refs);
    await approveNext(our.leash);
    await resumed(our, again);
    expect(our.effects).toEqual(["look shelf", "buy tea", "pack bag", "look door"]);
  });

  it("does not try again what failed before the call that waits, nor run a bare tool twice", async () => {
    const leash = await leashFor(ASK_TO_BUY);
    const effects: string[] = [];
    const execute = () => Promise.reject(new Error(`broken ${effects.push("try")}`));
    const failing = tool({ name: "try", description: "d", parameters: z.object({ item: z.string() }), execute });
    const build = () => {
      const llm = new ScriptedLlm([doing("bare", "x", "x"), doing("try", "y", "y"), doing("buy", "tea", "b")]);
      const tools = [deed("bare", effects), ...wrapTools([failing, deed("buy", effects)], leash)];
      return { llm, workflow: agent({ llm, tools }) };
    };
    const our = { leash, effects, build };
    const suspension = await suspended(our);
    await approveNext(leash);
    const { llm } = await resumed(our, suspension);
    expect(effects).toEqual(["bare x", "try", "buy tea"]);
    expect(shown(llm)).toEqual(["bare x: 1", expect.stringContaining("broken 2"), "buy tea: 3"]);
    expect(llm.results["y"]?.isError).toBe(true);
  });
});

describe("a response format", () => {
  it("is stated for each life of a run: the answer is of its form", async () => {
    const leash = await leashFor(ASK_ALL);
    const responseFormat = z.object({ bought: z.boolean() });
    const build = () => {
      const llm = new (class extends ScriptedLlm {
        override exec = async (asked: object) =>
          ({ object: { bought: "responseFormat" in asked && asked.responseFormat === responseFormat } }) as never;
      })(...ONE);
      return agent({ llm, tools: wrapTools([deed("buy", [])], leash) });
    };
    const suspension = kept(await runWorkflow(build(), { input: "go", responseFormat }));
    await approveNext(leash);
    const { result } = await resumeWorkflow(build(), suspension, { responseFormat });
    expect(result?.object).toEqual({ bought: true });
    expect((await resumeWorkflow(build(), suspension)).result?.object).toBeUndefined();
    const open = agent({ llm: new ScriptedLlm(), tools: [deed("look", [])] });
    expect((await runWorkflow(open, { input: "go" })).result?.object).toBeUndefined();
  });
});

describe("the memory of a resumed run", () => {
  it("holds the messages of the suspension, with the blocks of the workflow, whose own messages stay as they are", async () => {
    const leash = await leashFor(ASK_ALL);
    const effects: string[] = [];
    const build = () => {
      const llm = new ScriptedLlm(...ONE);
      const blocks = [staticBlock({ content: "Ann likes tea.", messageRole: "user" })];
      const memory = createMemory({ memoryBlocks: blocks, tokenLimit: 4_000 });
      return { llm, memory, workflow: agent({ llm, tools: wrapTools([deed("buy", effects)], leash), memory }) };
    };
    const history = [
      { role: "user", content: "Hello." },
      { role: "assistant", content: "Hello to you." },
    ] as const;
    const suspension = kept(await runWorkflow(build().workflow, { input: "go", chatHistory: history }));
    await approveNext(leash);
    const { llm, memory, workflow } = build();
    const { result } = await resumeWorkflow(workflow, suspension);
    const texts = llm.seen.map(({ content }) => content);
    expect(texts).toEqual([expect.anything(), "Ann likes tea.", "Hello.", "Hello to you.", "go", "", "buy tea: 1"]);
    expect((await result?.state?.memory.get())?.map(({ content }) => content)).toEqual([...texts.slice(2), "done"]);
    expect(await memory.get()).toEqual([]);
  });
});
