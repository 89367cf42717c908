import type { Approver } from "./model/approval.ts";
import { thisOwner } from "./journal/owner.ts";
import { createPresence } from "./journal/presence.ts";
import { createJournal } from "./journal/settle.ts";
import type { Desk } from "./model/desk.ts";
import type { LogReport } from "./model/leash.ts";
import type { Receipts } from "./model/receipt.ts";
import type { Journal } from "./model/settling.ts";
import { verifyLog } from "./audit/verify.ts";
import { createDesk } from "./approvals/desk.ts";
import { createReceipts } from "./receipts/receipts.ts";
import { openState } from "./state.ts";
import type { Store } from "./store/store.ts";

/** A desk on the state folder of a leash that may run in another process. */
export interface OpenDesk {
  readonly desk: Desk;
  readonly journal: Journal;
  readonly receipts: Receipts;
  verifyLog(): Promise<LogReport>;
  close(): Promise<void>;
}

/**
 * Opens the store of a leash that may run in another process, to answer what its agents wait for. Whoever may read the state folder
 * may approve: it is mode 0700 for that reason.
 * @throws {LeashError} `LEASH_STORE_UNAVAILABLE`, `LEASH_CONFIG_INVALID`.
 * @example const { desk, close } = await openDesk({ state: stateFolder("leash.yaml"), approver: { id: "ann" } });
 */
export async function openDesk(options: {
  /** The folder with the desk's keys. */
  readonly state: string;
  readonly approver: Approver;
  /** Default `default`. */
  readonly tenant?: string;
  /** One that several machines share; it stays open when the desk is closed. Default: the embedded store of the folder. */
  readonly store?: Store;
}): Promise<OpenDesk> {
  const state = await openState({ state: options.state, store: options.store ?? "sqlite" });
  const { tenant = "default" } = options;
  const presence = createPresence(state.store, thisOwner(state.instance));
  return {
    desk: createDesk({ ...state, tenant }, options.approver),
    journal: createJournal({ ...state, tenant, presence }, options.approver),
    receipts: createReceipts(state, tenant),
    verifyLog: () => verifyLog(state.store),
    close: async () => {
      if (state.owned) await state.store.close();
    },
  };
}
