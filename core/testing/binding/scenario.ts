import type { Action } from "../../model/call.ts";
import type { Mode } from "../../model/effect.ts";
import type { ScriptedAnswer } from "../scripted-policy.ts";
import type { BindingFeature, BindingPause } from "./binding.ts";
import type { Stage } from "./stage.ts";

/** What the person who is asked does. */
export type Person = "yes" | "yes with proof" | "no" | "no with a note" | "edit" | "nobody";

/** What the tool `buy` does once it runs. */
export type Behaviour = "answers" | "throws" | "throws at first" | "returns an error" | "pauses once";

/** When the store stops taking commits. `answer lost`: one commit is written and its answer does not arrive. */
export type StoreFault = "none" | "down before the call" | "down while the tool runs" | "answer lost";

/** The world in which a scenario plays. */
export interface Setting {
  /** The policy's, by the turn that has begun last; the first one is 1. */
  readonly answer: (action: Action, turn: number) => ScriptedAnswer;
  readonly person: Person;
  readonly pause: BindingPause;
  readonly behaviour: Behaviour;
  readonly store: StoreFault;
  readonly mode: Mode;
  /** The tools that the parent passes on; undefined for an agent of its own. */
  readonly narrowedTo: readonly string[] | undefined;
}

/** How one call must end. `refused` is the gate's word; `nothing` is anything but a result. */
export type Expected = "result" | "refused" | "error" | "nothing" | "anything";

/** One thing that can happen, and how it must end through every adapter. */
export interface Scenario {
  readonly name: string;
  readonly needs: readonly BindingFeature[];
  readonly setting: Setting;
  /** What happens; the endings of the calls, in their order. */
  readonly story: (stage: Stage) => Promise<readonly Ending[]>;
  readonly ends: readonly Expected[];
  /** What each call's words begin with, in the order of the calls: where core alone is no measure, for it could forget them too. */
  readonly says?: readonly string[];
  /** How often tools run in all; a list where a host may decide. */
  readonly runs: number | readonly number[];
  /** No tool may ever see an input of which this is true. */
  readonly never?: (input: string) => boolean;
  /**
   * Whether decisions, digests and audit payloads must be those of core alone: byte for byte, the same in some order (calls run at
   * once), that but for repetitions (a host may resume all calls of a turn or only those that wait), or not (the host itself may
   * refuse or repeat calls).
   */
  readonly records: "same" | "same set" | "same but for repetitions" | "the host's own";
}

/** How a call ended for the model; `threw` where the host's loop threw instead. */
export interface Ending {
  readonly kind: "told" | "threw";
  readonly text: string;
}

export const SETTING: Setting = {
  answer: () => "allow",
  person: "nobody",
  pause: "hold",
  behaviour: "answers",
  store: "none",
  mode: "enforce",
  narrowedTo: undefined,
};

export const PAUSES: readonly BindingPause[] = ["hold", "defer", "suspend"];

/** Features that a way of waiting needs. */
export function needsOf(pause: BindingPause): readonly BindingFeature[] {
  return pause === "hold" ? [] : [pause];
}
