import type { AgainChoice, Allowance } from "./allowance.ts";
import type { Approval, ApprovalGroup, Approver } from "./approval.ts";
import type { Json } from "./json.ts";

export interface SettleOptions {
  /** Shown in the log; on a denial it is passed to the model as the person's note. */
  readonly reason?: string;
}

export interface ApproveOptions extends SettleOptions {
  /**
   * Permits calls like this one, too, as far as the policy lets an approver (`approval.terms.again`): `true` for all of that, or less of
   * it. Default: this one call.
   */
  readonly again?: true | AgainChoice;
}

/** How a desk takes an answer: to one approval by its id or ref, or to a list of them. */
export interface Answering<Options extends SettleOptions = SettleOptions> {
  (idOrRef: string, options?: Options): Promise<Approval>;
  /** All or nothing, each with a signed answer of its own. A list that holds an approval under step-up is refused whole. */
  (list: readonly string[], options?: Options): Promise<readonly Approval[]>;
}

/** Where approvals are answered. Holding one means being able to approve: keep it from agents and tools. */
export interface Desk {
  readonly approver: Approver;
  /** Open approvals, oldest first. */
  pending(): Promise<readonly Approval[]>;
  /** The same, those that a person decides alike together. */
  groups(): Promise<readonly ApprovalGroup[]>;
  /**
   * One approval by its id, or an open one by its ref.
   * @throws {LeashError} `LEASH_CONFIG_INVALID` when it is unknown or the ref is ambiguous.
   */
  get(idOrRef: string): Promise<Approval>;
  /**
   * Writes to the log that this approver was shown the whole card (`approval.viewed`): for surfaces, once it is on the screen. Once for
   * each approver and approval in a process, however often it is shown. Never rejects, as what cannot be written keeps nobody from
   * answering: then, and for an approval that is not known, nothing is written.
   * @example await desk.viewed("K7Q2");
   */
  viewed(idOrRef: string): Promise<void>;
  /**
   * Says yes to exactly the bytes shown. Under a quorum it stays pending until enough people did. A late answer changes nothing.
   * @throws {LeashError} `LEASH_EXPIRED` when it is too late, `LEASH_DENIED` when it was settled before or the approver may not.
   */
  approve: Answering<ApproveOptions>;
  /** Says no: one is enough, whoever else said yes. */
  deny: Answering;
  /**
   * Takes a yes back that was not used yet. The call that waits is denied, with the reason as the person's note.
   * @throws {LeashError} `LEASH_DENIED` when it is not approved, or its run began; `LEASH_EXPIRED` when it lapsed before.
   * @example await desk.revoke("K7Q2", { reason: "wrong account" });
   */
  revoke(idOrRef: string, options?: SettleOptions): Promise<Approval>;
  /**
   * Asks about the same call with other input. The approval is cancelled and one for the edited bytes takes its place; on a yes to
   * that one the waiting call runs them, once. The yes must be another approver's, unless the policy says `edit: self`.
   *
   * @param input all of it, as in `approval.text`; the tool stays
   * @returns the new approval, pending
   * @throws {LeashError} `LEASH_INPUT_INVALID` when the input is not plain JSON within the limits or changes nothing, `LEASH_DENIED`
   * when the policy denies the edited call or the approval was settled before, `LEASH_EXPIRED` when it is too late.
   * @example const edited = await desk.edit("K7Q2", { to: "ann@example.com" }, { reason: "Only to Ann." });
   */
  edit(idOrRef: string, input: Json, options?: SettleOptions): Promise<Approval>;
  /** Every standing yes of this tenant that may still be used, oldest first. */
  allowances(): Promise<readonly Allowance[]>;
  /**
   * Takes a standing yes back. Calls that began under it go on.
   * @throws {LeashError} `LEASH_DENIED` when it is unknown, used up, over or taken back already.
   */
  revokeAllowance(id: string, options?: SettleOptions): Promise<Allowance>;
  /** Resolves when the approval is no longer pending (or the signal aborts, with its state then). */
  wait(idOrRef: string, options?: { readonly signal?: AbortSignal }): Promise<Approval>;
}
