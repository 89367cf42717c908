import { releasedRecords } from "../audit/released.ts";
import { commitEntry, readEntry } from "../journal/entries.ts";
import { release } from "../limits/readings.ts";
import type { Action } from "../model/call.ts";
import type { JournalEntry, Reservation } from "../model/journal.ts";
import type { Append, Change } from "../store/store.ts";
import type { Scope } from "./context.ts";
import { ledgerOf } from "./ledger.ts";

/**
 * Writes an outcome with what it gives back of limits, and the lines that say so. Many calls change one counter: a conflict there is no
 * news about this call, and is tried again. False: somebody else moved the call's row first.
 */
export async function commitWithRelease(
  scope: Scope,
  action: Pick<Action, "principal">,
  freed: readonly Reservation[],
  row: { readonly id: string; readonly entry: JournalEntry; readonly expect: number },
  changes: readonly Change[],
  append: Append,
): Promise<boolean> {
  const { store, turns } = scope.context;
  if (freed.length === 0) return commitEntry(store, row, changes, append);
  const { stream, records } = append;
  const turn = await turns.take(freed.map(({ counter }) => counter));
  try {
    for (let tries = 0; tries < MAX_RELEASES; tries += 1) {
      const released = await release(ledgerOf(scope, action), freed);
      const told = { stream, records: [...records, ...releasedRecords(records[0], released.given)] };
      if (await commitEntry(store, row, [...changes, ...released.changes], told)) return true;
      if ((await readEntry(store, row.id))?.version !== row.expect) return false;
    }
    return false;
  } finally {
    turn.end();
  }
}

const MAX_RELEASES = 1_000;
