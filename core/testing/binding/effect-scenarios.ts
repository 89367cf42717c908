import type { Action } from "../../model/call.ts";
import type { Decision } from "../../model/decision.ts";
import type { ScriptedAnswer } from "../scripted-policy.ts";
import type { BindingPause } from "./binding.ts";
import { needsOf, PAUSES, SETTING, type Behaviour, type Expected, type Person, type Scenario } from "./scenario.ts";
import { BUY_TEA, turn } from "./stories.ts";

/** What a policy can say, and what becomes of the call when nobody stands in its way. */
interface Answer {
  readonly name: string;
  readonly answer: (action: Action) => ScriptedAnswer;
  readonly comesTo: "runs" | "asks" | "asks for proof" | "refuses";
}

/** Five is computed down to one; anything less stays. */
function cheaper({ text }: Action): Pick<Decision, "transform"> {
  return { transform: text.includes('"amount":5') ? { tool: "buy", input: { item: "tea", amount: 1 } } : null };
}

const ANSWERS: readonly Answer[] = [
  { name: "allow", answer: () => "allow", comesTo: "runs" },
  { name: "allow a computed form", answer: cheaper, comesTo: "runs" },
  { name: "approve", answer: () => "approve", comesTo: "asks" },
  { name: "approve a computed form", answer: (action) => ({ ...cheaper(action), effect: "approve" }), comesTo: "asks" },
  { name: "step up", answer: () => "step_up", comesTo: "asks for proof" },
  { name: "deny", answer: () => "deny", comesTo: "refuses" },
  { name: "an effect that does not exist", answer: () => ({ effect: "permit" as "allow" }), comesTo: "refuses" },
  { name: "an error of the policy", answer: () => fail(), comesTo: "refuses" },
  {
    name: "an obligation nobody can fulfil",
    answer: () => ({ obligations: [{ type: "call-the-bank", at: "before", params: {} }] }),
    comesTo: "refuses",
  },
  { name: "another tool", answer: () => ({ transform: { tool: "rent", input: { item: "tea" } } }), comesTo: "refuses" },
];

function fail(): never {
  throw new Error("evaluator bug");
}

const PEOPLE: readonly Person[] = ["yes", "yes with proof", "no", "no with a note", "edit", "nobody"];
const BEHAVIOURS = ["answers", "throws", "returns an error"] as const satisfies readonly Behaviour[];

/** Effect × person × pause × what the tool does; what cannot differ is left out. */
export function effectScenarios(): readonly Scenario[] {
  return ANSWERS.flatMap((answer) =>
    peopleFor(answer).flatMap((person) =>
      PAUSES.flatMap((pause) =>
        behavioursFor(answer, person).map((behaviour) => effectScenario(answer, person, pause, behaviour)),
      ),
    ),
  );
}

function peopleFor({ comesTo }: Answer): readonly Person[] {
  return comesTo === "asks" || comesTo === "asks for proof" ? PEOPLE : ["nobody"];
}

function runs({ comesTo }: Answer, person: Person): boolean {
  if (comesTo === "runs") return true;
  if (comesTo === "asks") return person === "yes" || person === "yes with proof" || person === "edit";
  return comesTo === "asks for proof" && person === "yes with proof";
}

function behavioursFor(answer: Answer, person: Person): readonly (typeof BEHAVIOURS)[number][] {
  return runs(answer, person) ? BEHAVIOURS : ["answers"];
}

const ENDS: Readonly<Record<(typeof BEHAVIOURS)[number], Expected>> = {
  answers: "result",
  throws: "error",
  "returns an error": "result",
};

function effectScenario(
  answer: Answer,
  person: Person,
  pause: BindingPause,
  behaviour: (typeof BEHAVIOURS)[number],
): Scenario {
  const asks = answer.comesTo === "asks" || answer.comesTo === "asks for proof";
  const denies = person === "no" || person === "no with a note";
  // Whoever cannot say yes lets it expire, and nobody should wait for that longer than needed.
  const expires = asks && !denies && !runs(answer, person);
  const words = [answer.name, asks ? `and ${person}` : "", `(${pause})`, behaviour === "answers" ? "" : behaviour];
  return {
    name: words.filter((word) => word !== "").join(" "),
    needs: needsOf(pause),
    setting: {
      ...SETTING,
      answer: expires ? expiring(answer.answer, person) : answer.answer,
      person,
      pause,
      behaviour,
    },
    story: turn(BUY_TEA),
    ends: [runs(answer, person) ? ENDS[behaviour] : "refused"],
    runs: runs(answer, person) ? 1 : 0,
    records: "same",
  };
}

/** Time enough, also on a busy machine, for the people who answer in vain: their answers are in the log. */
function expiring(answer: Answer["answer"], person: Person): Answer["answer"] {
  const terms = { expiresInMs: person === "nobody" ? 120 : 400 };
  return (action) => {
    const given = answer(action);
    return { ...(typeof given === "string" ? { effect: given } : given), terms };
  };
}
