import type { JournalEntry, JournalState } from "../model/journal.ts";
import { openRow } from "../store/envelope.ts";
import type { Row, Store } from "../store/store.ts";
import type { Retention } from "../store/sweep.ts";

/** A no that is remembered no more answers no call. */
export const DENIAL_RETENTION: Retention = { kind: "denial" };

/** A standing yes that is over lets no call begin; one that began under it is continued under it. */
export const ALLOWANCE_RETENTION: Retention = { kind: "allowance", isNeeded: mayBeContinued };

/** Where a run may go on by the leave with which it began. */
const GOES_ON: ReadonlySet<JournalState> = new Set(["running", "suspended"]);

/** Rows read at a time. */
const PAGE = 1_000;

/** True while a run is under way, or paused, that began under this standing yes. */
async function mayBeContinued(store: Store, { id: by }: Row): Promise<boolean> {
  let after: string | undefined;
  for (;;) {
    const page = await store.list("journal", { by, limit: PAGE, ...(after === undefined ? {} : { after }) });
    if (page.some((row) => GOES_ON.has(openRow<JournalEntry>(row).value.state))) return true;
    after = page.at(-1)?.id;
    if (page.length < PAGE) return false;
  }
}
