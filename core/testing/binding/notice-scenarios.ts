import type { Action } from "../../model/call.ts";
import type { Decision } from "../../model/decision.ts";
import type { Json } from "../../model/json.ts";
import type { ScriptedAnswer } from "../scripted-policy.ts";
import { needsOf, PAUSES, SETTING, type Scenario, type Setting } from "./scenario.ts";
import { BUY_TEA, call, collectedTwice, restartedAfterTheRun, streamed, turn } from "./stories.ts";

/** A call ran in another form than the model proposed: the model is told, in front of the tool's own words. */
export function noticeScenarios(): readonly Scenario[] {
  return [...changed(), ...asked(), ...again(), ...unchanged()];
}

const one = (name: string, rest: Partial<Scenario>): Scenario => ({
  name: `told of a change: ${name}`,
  needs: [],
  setting: CHEAPER,
  story: turn(BUY_TEA),
  ends: ["result"],
  runs: 1,
  says: [CHEAPER_TOLD],
  records: "same",
  ...rest,
});

/** A call that spends five runs with `input` instead. */
const computed =
  (input: Json) =>
  ({ text }: Action): Pick<Decision, "transform"> => ({
    transform: text.includes('"amount":5') ? { tool: "buy", input } : null,
  });

const cheaper = computed({ item: "tea", amount: 1 });
const CHEAPER: Setting = { ...SETTING, answer: cheaper };
const CHEAPER_LINE = "This call was changed before it ran: amount is 1.";
const CHEAPER_TOLD = `${CHEAPER_LINE}\n\nbought amount=1 item=tea`;

function changed(): readonly Scenario[] {
  const cheap = call("buy", { item: "tea", amount: 2 }, "call-2");
  return [
    one("a member has another value", {}),
    one("members are gone, and new", {
      setting: { ...SETTING, answer: computed({ item: 'green "tea"', gift: true }) },
      says: [
        'This call was changed before it ran: amount was removed; item is "green \\"tea\\""; gift is true.\n\n' +
          'bought gift=true item=green "tea"',
      ],
    }),
    one("the tool returns an error", {
      setting: { ...CHEAPER, behaviour: "returns an error" },
      says: [`${CHEAPER_LINE}\n\nError: sold out`],
    }),
    one("one of two calls at once", {
      story: turn(BUY_TEA, cheap),
      ends: ["result", "result"],
      runs: 2,
      says: [CHEAPER_TOLD, "bought amount=2 item=tea"],
      records: "same set",
    }),
    one("in a stream", { needs: ["stream"], story: streamed(BUY_TEA) }),
    one("a sub-agent's call, which its own model is told of", {
      story: turn(call("plan", { goal: "tea" })),
      // The words pass two hosts, each of which may show them in its own way, and the result of `plan` is made of them.
      ends: ["anything"],
      runs: 2,
      says: [CHEAPER_LINE],
      records: "the host's own",
    }),
  ];
}

const EDITED_TOLD = "This call was changed before it ran: amount is 3.\n\nbought amount=3 item=tea";
const EDITING: Setting = { ...SETTING, answer: () => "approve", person: "edit" };

/** What a person's edit changed is told like what a policy changed: both against the call that the model made. */
function asked(): readonly Scenario[] {
  return [
    ...PAUSES.map((pause) =>
      one(`a person edits the call (${pause})`, {
        needs: needsOf(pause),
        setting: { ...EDITING, pause },
        says: [EDITED_TOLD],
      }),
    ),
    one("a person edits what the policy computed", { setting: { ...EDITING, answer: asking }, says: [EDITED_TOLD] }),
  ];
}

function asking(action: Action): ScriptedAnswer {
  return { ...cheaper(action), effect: "approve" };
}

/** A recorded result does not hold the notice, and is told with it. */
function again(): readonly Scenario[] {
  return [
    one("the result is handed out again after a restart", {
      needs: ["suspend"],
      setting: { ...SETTING, answer: asking, pause: "suspend" },
      story: restartedAfterTheRun,
    }),
    one("a deferred result is collected twice", {
      needs: ["defer"],
      setting: { ...EDITING, pause: "defer" },
      story: collectedTwice,
      ends: ["result", "result"],
      says: [EDITED_TOLD, EDITED_TOLD],
    }),
  ];
}

function unchanged(): readonly Scenario[] {
  return [
    one("not of a default that the schema filled in", {
      setting: SETTING,
      story: turn(call("rent", { item: "boat" })),
      says: ["rented days=2 item=boat"],
    }),
    one("not in observe mode, where the call runs as it was", {
      setting: { ...CHEAPER, mode: "observe" },
      says: ["bought amount=5 item=tea"],
    }),
  ];
}
