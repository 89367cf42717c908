import { createAnnouncer, type Announcer } from "./approvals/announce.ts";
import { createDesk } from "./approvals/desk.ts";
import { ALLOWANCE_RETENTION, DENIAL_RETENTION } from "./approvals/retention.ts";
import type { Surface } from "./approvals/surface.ts";
import { type Checkpointer, keepCheckpointed } from "./audit/checkpointer.ts";
import { exportLog } from "./audit/export.ts";
import { createAuditLog } from "./audit/log.ts";
import { openSinks, type Sinks } from "./audit/sinks/sinks.ts";
import { rememberParent } from "./enforce/ancestry.ts";
import type { Context, Scope } from "./enforce/context.ts";
import { createGate } from "./enforce/gate.ts";
import { narrowed } from "./enforce/narrowed.ts";
import type { ObligationHandlers } from "./enforce/obligations.ts";
import { review } from "./enforce/review.ts";
import { refuseUnmet } from "./enforce/unmet.ts";
import { LeashError } from "./errors.ts";
import { type OwnPlaces, systemProbe } from "./facts/probes.ts";
import { thisOwner } from "./journal/owner.ts";
import { createPresence, LEASE_RETENTION } from "./journal/presence.ts";
import { createJournal } from "./journal/settle.ts";
import { COUNTER_RETENTION } from "./limits/rows.ts";
import { openTelemetry, type Telemetry } from "./telemetry/telemetry.ts";
import type { TelemetryOptions } from "./model/telemetry.ts";
import { createTurns } from "./limits/turns.ts";
import type { Approval, Approver } from "./model/approval.ts";
import type { Action } from "./model/call.ts";
import type { Mode } from "./model/effect.ts";
import type { Desk } from "./model/desk.ts";
import type { ObligationHandler } from "./model/gate.ts";
import type { Leash, PolicyEvent, PolicyWatch } from "./model/leash.ts";
import type { AuditLog, AuditOptions } from "./model/log.ts";
import type { Policy } from "./model/policy.ts";
import type { Principal } from "./model/principal.ts";
import type { Clock, Notifier, Random } from "./model/runtime.ts";
import { bindPolicy, type BoundPolicy, type PolicySource } from "./policies.ts";
import { completePrincipal } from "./principal.ts";
import { openState, type State, stateOf, stateRoot } from "./state.ts";
import { createReceipts } from "./receipts/receipts.ts";
import { createReceiptWriter, type ReceiptWriter } from "./receipts/writer.ts";
import { createPolicyArchive } from "./recording/archive.ts";
import { openRecorder } from "./recording/open.ts";
import type { RecordOptions } from "./recording/options.ts";
import { RECORDING_RETENTION } from "./recording/rows.ts";
import type { Store } from "./store/store.ts";
import { keepSwept, type Sweeper } from "./store/sweeper.ts";
import type { KeyRing } from "./tokens/keys.ts";
import { USED_RETENTION } from "./tokens/once.ts";
import { createToolRegistry } from "./tools.ts";

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

const NOBODY: Principal = { tenant: "default", subject: "default", agent: "agent", chain: [] };

/**
 * Builds a leash: decided here, with an embedded store and no server.
 *
 * @throws {LeashError} `LEASH_POLICY_INVALID` (nothing of a policy that cannot be read in full is used), `LEASH_NO_APPROVER` when
 * the policy can ask and nobody could answer, `LEASH_CONFIG_INVALID`, `LEASH_STORE_UNAVAILABLE`.
 * @example
 * const leash = await createLeash({ policy: "leash.yaml" });
 * const agent = createAgent({ model, tools: wrapTools(tools, leash) });
 */
export async function createLeash(options: LeashOptions): Promise<Leash> {
  const principal = completePrincipal(NOBODY, options.principal);
  const opened = await openState(options);
  let sinks: Sinks | undefined;
  try {
    sinks = openSinks(opened.store, opened.stream, options.audit);
    const state: State = { ...opened, store: sinks.store };
    const { tenant } = principal;
    const bound = await bind(options, state, tenant);
    const { policy, mode } = bound.inForce;
    refuseUnmet(policy, mode, handlersOf(options));
    const targets = surfacesOf(options, policy, mode, state.store);
    const announcer = createAnnouncer(targets, {
      ...state,
      tenant,
      openDesk: (approver) => deskOf(() => context, state, tenant, approver),
    });
    const receipts = options.receipts === false ? undefined : createReceiptWriter(state);
    const telemetry = await telemetryOf(options);
    const context = contextOf(options, state, bound, { announcer, receipts, sinks, telemetry });
    const log = createAuditLog(state);
    const checkpointer = keepCheckpointed(log, options.audit?.checkpointEveryMs);
    bound.watch();
    const sweeper = keepSwept(state.store, SWEPT);
    return assemble(context, principal, state, { announcer, bound, checkpointer, log, receipts, sinks, sweeper });
  } catch (error) {
    await sinks?.close();
    if (opened.owned) await opened.store.close();
    throw error;
  }
}

