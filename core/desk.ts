import type { Approver } from "./model/approval.ts";
import { thisOwner } from "./journal/owner.ts";
import { createPresence } from "./journal/presence.ts";
import { createJournal } from "./journal/settle.ts";
import { createKeyKeeper, type KeyKeeper } from "./key-keeper.ts";
import type { Desk } from "./model/desk.ts";
import type { AuditLog, LogVerification } from "./model/log.ts";
import type { Receipts } from "./model/receipt.ts";
import type { Journal } from "./model/settling.ts";
import { exportLog } from "./audit/export.ts";
import { createAuditLog } from "./audit/log.ts";
import { type LogEntry, type LogFilter, readLog } from "./audit/read-log.ts";
import { createDesk } from "./approvals/desk.ts";
import { createReceipts } from "./receipts/receipts.ts";
import { openState } from "./state.ts";
import { replay, type Replay, type ReplayOptions } from "./replay/replay.ts";
import type { Store } from "./store/store.ts";

/** A desk on the state folder of a leash that may run in another process. */
export interface OpenDesk {
  readonly desk: Desk;
  readonly journal: Journal;
  /** The keys of the folder. */
  readonly keys: KeyKeeper;
  readonly receipts: Receipts;
  /** What can be asked of the log. Its checkpoints are signed with the leash's own key. */
  readonly log: AuditLog;
  verifyLog(): Promise<LogVerification>;
  /** Decides the recorded calls of this tenant again: as `replay` over this store. */
  replay(options?: Omit<ReplayOptions, "store" | "tenant">): Replay;
  /** The log's lines as JSONL, stream by stream. */
  exportLog(): AsyncIterable<string>;
  /** The records that fit, as of the function of this name. */
  readLog(filter?: LogFilter): AsyncIterable<LogEntry>;
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
  /** Of the folder's key files, or `env:NAME` for the environment variable that holds it. Needed for answers and rotations. */
  readonly passphrase?: string | undefined;
}): Promise<OpenDesk> {
  const state = await openState({
    state: options.state,
    store: options.store ?? "sqlite",
    passphrase: options.passphrase,
  });
  const { tenant = "default" } = options;
  const presence = createPresence(state.store, thisOwner(state.instance));
  const log = createAuditLog(state);
  return {
    desk: createDesk({ ...state, tenant }, options.approver),
    journal: createJournal({ ...state, tenant, presence }, options.approver),
    keys: createKeyKeeper({ ...state, tenant }, options.approver),
    receipts: createReceipts(state, tenant),
    log,
    verifyLog: () => log.verify(),
    replay: (how = {}) => replay({ ...how, store: state.store, tenant }),
    exportLog: () => exportLog(state.store),
    readLog: (filter) => readLog(state.store, filter),
    close: async () => {
      if (state.owned) await state.store.close();
    },
  };
}
