import type { BindingFeature } from "./binding.ts";
import { needsOf, PAUSES, SETTING, type Scenario, type Setting, type StoreFault } from "./scenario.ts";
import {
  abortedBefore,
  abortedWhileHeld,
  BUY_TEA,
  editedSuspension,
  forgedReplies,
  lateYes,
  malformedSuspensions,
  restartedAfterTheRun,
  restartedAndDenied,
  restartedWhileWaiting,
  resumedThrice,
  timedOut,
  triedAgain,
  turn,
  type Story,
} from "./stories.ts";

/** Aborts, retries, time, forgeries, repetitions, restarts and a store that fails. */
export function faultScenarios(): readonly Scenario[] {
  return [...aborts(), ...retries(), ...late(), ...suspensions(), ...storeFaults()];
}

const ASKING: Setting = { ...SETTING, answer: () => "approve" };

function aborts(): readonly Scenario[] {
  const aborted = (name: string, story: Story): Scenario => ({
    name,
    needs: ["abort"],
    setting: ASKING,
    story,
    ends: ["nothing"],
    runs: 0,
    records: "the host's own",
  });
  return [
    aborted("aborted before the call", abortedBefore),
    aborted("aborted while a person is asked", abortedWhileHeld),
    aborted("the host's time limit while a person is asked", timedOut),
    { ...aborted("aborted before an allowed call", abortedBefore), setting: SETTING },
  ];
}

function retries(): readonly Scenario[] {
  const again = (name: string, setting: Setting, rest: Partial<Scenario> = {}): Scenario => ({
    name: `tried again: ${name}`,
    needs: needsOf(setting.pause),
    setting,
    story: triedAgain,
    ends: ["refused", "refused"],
    runs: 0,
    records: "same",
    ...rest,
  });
  const failed = { ends: ["error", "result"], runs: 2 } as const;
  return [
    again("what is denied stays denied", { ...SETTING, answer: () => "deny" }),
    again("what failed is decided anew", { ...SETTING, behaviour: "throws at first" }, failed),
    ...PAUSES.flatMap((pause) => [
      again(
        `what a person denied runs no more than before (${pause})`,
        { ...ASKING, person: "no", pause },
        // A deferred no holds within a session, and what a session is the host says.
        pause === "defer" ? { records: "the host's own" } : {},
      ),
      again(
        `a yes that failed is used up (${pause})`,
        { ...ASKING, person: "yes", pause, behaviour: "throws at first" },
        failed,
      ),
    ]),
  ];
}

function late(): readonly Scenario[] {
  return PAUSES.map((pause) => ({
    name: `a yes after the time is up (${pause})`,
    needs: needsOf(pause),
    setting: { ...ASKING, answer: () => ({ effect: "approve", terms: { expiresInMs: 120 } }) as const, pause },
    story: lateYes,
    ends: ["refused"],
    runs: 0,
    records: "same",
  }));
}

function suspensions(): readonly Scenario[] {
  const needs: readonly BindingFeature[] = ["suspend"];
  const suspended = (name: string, story: Story, rest: Partial<Scenario> = {}): Scenario => ({
    name,
    needs,
    setting: { ...ASKING, pause: "suspend" },
    story,
    ends: ["result"],
    runs: 1,
    records: "same",
    ...rest,
  });
  return [
    suspended("replies that look like a yes", forgedReplies),
    suspended("a suspension that was edited", editedSuspension, { records: "the host's own" }),
    suspended("suspensions that are none", malformedSuspensions, { records: "the host's own" }),
    suspended("a suspension resumed at once by two, and again", resumedThrice),
    suspended("a restart while a person is asked", restartedWhileWaiting),
    suspended("a restart while a person is asked, who says no", restartedAndDenied, { ends: ["refused"], runs: 0 }),
    suspended("a restart after the run", restartedAfterTheRun),
  ];
}

function storeFaults(): readonly Scenario[] {
  const faulty = (name: string, store: StoreFault, rest: Partial<Scenario>): Scenario => ({
    name,
    needs: [],
    setting: { ...SETTING, store },
    story: turn(BUY_TEA),
    ends: ["refused"],
    runs: 0,
    records: "same",
    ...rest,
  });
  return [
    faulty("the store is down before the call", "down before the call", {}),
    faulty("the store is down before a question", "down before the call", {
      setting: { ...ASKING, store: "down before the call" },
    }),
    faulty("the store goes down while the tool runs", "down while the tool runs", { runs: 1 }),
    faulty("the answer of a commit is lost", "answer lost", { ends: ["anything"], runs: [0, 1], records: "same" }),
  ];
}
