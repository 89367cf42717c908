import type { Surface } from "./approvals/surface.ts";
import type { ObligationHandlers } from "./enforce/obligations.ts";
import { LeashError } from "./errors.ts";
import type { OwnPlaces } from "./facts/probes.ts";
import type { Action } from "./model/call.ts";
import type { Mode } from "./model/effect.ts";
import type { ObligationHandler } from "./model/gate.ts";
import type { PolicyEvent, PolicyWatch } from "./model/leash.ts";
import type { AuditOptions } from "./model/log.ts";
import type { Policy } from "./model/policy.ts";
import type { Principal } from "./model/principal.ts";
import type { Clock, Notifier, Random } from "./model/runtime.ts";
import type { TelemetryOptions } from "./model/telemetry.ts";
import type { PolicySource } from "./policies.ts";
import type { RecordOptions } from "./recording/options.ts";
import { stateOf, stateRoot } from "./state.ts";
import type { Store } from "./store/store.ts";
import { openTelemetry, type Telemetry } from "./telemetry/telemetry.ts";
import type { KeyRing } from "./tokens/keys.ts";

/** How a leash is built. Everything but the policy has a default. */
export interface LeashOptions {
  /** Path of a policy file, its text, or a policy compiled by another engine. */
  readonly policy: PolicySource;
  /**
   * Watches the policy's file and every file that it extends, and loads what changed. Default false: the policy is read at the
   * start, and on `leash.reload()`.
   */
  readonly watch?: boolean | PolicyWatch;
  /** Told what became of a policy whose files changed. What it throws is ignored. Default, under `watch`: a process warning. */
  readonly onPolicy?: (event: PolicyEvent) => unknown;
  /** Default `sqlite`: embedded, durable, answered from other processes. `memory` forgets: for tests. */
  readonly store?: "memory" | "sqlite" | Store;
  /** The stricter of this and the document's mode holds. */
  readonly mode?: Mode;
  /** Default tenant `default`, subject `default`, agent `agent`. */
  readonly principal?: Partial<Principal>;
  /** What fulfils the obligations that the policy states, by type. A policy with a type that is not here does not start. */
  readonly obligations?: Readonly<Record<string, ObligationHandler>>;
  /** Whom a call deals with, where neither policy nor registry says where it stands in the input. Trust is the policy's alone. */
  readonly counterparty?: (action: Action) => string | undefined;
  /**
   * Who tells people of approvals. An empty list says: nobody, approvals are answered through `leash.desk` or another process.
   */
  readonly notify?: Notifier | Surface | readonly (Notifier | Surface)[];
  /** Where the log goes, and how often it is signed. */
  readonly audit?: AuditOptions;
  readonly keys?: KeyRing;
  /**
   * Keeps the key files of the state folder under a passphrase: the passphrase itself, or `env:NAME` for the environment variable
   * that holds it. Default: none, the files are protected by their mode alone.
   */
  readonly passphrase?: string;
  /**
   * Signs a receipt of every run that ended, shortly after it: see `leash.receipts`. Default true. False: only those that somebody
   * asks for are signed, when they ask.
   */
  readonly receipts?: boolean;
  /**
   * Spans and metrics of calls through `@opentelemetry/api`, for whatever SDK the program has registered. Default: none.
   * See `TelemetryOptions` for what is told and what never is.
   */
  readonly telemetry?: boolean | TelemetryOptions;
  /**
   * Keeps what each decision was made of, and what each run gave, in the commit that tells of it: what `replay` needs. Default: kept
   * for 30 days, up to 64 KiB each, not encrypted. False: nothing is kept, and nothing can be replayed.
   */
  readonly record?: false | RecordOptions;
  /** The state folder. Default: `stateFolder(policy)`. */
  readonly state?: string;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** Handlers by the type of obligation. */
export function handlersOf({ obligations = {} }: LeashOptions): ObligationHandlers {
  return new Map(Object.entries(obligations));
}

/** The state folder with its keys, and every other policy's beside it. */
export function placesOf(options: LeashOptions): OwnPlaces {
  const folder = stateOf(options);
  return { folders: folder === undefined ? [stateRoot()] : [stateRoot(), folder], ports: [] };
}

/**
 * Who tells people, as stated; undefined where what is there by default does.
 * @throws {LeashError} `LEASH_NO_APPROVER` where the policy can ask and nobody could answer.
 */
export function surfacesOf(
  { notify }: LeashOptions,
  policy: Policy,
  mode: Mode,
  store: Store,
): readonly (Notifier | Surface)[] | undefined {
  if (notify !== undefined)
    return Array.isArray(notify) ? (notify as readonly (Notifier | Surface)[]) : [notify as Notifier];
  if (policy.canAsk && mode === "enforce" && !store.shared) {
    throw new LeashError(
      "LEASH_NO_APPROVER",
      "The policy can ask a person, and nobody can be reached: the store is this process's own and `notify` is not set. " +
        "Pass `notify` (such as `terminal()`), or `notify: []` to answer through `leash.desk` in code.",
    );
  }
  return undefined;
}

/** Undefined where nothing is told. */
export function telemetryOf({ record, telemetry = false }: LeashOptions): Promise<Telemetry> | undefined {
  const redact = typeof record === "object" ? record.redact : undefined;
  return telemetry === false ? undefined : openTelemetry(telemetry, redact);
}
