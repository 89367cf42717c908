import type { Effect } from "./effect.ts";
import type { ReasonCode } from "./decision.ts";

/** How an answer changed, the most dangerous first. `form`: the same answer to another form of the call. */
export const FLIPS = [
  "deny_to_allow",
  "ask_to_allow",
  "allow_to_deny",
  "deny_to_ask",
  "step_up_to_approve",
  "approve_to_step_up",
  "allow_to_ask",
  "ask_to_deny",
  "form",
] as const;

export type Flip = (typeof FLIPS)[number];

/**
 * Why a call cannot be decided again: `redacted` (the decision depends on a value that was), `too_large`, `encrypted` (the key is
 * missing, or another one), `gone` (expired, or recorded by no leash), `not_sealed` (its input was no plain JSON, so there is none),
 * `no_policy` (the policy that decided is not archived, or of another engine), `unreadable` (the row is of another format).
 */
export type NotReplayable = "redacted" | "too_large" | "encrypted" | "gone" | "not_sealed" | "no_policy" | "unreadable";

/** An answer, for comparison. */
export interface Word {
  readonly effect: Effect;
  readonly rule: string | null;
  readonly reasonCode: ReasonCode;
  readonly policyDigest: string;
  /** Digest of the call after all transforms. */
  readonly digest: string;
}

/** What the log says of a call that was decided again. */
export interface ReplayedBase {
  /** `decision_id` in the log; null for a record of a version that gave none. */
  readonly decisionId: string | null;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly tenant: string;
  readonly agent: string;
  readonly tool: string;
}

/** A call that was decided again. */
export type ReplayedCall = ReplayedBase &
  (
    | { readonly result: "same"; readonly was: Word; readonly now: Word }
    | {
        readonly result: "differs";
        readonly was: Word;
        readonly now: Word;
        /** Null where the answer is the same for another reason. */
        readonly flip: Flip | null;
        /** The members of the decision that are not the same. */
        readonly members: readonly string[];
      }
    /** The new policy asks what nobody recorded: `missing` names it, by kind and key. What it answered without is in `now`. */
    | { readonly result: "unknown"; readonly was: Word; readonly now: Word; readonly missing: readonly string[] }
    | { readonly result: "not_replayable"; readonly why: NotReplayable }
    /** The recording is not what the log, or its own digest, says: somebody changed it. */
    | { readonly result: "tampered"; readonly problem: string }
  );

/** How often something came to something else than before. */
export interface FlipCount {
  /** A rule's id (of the new answer) or a tool's name. */
  readonly name: string;
  readonly flips: Readonly<Partial<Record<Flip, number>>>;
}

export interface ReplaySummary {
  /** Decisions that the log tells of, and of those the ones that were made again. */
  readonly decisions: number;
  readonly replayed: number;
  readonly same: number;
  readonly differs: number;
  readonly unknown: number;
  readonly tampered: number;
  readonly notReplayable: Readonly<Partial<Record<NotReplayable, number>>>;
  /** Every changed answer, the most dangerous kind first, then by time. */
  readonly flips: readonly (Extract<ReplayedCall, { readonly result: "differs" }> & { readonly flip: Flip })[];
  readonly flipsByKind: Readonly<Partial<Record<Flip, number>>>;
  readonly byRule: readonly FlipCount[];
  readonly byTool: readonly FlipCount[];
  /** Facts that were asked for and that nobody recorded, with the number of calls. */
  readonly missing: Readonly<Record<string, number>>;
}
