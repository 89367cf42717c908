import type { Approval, ApprovalStatus } from "./approval.ts";
import type { ToolCall } from "./call.ts";
import type { Decision, Obligation } from "./decision.ts";
import type { Mode } from "./effect.ts";
import type { ResultCodec } from "./journal.ts";
import type { Json } from "./json.ts";
import type { Authorization, Permit } from "./permit.ts";
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

export interface UnguardedOptions extends Pick<AuthorizeOptions, "adapter" | "traceId"> {
  /** True where the adapter keeps the tool from working. Default false. */
  readonly stopped?: boolean;
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
  /**
   * Writes to the log that a tool was started which no gate stands before (`unguarded`): for adapters that hear of such calls. It
   * approves and stops nothing. Never rejects: where it cannot be written, nothing is.
   * @param tool the framework's name for it; undefined where it tells none
   */
  reportUnguarded(tool: string | undefined, options?: UnguardedOptions): Promise<void>;
  /** Runs a deferred call once if a person said yes, returns its recorded result if it ran; else throws as `guard`. */
  collect<T>(ref: string, run: Run<T>, options?: GuardOptions<T>): Promise<T>;
  /** `collect` as a value; see `attempt`. */
  attemptDeferred<T>(ref: string, run: Run<T>, options?: GuardOptions<T>): Promise<Outcome<T>>;
}
