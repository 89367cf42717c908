import { type RecordedResult, writeResult } from "../journal/results.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { Change } from "../store/store.ts";
import type { Scope } from "./context.ts";
import type { Grant } from "./standing.ts";

/** What a run gave, for the same call when it is asked again; and for whoever replays it, that and what the leave was made of. */
export function keptOf(
  { context: { recorder } }: Scope,
  grant: Grant,
  entry: JournalEntry,
  result: RecordedResult | undefined,
): readonly Change[] {
  const { action: proposed, journalId } = grant.proposal;
  const { action, recording, redaction } = grant;
  const recorded = [...recording(), ...recorder.outcome({ proposed, action, entry, output: result?.blob, redaction })];
  return result !== undefined && mayBeAskedAgain(grant) ? [writeResult(journalId, result), ...recorded] : recorded;
}

/** Nobody knows an ephemeral call whose row begins with its run: it can never be asked for again, and needs no keeping. */
function mayBeAskedAgain({ action, version }: Grant): boolean {
  return action.identity === "durable" || version > 1;
}

/** The same without what only a replay reads. */
export function withoutRecordings(kept: readonly Change[]): readonly Change[] {
  return kept.filter(({ kind }) => kind !== "recording");
}
