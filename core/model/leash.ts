import type { Approver } from "./approval.ts";
import type { Desk } from "./desk.ts";
import type { Gate } from "./gate.ts";
import type { KeySet } from "./keys.ts";
import type { AuditLog, Checkpoint, LogVerification } from "./log.ts";
import type { Policy, PolicyIssue } from "./policy.ts";
import type { Principal } from "./principal.ts";
import type { Receipts } from "./receipt.ts";
import type { Journal } from "./settling.ts";

/** What a narrowed leash may do at most. Whatever the parent refuses stays refused. */
export interface Narrowing {
  /** Only these tools. */
  readonly tools?: readonly string[];
  /** Name of the child agent; joins the parent's chain. */
  readonly agent?: string;
  /**
   * Decides beside what the parent decides by, and the strictest word counts: it can refuse, ask, compute, oblige and limit, and lift
   * nothing. Say `default: allow` in it, or it allows only what its own rules do. Its limits count the calls of this child and of its
   * own children alone, over all processes in which the same agent is given the same policy; what several children share belongs
   * into the parent's policy.
   */
  readonly policy?: Policy;
  /** False: the child reaches nobody who could answer, so a call that must ask a person is refused at once. Default true. */
  readonly asks?: boolean;
}

/** A narrowing in force. */
export interface Narrowed extends Narrowing {
  /** Stands before the names of its policy's counters: they are no other policy's, and no other child's. */
  readonly space: string;
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
  /** Recomputes hash chains, tree and checkpoints from the stored bytes: `log.verify()`. */
  verifyLog(): Promise<LogVerification>;
  /** The log's lines as JSONL, stream by stream. */
  exportLog(): AsyncIterable<string>;
  /** What can be asked of the log: proofs, checkpoints, filters. */
  readonly log: AuditLog;
  /**
   * Signs what is in the log by now: `log.checkpoint()`. It is done every minute, and at close, by itself; what keeps the log from
   * being cut off or rewritten is a copy of the note where its writer cannot change it.
   */
  checkpoint(): Promise<Checkpoint | null>;
  /** What is signed of the runs of this tenant that ended. */
  readonly receipts: Receipts;
  /** Public keys for whoever verifies proofs. */
  keySet(): KeySet;
  /**
   * Waits up to five seconds for running calls, then closes the store that this leash opened. A call that runs on after that
   * cannot record its outcome: it will be found unknown. Closing a leash made by `as` or `narrow` does nothing.
   */
  close(): Promise<void>;
}
