import { uuidv7 } from "../ids.ts";
import type { Sinks } from "../audit/sinks/sinks.ts";
import type { Probe, StatedCounterparty } from "../facts/gather.ts";
import type { Turns } from "../limits/turns.ts";
import type { Approval } from "../model/approval.ts";
import type { Mode } from "../model/effect.ts";
import type { Narrowed } from "../model/leash.ts";
import type { Policy } from "../model/policy.ts";
import type { Principal } from "../model/principal.ts";
import type { Random } from "../model/runtime.ts";
import type { Presence } from "../journal/presence.ts";
import type { ReceiptWriter } from "../receipts/writer.ts";
import type { PolicyArchive } from "../recording/archive.ts";
import type { Recorder } from "../recording/recorder.ts";
import type { Store } from "../store/store.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { KeyRing } from "../tokens/keys.ts";
import type { ToolRegistry } from "../tools.ts";
import type { ObligationHandlers } from "./obligations.ts";

/** The policy that decides, with the mode it decides in: one reference, swapped as a whole by a reload. */
export interface InForce {
  readonly policy: Policy;
  /** The stricter of option and document. */
  readonly mode: Mode;
}

/** The parts that one `createLeash` built and that all of its principals share. */
export interface Context {
  readonly store: Store;
  /** This process's stream of the log. */
  readonly stream: string;
  readonly registry: ToolRegistry;
  /** As of now; read it through `inForce(scope)`. */
  readonly inForce: InForce;
  readonly keys: KeyRing;
  readonly random: Random;
  readonly presence: Presence;
  /** Watches calls; undefined where nobody does. */
  readonly telemetry: Telemetry | undefined;
  /** Signs what ran; undefined where nobody wants it. */
  readonly receipts: Pick<ReceiptWriter, "add"> | undefined;
  /** Whose turn it is at the limits' counters. */
  readonly turns: Turns;
  /** The host's own word on whom a call deals with. */
  readonly counterparty: StatedCounterparty | undefined;
  /** Finds out what the policy must know. */
  readonly probe: Probe;
  readonly obligations: ObligationHandlers;
  /** Keeps the policies that parents add. */
  readonly archive: PolicyArchive;
  /** Keeps what decisions and outcomes were made of. */
  readonly recorder: Recorder;
  /**
   * Resolves when every required sink of the log has taken what was written so far, or the signal aborts; rejects with
   * `LEASH_STORE_UNAVAILABLE` when one does not. Undefined where none is required.
   */
  readonly accepted: Sinks["accepted"];
  /** Tells the surfaces that an approval waits. Never throws, never blocks. */
  announce(approval: Approval): void;
}

/** A context seen by one principal, within the limits its parents set. */
export interface Scope {
  readonly context: Context;
  readonly principal: Principal;
  readonly narrowings: readonly Narrowed[];
  /** What decides here, whatever is loaded meanwhile. Unset: what is in force at the moment of asking. */
  readonly pinned?: InForce;
}

/** What of a scope decides; a replay has no more. */
export interface DecidingScope extends Pick<Scope, "narrowings" | "pinned"> {
  readonly context: Pick<Context, "inForce" | "obligations"> & { readonly registry: Pick<ToolRegistry, "get"> };
}

/** The id of a decision that is about to be written. */
export function decisionId({ context }: Scope): string {
  return uuidv7(context.store.now(), context.random);
}

/** What decides in this scope. */
export function inForce({ context, pinned }: DecidingScope): InForce {
  return pinned ?? context.inForce;
}

/** The same scope, held to what is in force now: a decision of several rounds is wholly one policy's. */
export function pin(scope: Scope): Scope & { readonly pinned: InForce } {
  const { context, principal, narrowings } = scope;
  return { context, principal, narrowings, pinned: inForce(scope) };
}
