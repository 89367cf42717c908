import type { SettleOptions } from "./desk.ts";

/** A call that started and whose outcome nobody knows. */
export interface UnsettledCall {
  /** As in the log and the permit. */
  readonly actionId: string;
  readonly tool: string;
  /** Digest of what ran. */
  readonly digest: string;
  /** `unknown` was found so; `cut_off` started in a process that is gone, and nobody asked for it since. */
  readonly state: "unknown" | "cut_off";
  /** Epoch milliseconds, store clock. */
  readonly startedAt: number | null;
  readonly attempt: number;
  readonly approvalId: string | null;
}

/** What a person found out: the call had its effect, or surely had none. */
export type SettledOutcome = "done" | "not_done";

/** Where calls of unknown outcome are settled. Holding one means being able to let a call run again: keep it from agents. */
export interface Journal {
  /** The calls of this tenant without an outcome, oldest first. */
  unsettled(): Promise<readonly UnsettledCall[]>;
  /**
   * Writes what became of a call. After `done` it never runs again, and there is no result to hand out; after `not_done` it counts on
   * no limit, and the same call may be proposed, decided and asked about anew.
   *
   * @param call as `unsettled` gave it: then that very attempt is settled, or nothing. Or its action id, or the digest where several
   * calls have that id: then whatever attempt is unsettled under that name by now.
   * @throws {LeashError} `LEASH_DENIED` when it has an outcome, still runs or is not there, `LEASH_STORE_UNAVAILABLE`.
   * @example
   * const journal = leash.journal({ id: "ann" });
   * const [call] = await journal.unsettled();
   * if (call) await journal.settle(call, "not_done", { reason: "The bank has no such transfer." });
   */
  settle(call: UnsettledCall | string, outcome: SettledOutcome, options?: SettleOptions): Promise<UnsettledCall>;
}
