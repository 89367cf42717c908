import type { Action } from "../model/call.ts";
import type { JournalEntry } from "../model/journal.ts";
import { openRow, toBody, type Stored } from "../store/envelope.ts";
import type { Change, Store } from "../store/store.ts";

/** One row per (call key, digest as proposed): the same call with other bytes is another call. */
export function journalId(action: Pick<Action, "callKey" | "digest">): string {
  return `${action.callKey}.${action.digest}`;
}

export async function readEntry(store: Store, id: string): Promise<Stored<JournalEntry> | undefined> {
  const row = await store.get("journal", id);
  return row === undefined ? undefined : openRow<JournalEntry>(row);
}

export function writeEntry(id: string, entry: JournalEntry, expect: number): Change {
  return { kind: "journal", id, expect, body: toBody(entry), by: entry.approvalId };
}

/** The row of a call that nothing has happened to yet. */
export function freshEntry(proposed: Action, final: Action): JournalEntry {
  return {
    v: 1,
    state: "held",
    tenant: proposed.principal.tenant,
    callKey: proposed.callKey,
    digest: proposed.digest,
    finalDigest: final.digest,
    tool: final.tool,
    attempt: 0,
    requestedAt: proposed.requestedAt,
    approvalId: null,
    owner: null,
    startedAt: null,
    endedAt: null,
    proofKid: null,
    outputRef: null,
    failure: null,
  };
}
