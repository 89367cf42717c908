import type { CallIdentity, CallLabels } from "./call.ts";
import type { Decision, ReasonCode } from "./decision.ts";
import type { Effect } from "./effect.ts";
import type { Json } from "./json.ts";
import type { FailureEffect } from "./journal.ts";
import type { Principal } from "./principal.ts";
import type { ToolSpec } from "./tool.ts";

/** A call as it was proposed. */
export interface RecordedAction {
  readonly tool: string;
  /** RFC 8785 text of the input, what is redacted replaced; absent where it was too large to keep. */
  readonly text?: string;
  /** Of the input as it was, before anything was redacted. */
  readonly digest: string;
  readonly inputDigest: string;
  readonly principal: Principal;
  readonly session: string | null;
  readonly identity: CallIdentity;
  readonly callKey: string;
  readonly actionId: string;
  readonly labels?: CallLabels;
  readonly schemaDigest: string | null;
  readonly requestedAt: number;
}

/** What a decision may know of a tool. */
export type RecordedTool = Omit<ToolSpec, "encode" | "decode">;

/** Everything that the decision was made of beside policy and call. */
export interface RecordedFacts {
  /** Epoch milliseconds, store clock. */
  readonly now: number;
  /** Whom the host said the call deals with, one for each form of the call that was decided. Absent where that is redacted. */
  readonly counterparties?: readonly (string | null)[];
  /**
   * By kind and key; a counter's name begins with the milliseconds of its window (`f`: a fixed one), and a narrowed child's goes on
   * with the child's `space`. Null: it could not be had.
   */
  readonly probes: Readonly<Record<string, Json>>;
  /** The registered tools that were looked at, by name. */
  readonly tools: Readonly<Record<string, RecordedTool>>;
  /** Types of obligations for which there were handlers. Absent: none. */
  readonly handlers?: readonly string[];
}

/** What a parent passed on to a child: its policy by digest, with what its counters' names begin with. */
export interface RecordedNarrowing {
  readonly tools?: readonly string[];
  readonly asks?: boolean;
  readonly policy?: string;
  readonly space?: string;
}

/** The policy's word, without what is only for people. */
export interface RecordedDecision extends Omit<Decision, "v" | "reason" | "because" | "transform"> {
  /** Digest of the call after all transforms, and the tool that would run. */
  readonly digest: string;
  readonly tool: string;
}

/** One decision with all that it was made of, so that it can be made again. */
export interface DecisionRecording {
  readonly v: 1;
  readonly of: "decision";
  readonly action: RecordedAction;
  readonly facts: RecordedFacts;
  /** Digest of the policy in force. The decision may be the word of a stricter one that a parent added. */
  readonly policy: string;
  readonly narrowings?: readonly RecordedNarrowing[];
  readonly decision: RecordedDecision;
  /** What the gate answered where that is not the policy's word: a person's no that is remembered, a tool that cannot be run. */
  readonly answered?: { readonly effect: Effect; readonly reasonCode: ReasonCode };
  /** JSON pointers into the input whose values were redacted. Absent: none. */
  readonly redacted?: readonly string[];
  /** Bytes of what was too large to keep. Absent: all of it is here. */
  readonly tooLarge?: number;
}

/** How a run ended, and what it gave. */
export interface OutcomeRecording {
  readonly v: 1;
  readonly of: "outcome";
  readonly actionId: string;
  readonly callKey: string;
  /** Of the call as proposed, and of what ran. */
  readonly proposedDigest: string;
  readonly digest: string;
  readonly tool: string;
  readonly attemptId: string | null;
  readonly approvalId: string | null;
  readonly endedAt: number | null;
  readonly state: "done" | "failed" | "unknown";
  /** What the tool gave, as plain JSON; absent where it gave `undefined`, or where it could not be recorded. */
  readonly output?: Json;
  /** True where JSON cannot carry the output, so that it is not here. */
  readonly notRecorded?: true;
  /** True where not all of the output is here: keyed digests stand for what is redacted, or for all of it. */
  readonly redacted?: true;
  /** Bytes of an output that was too large to keep. */
  readonly tooLarge?: number;
  readonly failure?: { readonly kind: string; readonly effect: FailureEffect };
}

export type Recording = DecisionRecording | OutcomeRecording;
