import { canonicalText } from "../canonical.ts";
import type { Effect } from "../model/effect.ts";
import type { Json } from "../model/json.ts";
import type { RecordedDecision } from "../model/recording.ts";
import type { Flip, Word } from "../model/replay.ts";

export function wordIn({ digest, effect, policyDigest, reasonCode, rule }: RecordedDecision): Word {
  return { effect, rule, reasonCode, policyDigest, digest };
}

/** The members in which two decisions are not the same, byte for byte. */
export function differences(was: RecordedDecision, now: RecordedDecision): readonly string[] {
  const [before, after] = [membersOf(was), membersOf(now)];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => before[name] !== after[name]).toSorted();
}

/** By name, each as its canonical text; what is undefined is not there, as in the store. */
function membersOf(decision: RecordedDecision): Readonly<Record<string, string>> {
  const entries = Object.entries(JSON.parse(JSON.stringify(decision)) as Readonly<Record<string, Json>>);
  return Object.fromEntries(entries.map(([name, value]) => [name, canonicalText(value)]));
}

const CHANGES: Readonly<Record<Effect, Readonly<Record<Effect, Flip | null>>>> = {
  deny: { deny: null, allow: "deny_to_allow", approve: "deny_to_ask", step_up: "deny_to_ask" },
  allow: { allow: null, deny: "allow_to_deny", approve: "allow_to_ask", step_up: "allow_to_ask" },
  approve: { approve: null, allow: "ask_to_allow", deny: "ask_to_deny", step_up: "approve_to_step_up" },
  step_up: { step_up: null, allow: "ask_to_allow", deny: "ask_to_deny", approve: "step_up_to_approve" },
};

/** How the answer changed; null where the same is done with the same call. */
export function flipOf(was: Word, now: Word): Flip | null {
  const flip = CHANGES[was.effect][now.effect];
  // What does not run has no form.
  if (flip !== null || now.effect === "deny") return flip;
  return was.digest === now.digest ? null : "form";
}
