import { journalId } from "../journal/entries.ts";
import type { Action } from "../model/call.ts";

/** A call as it travels the path. */
export interface Proposal {
  /** What is decided: the call as proposed, or, for one taken up from its approval, as it was approved. */
  readonly action: Action;
  /** Digest of the call as it was first proposed; with the call key it names the journal row. */
  readonly proposedDigest: string;
  readonly journalId: string;
}

export function proposalOf(action: Action, proposedDigest: string): Proposal {
  return { action, proposedDigest, journalId: journalId({ callKey: action.callKey, digest: proposedDigest }) };
}
