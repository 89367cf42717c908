import { AsyncLocalStorage } from "node:async_hooks";
import { tool } from "@llamaindex/core/tools";
import { agent } from "@llamaindex/workflow";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import type { SuspendableRun } from "./run-context.ts";
import { ALLOW_ALL, approveNext, ASK_ALL, leashFor, nextPending } from "./leash.fixture.ts";
import { call, ScriptedLlm } from "./scripted-llm.fixture.ts";
import { leashTool } from "./wrap.ts";

const runs = new AsyncLocalStorage<SuspendableRun>();
vi.mock("./run-context.ts", () => ({ currentRun: () => runs.getStore() }));

const item = z.object({ item: z.string() });

function shop(name = "buy") {
  const sold: string[] = [];
  const execute = (input: z.infer<typeof item>) => `sold ${sold.push(input.item)}`;
  return { sold, buy: tool({ name, description: "d", parameters: item, execute }) };
}

/** Runs an agent as `runWorkflow` would, in one turn. `parked` gets the refs of what waits for a person. */
function runIn(parked: string[], work: () => Promise<unknown>): Promise<unknown> {
  const park = async ({ ref }: { readonly ref: string }): Promise<never> => {
    parked.push(ref);
    return new Promise(() => undefined);
  };
  return runs.run({ scope: () => "r#1", state: {}, park }, work);
}

const buying = (): ScriptedLlm => new ScriptedLlm([call("buy", { item: "tea" })]);

/** The gates before one tool, the one that asks a person among them. */
const LAYERS = {
  "one gate": ["asking"],
  "an asking gate before another": ["allowing", "asking"],
  "an asking gate behind another": ["asking", "allowing"],
} as const;

describe("within a run", () => {
  it.each(Object.entries(LAYERS))("I2: %s: the call parks, and made again it runs once", async (_what, order) => {
    const gates = { asking: await leashFor(ASK_ALL), allowing: await leashFor(ALLOW_ALL) };
    const { sold, buy } = shop();
    let wrapped = buy;
    for (const name of order) wrapped = leashTool(wrapped, gates[name]);
    const parked: string[] = [];
    const propose = (llm: ScriptedLlm) => runIn(parked, () => agent({ llm, tools: [wrapped] }).run("go"));
    void propose(buying());
    const { ref } = await nextPending(gates.asking);
    await vi.waitFor(() => expect(parked).toEqual([ref]));
    await approveNext(gates.asking);
    for (const llm of [buying(), buying()]) {
      await propose(llm);
      expect(llm.results["a"]?.text).toBe("sold 1");
    }
    expect(sold).toEqual(["tea"]);
  });

  it("I2: two gates over one store ask once each, and an answered one does not ask again", async () => {
    const leash = await leashFor(ASK_ALL);
    const { sold, buy } = shop();
    const both = leashTool(leashTool(buy, leash), leash.as({ agent: "another" }));
    const parked: string[] = [];
    const propose = (llm: ScriptedLlm) => runIn(parked, () => agent({ llm, tools: [both] }).run("go"));
    for (const asked of [1, 2]) {
      void propose(buying());
      await vi.waitFor(() => expect(parked).toHaveLength(asked));
      await approveNext(leash);
    }
    const llm = buying();
    await propose(llm);
    expect([llm.results["a"]?.text, sold, new Set(parked).size]).toEqual(["sold 1", ["tea"], 2]);
  });

  it("a call holds under pause hold, and without an id that would find it again", async () => {
    const leash = await leashFor(ASK_ALL);
    const { sold, buy } = shop();
    const parked: string[] = [];
    const holding = leashTool(buy, leash, { pause: "hold" });
    const held = runIn(parked, () => agent({ llm: buying(), tools: [holding] }).run("go"));
    await approveNext(leash);
    await held;
    const direct = runIn(parked, async () => leashTool(buy, leash).call({ item: "milk" }));
    await approveNext(leash);
    expect(await direct).toBe("sold 2");
    expect([parked, sold]).toEqual([[], ["tea", "milk"]]);
  });

  it("a deferred call is told to the model", async () => {
    const leash = await leashFor(ASK_ALL);
    const parked: string[] = [];
    const llm = buying();
    const tools = [leashTool(shop().buy, leash, { pause: "defer" })];
    await runIn(parked, () => agent({ llm, tools }).run("go"));
    expect(llm.results["a"]?.text).toMatch(/^Waiting for a person/u);
    expect(parked).toEqual([]);
  });

  it("a sub-agent at work in a tool holds: the tool has begun and could not be taken up again", async () => {
    const leash = await leashFor("default: allow\ntools: { buy: { decision: approve } }\n");
    const { sold, buy } = shop();
    const guarded = leashTool(buy, leash);
    const outer = tool({
      name: "outer",
      description: "d",
      parameters: z.object({}),
      execute: async () => (await agent({ llm: buying(), tools: [guarded] }).run("go")).data.result,
    });
    const parked: string[] = [];
    const llm = new ScriptedLlm([call("outer", {})]);
    const done = runIn(parked, () => agent({ llm, tools: [leashTool(outer, leash)] }).run("go"));
    await approveNext(leash);
    await done;
    expect([parked, sold, llm.results["a"]?.text]).toEqual([[], ["tea"], "done"]);
  });
});
