import { deniedByPolicy, refusalText } from "../enforce/refusals.ts";
import type { Decision } from "../model/decision.ts";
import type { Policy } from "../model/policy.ts";
import type { Divergence, RecordedCall } from "../model/redrive.ts";
import type { NotReplayable, Word } from "../model/replay.ts";
import { wordOf } from "../recording/recorder.ts";
import { judgesOf, type PolicyShelf } from "./archive.ts";
import { flipOf, wordIn } from "./compare.ts";
import { redecide } from "./redecide.ts";

/** What the policy makes of one call of a run; without a divergence its agent is given what it was given. */
export interface Step {
  readonly decision: Decision | undefined;
  readonly divergence: Divergence | undefined;
}

/** Decides a call of a run by another policy, and says whether its agent would be given something else. */
export async function stepWith(call: RecordedCall, shelf: PolicyShelf, policy: Policy): Promise<Step> {
  const { recording } = call;
  const was = wordIn(recording.decision);
  const differs = (difference: Pick<Divergence, "why"> & Partial<Divergence>): Divergence => ({
    tool: recording.action.tool,
    decisionId: call.decisionId,
    was,
    now: null,
    detail: null,
    ...difference,
  });
  const judges = await judgesOf(shelf, recording, policy);
  const again = judges === undefined ? undefined : await redecide(recording, judges);
  if (again === undefined || again.looked) {
    const reason: NotReplayable =
      judges === undefined ? "no_policy" : recording.tooLarge === undefined ? "redacted" : "too_large";
    return { decision: undefined, divergence: differs({ why: "not_replayable", reason, detail: reason }) };
  }
  const { decision, missing } = again;
  const now = wordIn(wordOf(decision, again.action, recording.redacted !== undefined));
  if (missing.length > 0) return { decision, divergence: differs({ why: "unknown", now, detail: missing.join(", ") }) };
  if (isOtherwise(call, was, now, decision)) return { decision, divergence: differs({ why: "decision", now }) };
  if (call.answer.kind === "not_recorded")
    return { decision, divergence: differs({ why: "not_recorded", now, detail: call.answer.why }) };
  return { decision, divergence: undefined };
}

/** True where the model would be given something else than it was. */
function isOtherwise({ answer, recording }: RecordedCall, was: Word, now: Word, decision: Decision): boolean {
  // What was only observed ran as it was proposed, whatever was said of it.
  if (recording.decision.mode === "observe") return now.effect !== "allow" || now.digest !== recording.action.digest;
  const flip = flipOf(was, now);
  if (now.effect === "deny")
    return !(answer.kind === "refused" && answer.text === refusalText(deniedByPolicy(decision)));
  if (flip === null) return false;
  // A person let it run, and now nobody, or one who proves less, need be asked: it runs all the same.
  const isEased = flip === "ask_to_allow" || flip === "step_up_to_approve";
  return !(isEased && answer.kind !== "refused" && was.digest === now.digest);
}
