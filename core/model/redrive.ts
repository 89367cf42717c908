import type { Json } from "./json.ts";
import type { DecisionRecording } from "./recording.ts";
import type { NotReplayable, Word } from "./replay.ts";

/** What the model was given in answer to a call. */
export type RecordedAnswer =
  /** `output` is absent where the tool gave `undefined`. */
  | { readonly kind: "result"; readonly output?: Json }
  | { readonly kind: "refused"; readonly error: Error; readonly text: string }
  | { readonly kind: "failed"; readonly name: string }
  /** It waits, its outcome is unknown, or what it gave was not kept. */
  | { readonly kind: "not_recorded"; readonly why: string };

/** One call of a run, with what came of it. */
export interface RecordedCall {
  readonly decisionId: string;
  readonly recording: DecisionRecording;
  readonly answer: RecordedAnswer;
}

/** The calls of one session, in order. */
export interface RecordedRun {
  readonly session: string;
  readonly calls: readonly RecordedCall[];
  /** Decisions of the session whose recording cannot be read. */
  readonly unreadable: number;
}

/**
 * Where a run takes another way: `decision` (the policy's word changes what the model is given), `proposal` (the agent makes a call
 * that is not in the run), `no_proposal` (it ends without making one that is), `unknown` (the policy asks what nobody recorded),
 * `not_recorded` (what the call gave is not known), `not_replayable` (it cannot be decided again).
 */
export interface Divergence {
  readonly why: "decision" | "proposal" | "no_proposal" | "unknown" | "not_recorded" | "not_replayable";
  readonly tool: string;
  /** Null for a call that is not in the run. */
  readonly decisionId: string | null;
  readonly was: Word | null;
  readonly now: Word | null;
  /** For people: facts that are missing, why it cannot be decided, what is not recorded. */
  readonly detail: string | null;
  readonly reason?: NotReplayable;
}

/** What came of a run under another policy. */
export interface Redriven {
  /** Calls of which the model would have been given the same. */
  readonly matched: number;
  /** Null where the whole run goes as it went. */
  readonly divergence: Divergence | null;
  /** Calls that come after the first divergence: nobody knows whether they would have been made. */
  readonly unreachable: readonly RecordedCall[];
}
