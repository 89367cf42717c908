import { canonicalText } from "../canonical.ts";
import { sha256Hex } from "../digest.ts";
import { uuidv8 } from "../ids.ts";
import type { Action } from "../model/call.ts";
import type { JournalEntry } from "../model/journal.ts";
import { openRow, toBody, type Stored } from "../store/envelope.ts";
import type { Append, Change, Store } from "../store/store.ts";

/** One row per (call key, digest as proposed): the same call with other bytes is another call. */
export function journalId(action: Pick<Action, "callKey" | "digest">): string {
  return `${action.callKey}.${action.digest}`;
}

export async function readEntry(store: Store, id: string): Promise<Stored<JournalEntry> | undefined> {
  const row = await store.get("journal", id);
  return row === undefined ? undefined : openRow<JournalEntry>(row);
}

export function writeEntry(id: string, entry: JournalEntry, expect: number): Change {
  return { kind: "journal", id, expect, body: toBody(entry), by: entry.approvalId ?? entry.allowanceId ?? null };
}

/** The same for every attempt at one call. */
export function idempotencyKeyOf(id: string): string {
  return uuidv8(sha256Hex(`leashkit/idempotency/1\n${id}`));
}

/** The row of a call that nothing has happened to yet. */
export function freshEntry(
  proposed: { readonly action: Action; readonly proposedDigest: string },
  final: Action,
): JournalEntry {
  const { action, proposedDigest } = proposed;
  return {
    v: 1,
    state: "held",
    tenant: action.principal.tenant,
    callKey: action.callKey,
    digest: proposedDigest,
    finalDigest: final.digest,
    tool: final.tool,
    attempt: 0,
    attemptId: null,
    requestedAt: action.requestedAt,
    approvalId: null,
    owner: null,
    startedAt: null,
    endedAt: null,
    proofKid: null,
    outputRef: null,
    failure: null,
  };
}

/**
 * Writes a call's row with whatever belongs to the same moment. A store that fails may have written all the same (a lost
 * answer), so a failure is read back before it is believed. False: somebody else moved first.
 */
export async function commitEntry(
  store: Store,
  { id, entry, expect }: { readonly id: string; readonly entry: JournalEntry; readonly expect: number },
  changes: readonly Change[],
  append: Append,
): Promise<boolean> {
  try {
    return (await store.commit([writeEntry(id, entry, expect), ...changes], append)).ok;
  } catch (error) {
    const found = await readEntry(store, id).catch(() => undefined);
    if (found?.version === expect + 1 && canonicalText(found.value) === canonicalText(entry)) return true;
    throw error;
  }
}
