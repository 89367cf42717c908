import type { Approver } from "./model/approval.ts";
import { thisOwner } from "./journal/owner.ts";
import { createPresence } from "./journal/presence.ts";
import { createJournal } from "./journal/settle.ts";
import type { Desk, Journal, LogReport } from "./model/leash.ts";
import { verifyLog } from "./audit/verify.ts";
import { createDesk } from "./approvals/desk.ts";
import { openState } from "./state.ts";

/** A desk on the state folder of a leash that may run in another process. */
export interface OpenDesk {
  readonly desk: Desk;
  readonly journal: Journal;
  verifyLog(): Promise<LogReport>;
  close(): Promise<void>;
}

/**
 * Opens the embedded store of a state folder to answer what agents of other processes wait for. Whoever may read the folder
 * may approve: it is mode 0700 for that reason.
 * @throws {LeashError} `LEASH_STORE_UNAVAILABLE`, `LEASH_CONFIG_INVALID`.
 * @example const { desk, close } = await openDesk({ state: stateFolder("leash.yaml"), approver: { id: "ann" } });
 */
export async function openDesk(options: {
  readonly state: string;
  readonly approver: Approver;
  /** Default `default`. */
  readonly tenant?: string;
}): Promise<OpenDesk> {
  const state = await openState({ state: options.state, store: "sqlite" });
  const { tenant = "default" } = options;
  const presence = createPresence(state.store, thisOwner(state.instance));
  return {
    desk: createDesk({ ...state, tenant }, options.approver),
    journal: createJournal({ ...state, tenant, presence }, options.approver),
    verifyLog: () => verifyLog(state.store),
    close: () => state.store.close(),
  };
}
