import type { AgainChoice, Allowance } from "./allowance.ts";
import type { Approval, ApprovalGroup, Approver, ApprovalStatus } from "./approval.ts";
import type { ToolCall } from "./call.ts";
import type { Decision, Obligation } from "./decision.ts";
import type { Mode } from "./effect.ts";
import type { Json } from "./json.ts";
import type { ResultCodec } from "./journal.ts";
import type { KeySet } from "./keys.ts";
import type { Authorization, Permit } from "./permit.ts";
import type { Policy, PolicyIssue } from "./policy.ts";
import type { Principal } from "./principal.ts";
import type { Pause } from "./runtime.ts";
import type { ToolRegistration, ToolSpec } from "./tool.ts";

export interface AuthorizeOptions {
  /**
   * What to do while a person is asked. `hold` waits here (default). `suspend` throws `LeashPending` at once: the host stops, and
   * later proposes the very same call again (a call without a durable identity holds). `defer` throws it too: the agent goes on,
   * and collects the call by its ref or by making an equal one. A function is the framework's own pause.
   */
  readonly pause?: "hold" | "suspend" | "defer" | Pause;
  /** Told once when the call begins to hold for a person, to show that it does. What it throws is ignored. */
  readonly onHold?: (approval: Approval) => void;
  /** Aborts the wait, and the run if it has not started. */
  readonly signal?: AbortSignal;
  /** Adapter's name, for the log. */
  readonly adapter?: string;
  /** W3C trace id, for the log. */
  readonly traceId?: string;
}

export interface GuardOptions<T> extends AuthorizeOptions {
  /** How the result is recorded for a re-execution of the same call. Default: plain JSON; anything else is not recorded. */
  readonly codec?: ResultCodec<T>;
  /**
   * True for what a framework throws to pause from inside a run (a nested agent's interrupt): such a run has not failed and
   * is continued by running it again under the same grant. Default: nothing is.
   */
  readonly suspends?: (thrown: unknown) => boolean;
  /**
   * True: `run` looks at `permit.tool` and can run the tool that a policy put in the place of the proposed one. Default false:
   * such a call is refused.
   */
  readonly swap?: boolean;
}

/** A refusal as `guard` throws it: a `LeashError` with its code. */
export interface RefusalError extends Error {
  readonly code: string;
}

/** The same for a call that waits for a person: `LeashPending`. */
export interface PendingError extends RefusalError {
  readonly approvalId: string;
  /** Short name for people, such as `K7Q2`. */
  readonly ref: string;
  readonly tool: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** How an attempt at a call ended. An adapter chooses from it whether to return, to throw or to pause. */
export type Outcome<T> =
  /** `notice` is for the model: the policy changed the call before it ran, and how. */
  | { readonly kind: "result"; readonly result: T; readonly notice?: string }
  /** This gate refused: nothing ran, or (`LEASH_OUTCOME_UNKNOWN`) nothing more will. `text` is for the model. */
  | { readonly kind: "refused"; readonly text: string; readonly error: RefusalError }
  /** Under `pause: "suspend"` or `"defer"`: a person is asked. */
  | { readonly kind: "pending"; readonly text: string; readonly error: PendingError }
  /** The signal aborted before the run started. */
  | { readonly kind: "aborted"; readonly text: string; readonly error: RefusalError }
  /** What the tool itself threw, also where that is the refusal of a call of its own. */
  | { readonly kind: "failed"; readonly error: unknown };

/** What a handler of an obligation may know. */
export interface ObligationContext {
  readonly permit: Permit;
  /** A copy of the sealed input. */
  readonly input: Json;
  /** After the run: how it ended. Null before it. */
  readonly outcome: "done" | "failed" | "unknown" | null;
}

/**
 * Fulfils one obligation of a policy, before or after the run. What it throws before the run stops the call; after it, it is
 * recorded. A call that goes on after a pause, or is repeated after a crash, may ask for it again.
 */
export type ObligationHandler = (obligation: Obligation, context: ObligationContext) => unknown;

/** What runs: gets a fresh copy of the sealed input, and the permit. */
export type Run<T> = (input: Json, permit: Permit) => T | Promise<T>;

/** A deferred call as its own agent may see it. */
export interface Deferred {
  readonly ref: string;
  readonly tool: string;
  readonly status: ApprovalStatus;
  readonly expiresAt: number;
}

/** The narrow face that adapters and tools get. It decides and runs; it cannot approve. */
export interface Gate {
  /** As of now: a policy that is loaded later may turn observe into enforce, never back. */
  readonly mode: Mode;
  readonly principal: Principal;
  /**
   * Makes a tool known; a tool that is not registered is denied. Registering the same again is a no-op.
   * @throws {LeashError} `LEASH_CONFIG_INVALID` when the name is taken by a tool with another schema.
   */
  register(tool: ToolRegistration): ToolSpec;
  /** Asks the policy, runs nothing, waits for nobody. Never throws for a bad call: that is a `deny`. */
  decide(call: ToolCall): Promise<Decision>;
  /** Waits for leave to run. Throws what `guard` throws before the run. */
  authorize(call: ToolCall, options?: AuthorizeOptions): Promise<Authorization>;
  /**
   * Decides, waits where a person is asked, runs once, records the outcome, returns the result.
   *
   * Throws `LeashDenied` (`LEASH_DENIED`, `LEASH_EXPIRED`, `LEASH_TOOL_UNKNOWN`, `LEASH_INPUT_INVALID`, `LEASH_POLICY_CHANGED`),
   * `LeashPending` under `pause: "suspend"` or `"defer"`, `LEASH_ABORTED`, `LEASH_OUTCOME_UNKNOWN`, `LEASH_STORE_UNAVAILABLE`; or what `run` threw.
   */
  guard<T>(call: ToolCall, run: Run<T>, options?: GuardOptions<T>): Promise<T>;
  /**
   * `guard` as a value, for adapters. Throws only what a framework's own pause threw, and what is a mistake of the program.
   * @example const outcome = await gate.attempt(call, run, { adapter: "hello" });
   */
  attempt<T>(call: ToolCall, run: Run<T>, options?: GuardOptions<T>): Promise<Outcome<T>>;
  /**
   * What became of a call of this very principal that a person was asked about; undefined for an unknown ref.
   * With `settled`, waits until it is no longer pending (or the signal aborts).
   */
  deferred(
    ref: string,
    options?: { readonly settled?: boolean; readonly signal?: AbortSignal },
  ): Promise<Deferred | undefined>;
  /** Runs a deferred call once if a person said yes, returns its recorded result if it ran; else throws as `guard`. */
  collect<T>(ref: string, run: Run<T>, options?: GuardOptions<T>): Promise<T>;
  /** `collect` as a value; see `attempt`. */
  attemptDeferred<T>(ref: string, run: Run<T>, options?: GuardOptions<T>): Promise<Outcome<T>>;
}

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
   * @param call its action id; the digest where several calls share that.
   * @throws {LeashError} `LEASH_DENIED` when it has an outcome, still runs or is not there, `LEASH_STORE_UNAVAILABLE`.
   * @example await leash.journal({ id: "ann" }).settle(actionId, "not_done", { reason: "The bank has no such transfer." });
   */
  settle(call: string, outcome: SettledOutcome, options?: SettleOptions): Promise<UnsettledCall>;
}

