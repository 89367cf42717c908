import type { ScriptedAnswer } from "../scripted-policy.ts";
import { needsOf, PAUSES, SETTING, type Scenario } from "./scenario.ts";
import { answeredAfterTheTurn, BUY_TEA, call, inTwoTurns, streamed, turn } from "./stories.ts";

/** Observe mode, agents below agents, calls at once and in turns, inner pauses, and answers that arrive in pieces. */
export function hostScenarios(): readonly Scenario[] {
  return [...observed(), ...agents(), ...together(), ...inTurns(), ...innerPauses(), ...repeatedIds(), ...streams()];
}

const one = (name: string, rest: Partial<Scenario>): Scenario => ({
  name,
  needs: [],
  setting: SETTING,
  story: turn(BUY_TEA),
  ends: ["result"],
  runs: 1,
  records: "same",
  ...rest,
});

function observed(): readonly Scenario[] {
  const answers: Readonly<Record<string, () => ScriptedAnswer>> = {
    allow: () => "allow",
    deny: () => "deny",
    approve: () => "approve",
    "step up": () => "step_up",
    "a computed form": () => ({ transform: { tool: "buy", input: { item: "tea", amount: 1 } } }),
    "an error of the policy": () => {
      throw new Error("evaluator bug");
    },
  };
  return Object.entries(answers).map(([name, answer]) =>
    one(`observe, ${name}`, {
      setting: { ...SETTING, answer, mode: "observe" },
      never: (input) => input.includes("amount=1"),
    }),
  );
}

function agents(): readonly Scenario[] {
  const nested = { story: turn(call("plan", { goal: "tea" })), runs: 2, ends: ["result"] } as const;
  return [
    one("a tool that the parent did not pass on", {
      setting: { ...SETTING, narrowedTo: ["rent"] },
      ends: ["refused"],
      runs: 0,
    }),
    one("a tool that the parent passed on", { setting: { ...SETTING, narrowedTo: ["buy"] } }),
    one("a sub-agent may do what was passed on, and no more", {
      ...nested,
      never: (input) => input.startsWith("rent"),
    }),
    one("a sub-agent's call asks a person", {
      ...nested,
      setting: { ...SETTING, answer: ({ tool }) => (tool === "buy" ? "approve" : "allow"), person: "yes" },
    }),
    one("a sub-agent whose call a person denies", {
      ...nested,
      setting: { ...SETTING, answer: ({ tool }) => (tool === "buy" ? "approve" : "allow"), person: "no" },
      runs: 1,
    }),
  ];
}

/** By amount: 1 is allowed, 5 is asked about, 666 is denied. */
function byAmount(text: string): ScriptedAnswer {
  if (text.includes('"amount":666')) return "deny";
  return text.includes('"amount":5') ? "approve" : "allow";
}

function together(): readonly Scenario[] {
  const [first, second, third] = [1, 666, 5].map((amount) => call("buy", { item: "tea", amount }, `call-${amount}`));
  const calls = [first, second, third].filter((proposed) => proposed !== undefined);
  return [
    ...PAUSES.flatMap((pause) =>
      (["yes", "no"] as const).map((person) =>
        one(`three calls at once, allowed, denied, asked about and ${person} (${pause})`, {
          needs: needsOf(pause),
          setting: { ...SETTING, answer: ({ text }) => byAmount(text), person, pause },
          story: turn(...calls),
          ends: ["result", "refused", person === "yes" ? "result" : "refused"],
          runs: person === "yes" ? 2 : 1,
          never: (input) => input.includes("666"),
          records: pause === "suspend" ? "same but for repetitions" : "same set",
        }),
      ),
    ),
    one("the same call twice in one turn is two calls", {
      story: turn(BUY_TEA, { ...BUY_TEA, id: "call-2" }),
      ends: ["result", "result"],
      runs: 2,
      records: "same set",
    }),
  ];
}

/** Each turn's call is a call of its own, which the policy is asked about anew. */
function inTurns(): readonly Scenario[] {
  const two = (name: string, first: ScriptedAnswer, second: ScriptedAnswer, rest: Partial<Scenario>): Scenario =>
    one(`in one turn and the next: ${name}`, {
      setting: { ...SETTING, answer: (_, begun) => (begun === 1 ? first : second) },
      story: inTwoTurns,
      ...rest,
    });
  return [
    two("allowed twice", "allow", "allow", { ends: ["result", "result"], runs: 2 }),
    two("denied, then allowed", "deny", "allow", { ends: ["refused", "result"] }),
    two("allowed, then denied", "allow", "deny", { ends: ["result", "refused"] }),
    one("a person who answers after the turn (defer)", {
      needs: ["defer"],
      setting: { ...SETTING, answer: () => "approve", pause: "defer" },
      story: answeredAfterTheTurn,
      ends: ["refused", "result"],
    }),
  ];
}

/** A tool that pauses its turn has not failed: it goes on under the leave it was given. */
function innerPauses(): readonly Scenario[] {
  const pausing = { ...SETTING, pause: "suspend", behaviour: "pauses once" } as const;
  const needs = ["suspend", "inner pause"] as const;
  return [
    one("an allowed tool that pauses the turn from inside", { needs, setting: pausing, runs: 2 }),
    one("an approved tool that pauses the turn from inside", {
      needs,
      setting: { ...pausing, answer: () => "approve", person: "yes" },
      runs: 2,
    }),
  ];
}

/** Providers number their calls badly. Whatever a host makes of it, nothing denied runs and nothing runs for two. */
function repeatedIds(): readonly Scenario[] {
  const rest = {
    needs: ["duplicate ids"],
    ends: ["anything", "anything"],
    runs: [0, 1, 2],
    never: (input: string) => input.includes("666"),
    records: "the host's own",
  } as const;
  const setting = { ...SETTING, answer: ({ text }: { readonly text: string }) => byAmount(text) };
  const denied = call("buy", { item: "tea", amount: 666 });
  const cheap = call("buy", { item: "tea", amount: 1 });
  return [
    one("two calls with one id, the second denied", { ...rest, setting, story: turn(cheap, denied) }),
    one("two calls with one id, the first denied", { ...rest, setting, story: turn(denied, cheap) }),
    one("one call twice under one id", { ...rest, setting, story: turn(cheap, cheap) }),
  ];
}

function streams(): readonly Scenario[] {
  const story = streamed(BUY_TEA);
  const stream = (name: string, rest: Partial<Scenario>): Scenario =>
    one(`in a stream: ${name}`, { needs: ["stream"], story, ...rest });
  return [
    stream("allow", {}),
    stream("deny", { setting: { ...SETTING, answer: () => "deny" }, ends: ["refused"], runs: 0 }),
    ...PAUSES.map((pause) =>
      stream(`approve and yes (${pause})`, {
        needs: ["stream", ...needsOf(pause)],
        setting: { ...SETTING, answer: () => "approve", person: "yes", pause },
      }),
    ),
  ];
}