function bind(options: LeashOptions, { store, stream }: State, tenant: string): Promise<BoundPolicy> {
  const { mode, onPolicy, watch } = options;
  return bindPolicy(options.policy, {
    log: { store, stream, tenant },
    mode,
    watch,
    onPolicy,
    accept(policy, effective) {
      refuseUnmet(policy, effective, handlersOf(options));
      surfacesOf(options, policy, effective, store);
    },
  });
}

function handlersOf({ obligations = {} }: LeashOptions): ObligationHandlers {
  return new Map(Object.entries(obligations));
}

/** The state folder with its keys, and every other policy's beside it. */
function placesOf(options: LeashOptions): OwnPlaces {
  const folder = stateOf(options);
  return { folders: folder === undefined ? [stateRoot()] : [stateRoot(), folder], ports: [] };
}

function surfacesOf(
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

function telemetryOf({ record, telemetry = false }: LeashOptions): Promise<Telemetry> | undefined {
  const redact = typeof record === "object" ? record.redact : undefined;
  return telemetry === false ? undefined : openTelemetry(telemetry, redact);
}

function contextOf(
  options: LeashOptions,
  state: State,
  bound: BoundPolicy,
  {
    announcer,
    receipts,
    sinks,
    telemetry,
  }: Pick<Ending, "announcer" | "receipts" | "sinks"> & Pick<Context, "telemetry">,
): Context {
  return {
    store: state.store,
    stream: state.stream,
    registry: createToolRegistry(),
    get inForce() {
      return bound.inForce;
    },
    keys: state.keys,
    random: state.random,
    turns: createTurns(),
    presence: createPresence(state.store, thisOwner(state.instance)),
    telemetry,
    receipts,
    counterparty: options.counterparty,
    probe: systemProbe(placesOf(options)),
    obligations: handlersOf(options),
    archive: createPolicyArchive(state.store),
    recorder: openRecorder(options, stateOf(options), state.random),
    accepted: sinks.accepted,
    announce: (approval) => announcer.announce(approval),
  };
}

/** A desk that knows the policy. Surfaces get theirs before the context is complete. */
function deskOf(context: () => Context, state: State, tenant: string, approver: Approver): Desk {
  const announce = (approval: Approval): void => context().announce(approval);
  return createDesk(
    { ...state, tenant, announce, review: (asked, edited) => review(context(), asked, edited) },
    approver,
  );
}

// Long enough for what is about to end; a tool that hangs must not keep a program from ending.
const CLOSE_WAIT_MS = 5_000;

/** The rows that go when nobody needs them any more; everything else stays for good. */
const SWEPT = [
  DENIAL_RETENTION,
  ALLOWANCE_RETENTION,
  COUNTER_RETENTION,
  LEASE_RETENTION,
  USED_RETENTION,
  RECORDING_RETENTION,
];

/** The parts that end with the leash. */
interface Ending {
  readonly announcer: Announcer;
  readonly bound: BoundPolicy;
  readonly checkpointer: Checkpointer;
  readonly log: AuditLog;
  readonly receipts: ReceiptWriter | undefined;
  readonly sinks: Sinks;
  readonly sweeper: Sweeper;
}

function assemble(context: Context, principal: Principal, state: State, ending: Ending): Leash {
  const { announcer, bound, checkpointer, log, receipts, sinks, sweeper } = ending;
  const { store } = context;
  const root: Scope = { context, principal, narrowings: [] };
  const face = (scope: Scope): Leash => {
    const own: Leash = faceOf(scope, () => own);
    return own;
  };
  const faceOf = (scope: Scope, own: () => Leash): Leash => ({
    ...createGate(scope),
    get mode() {
      return context.inForce.mode;
    },
    get policy() {
      const { id, digest } = context.inForce.policy;
      return { id, digest };
    },
    reload: () => bound.reload(),
    as: (other) => face({ ...scope, principal: completePrincipal(scope.principal, other) }),
    narrow(limits) {
      const child = face(narrowed(scope, limits));
      rememberParent(child, own());
      return child;
    },
    desk: (approver: Approver): Desk => deskOf(() => context, state, scope.principal.tenant, approver),
    journal: (person) =>
      createJournal(
        { store, stream: state.stream, tenant: scope.principal.tenant, presence: context.presence },
        person,
      ),
    log,
    verifyLog: () => log.verify(),
    checkpoint: () => log.checkpoint(),
    exportLog: () => exportLog(store),
    keySet: () => context.keys.keySet(),
    receipts: createReceipts(state, scope.principal.tenant, receipts),
    async close() {
      // A leash for another principal, or a child's, shares the parts of the one it came from.
      if (scope !== root) return;
      announcer.close();
      await sweeper.stop();
      await bound.close();
      await context.presence.close(CLOSE_WAIT_MS);
      await receipts?.close();
      await checkpointer.stop();
      await sinks.close();
      if (state.owned) await store.close();
    },
  });
  return face(root);
}