/** What a narrowed leash may do at most. Whatever the parent refuses stays refused. */
export interface Narrowing {
  /** Only these tools. */
  readonly tools?: readonly string[];
  /** Name of the child agent; joins the parent's chain. */
  readonly agent?: string;
  /**
   * Decides beside what the parent decides by, and the strictest word counts: it can refuse, ask, compute, oblige and limit, and lift
   * nothing. Say `default: allow` in it, or it allows only what its own rules do. Its limits count this child's calls alone.
   */
  readonly policy?: Policy;
  /** False: the child reaches nobody who could answer, so a call that must ask a person is refused at once. Default true. */
  readonly asks?: boolean;
}

/** The result of checking the log. `firstBad` names the first line that does not hold. */
export interface LogReport {
  readonly ok: boolean;
  readonly streams: number;
  readonly records: number;
  readonly firstBad: { readonly stream: string; readonly seq: number; readonly problem: string } | null;
}

/** How a policy's files are watched. */
export interface PolicyWatch {
  /** How long all of its files must stay as they are before they are used. Milliseconds, default 300. */
  readonly settleMs?: number;
  /** How often to look at the files beside what the file system reports. Milliseconds, default 1,000. */
  readonly intervalMs?: number;
}

/** What became of a policy whose files changed. */
export type PolicyEvent =
  /** It decides from now on. */
  | { readonly kind: "loaded"; readonly digest: string }
  /** It was not loaded. What was in force stays so; `digest` names it. */
  | { readonly kind: "refused"; readonly digest: string; readonly issues: readonly PolicyIssue[] }
  /** Its file is gone: every call is denied until it is back. `digest` names the last one. */
  | { readonly kind: "missing"; readonly digest: string };

export interface PolicyReload {
  /** True when something else is in force than at the call. */
  readonly changed: boolean;
  /** The policy in force. */
  readonly digest: string;
}

/** The policy enforcement point that user code holds. */
export interface Leash extends Gate {
  /** The policy in force. */
  readonly policy: { readonly id: string; readonly digest: string };
  /**
   * Reads the policy's files again. One that was changed takes force when all files have stayed as they are for `settleMs`; a
   * policy given as text or compiled stays as it is. A running call goes on; a question that is open is decided again, by the
   * policy of then, when its answer is used.
   *
   * @throws {PolicyInvalid} `LEASH_POLICY_INVALID`: the last good policy stays in force. Also for one that takes a restart: that
   * goes from enforce to observe, or asks a person where nobody can be reached. Where the file is gone, every call is denied
   * until it is back.
   * @throws {LeashError} `LEASH_STORE_UNAVAILABLE`: the change could not be recorded, and was not made.
   * @example process.on("SIGHUP", () => void leash.reload().catch((error) => console.error(error)));
   */
  reload(): Promise<PolicyReload>;
  /** The same leash for another principal. */
  as(principal: Partial<Principal>): Leash;
  /**
   * A leash for a child agent, whose authority is within this one's. What it asks is asked where this leash asks, and shows the way
   * from the first agent to the child.
   *
   * @throws {LeashError} `LEASH_CONFIG_INVALID` for a policy that needs what is not here, such as a handler for its obligations.
   * @example
   * const policy = await loadPolicy("leash: 1\ndefault: allow\nlimits: [{ id: few, action: search, window: 1h, max: 10 }]");
   * const child = leash.narrow({ agent: "researcher", tools: ["search"], policy });
   */
  narrow(limits: Narrowing): Leash;
  desk(approver: Approver): Desk;
  /** What has no known outcome, for a person to settle. */
  journal(person: Approver): Journal;
  /** Recomputes the whole hash chain from the stored bytes. */
  verifyLog(): Promise<LogReport>;
  /** The log's lines as JSONL, stream by stream. */
  exportLog(): AsyncIterable<string>;
  /** Public keys for whoever verifies proofs. */
  keySet(): KeySet;
  /**
   * Waits up to five seconds for running calls, then closes the store that this leash opened. A call that runs on after that
   * cannot record its outcome: it will be found unknown. Closing a leash made by `as` or `narrow` does nothing.
   */
  close(): Promise<void>;
}
