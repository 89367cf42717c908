import { afterEach, describe, expect, it } from "vitest";
import { createLeash } from "../leash.ts";
import type { Gate } from "../model/gate.ts";
import type { Leash } from "../model/leash.ts";
import { loadPolicy } from "../policies.ts";
import { memoryStore } from "../store/memory.ts";
import type { Store } from "../store/store.ts";
import { redrive } from "./redrive.ts";
import { readRun } from "./run.ts";

const opened: Leash[] = [];
afterEach(async () => {
  for (const leash of opened.splice(0)) await leash.close();
});

const RULES =
  "rules:\n  - { id: look, action: look, effect: allow }\n  - { id: buy, action: buy, when: input.amount < 100, effect: allow }\n" +
  "  - { id: ask, action: pay, effect: approve }\n";

/** A run of four calls: looked, bought, was denied one, and paid after a person said yes. */
async function recorded(): Promise<Store> {
  const store = memoryStore();
  const leash = await createLeash({ policy: { text: `leash: 1\n${RULES}` }, store, notify: [] });
  opened.push(leash);
  for (const id of ["look", "buy", "pay"]) leash.register({ id });
  const call = (tool: string, input: object, result: unknown) =>
    leash.attempt({ tool, input, session: "s1" }, () => result);
  await call("look", { at: "shop" }, { price: 50 });
  await call("buy", { amount: 50 }, { order: 1 });
  await call("buy", { amount: 500 }, { order: 2 });
  const paying = call("pay", { amount: 50 }, "paid");
  const desk = leash.desk({ id: "ann" });
  while ((await desk.pending()).length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  await desk.approve((await desk.pending())[0]?.id ?? "");
  await paying;
  await leash.attempt({ tool: "look", input: {}, session: "other" }, () => "ran");
  return store;
}

const policyOf = (rules: string) => loadPolicy(`leash: 1\n${rules}`);

const TOOLS = ["look", "buy", "pay"];

/** An agent that makes the recorded calls, and tells what it was given. */
function agentOf(given: unknown[], inputs: readonly (readonly [string, object])[]) {
  return async ({ gate }: { readonly gate: Gate }): Promise<void> => {
    for (const id of TOOLS) gate.register({ id });
    for (const [tool, input] of inputs) {
      const outcome = await gate.attempt({ tool, input }, () => expect.unreachable("a recorded tool ran"));
      given.push(outcome.kind === "result" ? outcome.result : outcome.kind === "refused" ? outcome.text : outcome);
    }
  };
}

const CALLS = [
  ["look", { at: "shop" }],
  ["buy", { amount: 50 }],
  ["buy", { amount: 500 }],
  ["pay", { amount: 50 }],
] as const;

describe("a recorded run", () => {
  it("is the calls of one session in their order, each with what its agent was given", async () => {
    const { calls, unreadable } = await readRun({ store: await recorded(), session: "s1" });
    expect(calls.map(({ answer, recording }) => [recording.action.tool, answer.kind])).toEqual([
      ["look", "result"],
      ["buy", "result"],
      ["buy", "refused"],
      ["pay", "result"],
    ]);
    expect(calls.map(({ answer }) => answer.kind === "result" && answer.output)).toEqual([
      { price: 50 },
      { order: 1 },
      false,
      "paid",
    ]);
    expect(unreadable).toBe(0);
  });

  it("goes to its end under the policy that decided it, and under one that asks nobody for the same calls", async () => {
    const store = await recorded();
    const run = await readRun({ store, session: "s1" });
    for (const rules of [RULES, RULES.replace("effect: approve", "effect: allow"), RULES.replace("100", "60")]) {
      expect(await redrive(run, { store, policy: await policyOf(rules) })).toEqual({
        matched: 4,
        divergence: null,
        unreachable: [],
      });
    }
  });

  it("stops at the first call of which the model would have been given something else, and names what comes after", async () => {
    const store = await recorded();
    const run = await readRun({ store, session: "s1" });
    const at = async (rules: string) => {
      const { divergence, matched, unreachable } = await redrive(run, { store, policy: await policyOf(rules) });
      return [matched, divergence?.why, divergence?.tool, divergence?.now?.effect, unreachable.length];
    };
    expect(await at(RULES.replace("100", "40"))).toEqual([1, "decision", "buy", "deny", 2]);
    expect(await at(RULES.replace("100", "1000"))).toEqual([2, "decision", "buy", "allow", 1]);
    expect(await at(RULES.replace("look, effect: allow", "look, effect: approve"))).toEqual([
      0,
      "decision",
      "look",
      "approve",
      3,
    ]);
    expect(await at(RULES.replace("approve", "step_up"))).toEqual([3, "decision", "pay", "step_up", 0]);
    const guarded = `${RULES}tools: { look: { allowed_paths: ["/x/**"], decision: allow } }\n`;
    expect((await at(guarded)).slice(0, 3)).toEqual([0, "unknown", "look"]);
  });

  it("gives an agent what was recorded, runs none of its tools, and follows it to the end", async () => {
    const store = await recorded();
    const run = await readRun({ store, session: "s1" });
    const given: unknown[] = [];
    const found = await redrive(run, { store, policy: await policyOf(RULES), agent: agentOf(given, CALLS) });
    expect(found).toEqual({ matched: 4, divergence: null, unreachable: [] });
    expect(given).toEqual([
      { price: 50 },
      { order: 1 },
      "Denied by policy. Do not retry this call with the same arguments.",
      "paid",
    ]);
  });

  it("cuts an agent off where it is given something else, makes another call, or ends too soon", async () => {
    const store = await recorded();
    const run = await readRun({ store, session: "s1" });
    const drive = async (rules: string, calls: readonly (readonly [string, object])[]) => {
      const policy = await policyOf(rules);
      const given: unknown[] = [];
      const { divergence, matched, unreachable } = await redrive(run, { store, policy, agent: agentOf(given, calls) });
      return [matched, given.length, divergence?.why, unreachable.length];
    };
    expect(await drive(RULES.replace("100", "40"), CALLS)).toEqual([1, 1, "decision", 2]);
    expect(await drive(RULES, [CALLS[0], ["buy", { amount: 51 }]])).toEqual([1, 1, "proposal", 3]);
    expect(await drive(RULES, CALLS.slice(0, 2))).toEqual([2, 2, "no_proposal", 1]);
  });

  it("gives nothing any more to an agent that goes on after a divergence", async () => {
    const store = await recorded();
    const run = await readRun({ store, session: "s1" });
    const given: unknown[] = [];
    const { matched } = await redrive(run, {
      store,
      policy: await policyOf(RULES.replace("100", "40")),
      async agent({ gate, signal }) {
        for (const each of [...CALLS.slice(0, 2), CALLS[3]]) {
          await agentOf(given, [each])({ gate }).catch(() => undefined);
        }
        expect(signal.aborted).toBe(true);
      },
    });
    expect([matched, given.length]).toEqual([1, 1]);
  });

  it("throws what the agent throws by itself", async () => {
    const store = await recorded();
    const run = await readRun({ store, session: "s1" });
    const agent = (): never => {
      throw new Error("no model");
    };
    await expect(redrive(run, { store, policy: await policyOf(RULES), agent })).rejects.toThrow("no model");
  });
});
