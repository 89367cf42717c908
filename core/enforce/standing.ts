import type { Allowance } from "../model/allowance.ts";
import type { Approval } from "../model/approval.ts";
import type { Action } from "../model/call.ts";
import type { Decision, Obligation } from "../model/decision.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { Redaction } from "../model/redaction.ts";
import type { Stored } from "../store/envelope.ts";
import type { Change } from "../store/store.ts";
import type { IssuedProof } from "../tokens/proof.ts";
import type { Decided } from "./decide.ts";
import type { Proposal } from "./proposal.ts";

/** What leave to run stands on. Nothing else gives leave. */
export type Standing =
  /** The policy's word of just now: an allow gives leave. */
  | {
      readonly kind: "decided";
      readonly version: number;
      readonly entry: JournalEntry | undefined;
      readonly decided: Decided;
      /** A person's standing yes, of which this grant uses one; where the policy asks. */
      readonly allowance?: Stored<Allowance> | undefined;
    }
  /** A person's yes, used up by this grant. */
  | {
      readonly kind: "approved";
      readonly version: number;
      readonly entry: JournalEntry;
      readonly approval: Stored<Approval>;
    }
  /** Leave that was given before, with the approval behind it if a person was asked: the same run goes on. */
  | {
      readonly kind: "continued";
      readonly version: number;
      readonly entry: JournalEntry;
      readonly approval: Stored<Approval> | undefined;
      /** The standing yes that gave leave, where one did. */
      readonly allowance?: Stored<Allowance> | undefined;
    };

/** Leave to run, durable before it is handed out. */
export interface Grant {
  readonly proposal: Proposal;
  /** What runs: the proposed action after all transforms. */
  readonly action: Action;
  readonly decision: Decision;
  readonly entry: JournalEntry;
  readonly version: number;
  readonly proof: IssuedProof;
  readonly obligations: readonly Obligation[];
  /** What of the call is never written. */
  readonly redaction: Redaction;
  /** What its decision was made of, for the commit that ends the run. */
  readonly recording: () => readonly Change[];
  /** The term of the process's lease in which it was given. */
  readonly term: number;
  /** True where an earlier attempt was cut off and this one repeats it: what that one did, this one cannot know. */
  readonly repeats: boolean;
}
