import { createLeash, type Leash, type LeashOptions } from "@leashkit/core";
import { scriptedApprover, scriptedPolicy, type ScriptedAnswer, type ScriptedVerdict } from "@leashkit/core/testing";
import type { Binding, Ending } from "./bindings.ts";

/** One thing that can happen to a call, and how it must end. */
export interface Scenario {
  readonly name: string;
  readonly answer: () => ScriptedAnswer;
  readonly person?: ScriptedVerdict;
  readonly options?: Partial<LeashOptions>;
  /** What the tool does beside being counted. */
  readonly fails?: boolean;
  readonly ends: Ending["kind"];
  readonly runs: number;
}

const capped = { tool: "buy", input: { item: "tea", amount: 1 } };

export const SCENARIOS: readonly Scenario[] = [
  { name: "allow", answer: () => "allow", ends: "result", runs: 1 },
  { name: "deny", answer: () => "deny", ends: "refusal", runs: 0 },
  { name: "allow a computed form", answer: () => ({ transform: capped }), ends: "result", runs: 1 },
  { name: "a person says yes", answer: () => "approve", person: "approve", ends: "result", runs: 1 },
  { name: "a person says no", answer: () => "approve", person: "deny", ends: "refusal", runs: 0 },
  {
    name: "nobody answers",
    answer: () => ({ effect: "approve", terms: { expiresInMs: 20 } }),
    person: "ignore",
    ends: "refusal",
    runs: 0,
  },
  {
    name: "a yes where step-up is asked",
    answer: () => ({ effect: "step_up", terms: { expiresInMs: 50 } }),
    person: "approve",
    ends: "refusal",
    runs: 0,
  },
  {
    name: "an obligation nobody can fulfil",
    answer: () => ({ obligations: [{ type: "x", at: "before", params: {} }] }),
    ends: "refusal",
    runs: 0,
  },
  { name: "a policy that throws", answer: () => fail(), ends: "refusal", runs: 0 },
  { name: "the tool throws", answer: () => "allow", fails: true, ends: "error", runs: 1 },
  { name: "observe, deny", answer: () => "deny", options: { mode: "observe" }, ends: "result", runs: 1 },
];

function fail(): never {
  throw new Error("evaluator bug");
}

/** What one binding made of one scenario. */
export interface Outcome {
  readonly ending: Ending;
  readonly runs: number;
  readonly inputs: readonly string[];
  /** The log without what differs from run to run. */
  readonly payloads: readonly string[];
}

/** Plays a scenario through a binding on a leash of its own. */
export async function play(scenario: Scenario, binding: Binding): Promise<Outcome> {
  const leash: Leash = await createLeash({
    policy: scriptedPolicy(scenario.answer),
    store: "memory",
    // An answer that the desk refuses is a part of the story, not a failure of the surface.
    notify: async (approval) => {
      await Promise.allSettled([
        scriptedApprover(
          () => leash.desk({ id: "ann" }),
          () => scenario.person ?? "ignore",
        )(approval),
      ]);
    },
    ...scenario.options,
  });
  const inputs: string[] = [];
  const ending = await binding.call(leash, { item: "tea", amount: 5 }, async (input) => {
    inputs.push(JSON.stringify(input));
    if (scenario.fails === true) throw new Error("the shop is closed");
    return "bought";
  });
  const payloads: string[] = [];
  for await (const line of leash.exportLog()) payloads.push(payloadOf(line));
  await leash.close();
  return { ending, runs: inputs.length, inputs: inputs.map(sorted), payloads };
}

const ENVELOPE = new Set([
  "v",
  "stream",
  "seq",
  "ts",
  "action_id",
  "decision_id",
  "approval_id",
  "proof_kid",
  "proof_jti",
  "adapter",
  "trace_id",
  "prev",
  "hash",
]);

/** I13 speaks of the payload: ids, times, chain fields and the adapter's name are the envelope. */
function payloadOf(line: string): string {
  const members = Object.entries(JSON.parse(line) as Record<string, unknown>);
  return JSON.stringify(Object.fromEntries(members.filter(([name]) => !ENVELOPE.has(name))));
}

function sorted(text: string): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(JSON.parse(text) as object).sort(([a], [b]) => (a < b ? -1 : 1))),
  );
}
