import { viewedRecord } from "../audit/answers.ts";
import type { Approver } from "../model/approval.ts";
import type { Store } from "../store/store.ts";
import { type DeskParts, findApproval, presented } from "./answer.ts";

/** What was written by this process, the oldest first; desks come and go, the store of a leash stays. */
const written = new WeakMap<Store, Set<string>>();

/** Views that are remembered of a store: one that is forgotten may be written again. */
const MOST_REMEMBERED = 10_000;

/** Writes that the approver was shown the card, once in this process. Never rejects. */
export async function viewed(parts: DeskParts, approver: Approver, idOrRef: string): Promise<void> {
  const { store, stream } = parts;
  try {
    const { value } = await findApproval(parts, idOrRef);
    const name = JSON.stringify([value.id, approver.id]);
    const views = viewsOf(store);
    if (views.has(name)) return;
    const [oldest] = views;
    if (views.size >= MOST_REMEMBERED && oldest !== undefined) views.delete(oldest);
    views.add(name);
    try {
      await store.commit([], { stream, records: [viewedRecord(value, approver.id, presented(approver))] });
    } catch {
      views.delete(name);
    }
  } catch {
    // The person looks at the card by now, and answers it whatever the log takes.
  }
}

function viewsOf(store: Store): Set<string> {
  const views = written.get(store) ?? new Set();
  written.set(store, views);
  return views;
}
