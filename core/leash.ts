import { createAnnouncer, type Announcer } from "./approvals/announce.ts";
import { createDesk } from "./approvals/desk.ts";
import { ALLOWANCE_RETENTION, DENIAL_RETENTION } from "./approvals/retention.ts";
import type { Surface } from "./approvals/surface.ts";
import { exportLog } from "./audit/export.ts";
import { verifyLog } from "./audit/verify.ts";
import { rememberParent } from "./enforce/ancestry.ts";
import type { Context, Scope } from "./enforce/context.ts";
import { missingFor } from "./enforce/demands.ts";
import { createGate } from "./enforce/gate.ts";
import type { ObligationHandlers } from "./enforce/obligations.ts";
import { review } from "./enforce/review.ts";
import { LeashError } from "./errors.ts";
import { type OwnPlaces, systemProbe } from "./facts/probes.ts";
import { thisOwner } from "./journal/owner.ts";
import { createPresence, LEASE_RETENTION } from "./journal/presence.ts";
import { createJournal } from "./journal/settle.ts";
import { COUNTER_RETENTION } from "./limits/rows.ts";
import { createTurns } from "./limits/turns.ts";
import type { Approval, Approver } from "./model/approval.ts";
import type { Action } from "./model/call.ts";
import type { Mode } from "./model/effect.ts";
import type { Desk } from "./model/desk.ts";
import type { ObligationHandler } from "./model/gate.ts";
import type { Leash, Narrowing, PolicyEvent, PolicyWatch } from "./model/leash.ts";
import type { Policy } from "./model/policy.ts";
import type { Principal } from "./model/principal.ts";
import type { Clock, Notifier, Random } from "./model/runtime.ts";
import { bindPolicy, type BoundPolicy, type PolicySource } from "./policies.ts";
import { completePrincipal } from "./principal.ts";
import { openState, type State, stateOf, stateRoot } from "./state.ts";
import { createReceipts } from "./receipts/receipts.ts";
import { createReceiptWriter, type ReceiptWriter } from "./receipts/writer.ts";
import type { Store } from "./store/store.ts";
import { keepSwept, type Sweeper } from "./store/sweeper.ts";
import type { KeyRing } from "./tokens/keys.ts";
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
  /** With the memory store: the file that is its log, synced before anything runs. */
  readonly audit?: { readonly file: string };
  readonly keys?: KeyRing;
  /**
   * Signs a receipt of every run that ended, shortly after it: see `leash.receipts`. Default true. False: only those that somebody
   * asks for are signed, when they ask.
   */
  readonly receipts?: boolean;
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
  const state = await openState(options);
  try {
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
    const context = contextOf(options, state, bound, announcer, receipts);
    bound.watch();
    return assemble(context, principal, state, { announcer, bound, receipts, sweeper: keepSwept(state.store, SWEPT) });
  } catch (error) {
    if (state.owned) await state.store.close();
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

/** A policy that uses what is not here would deny, or forget, what its author counts on: it does not start. */
function refuseUnmet(policy: Policy, mode: Mode, handlers: ObligationHandlers): void {
  const missing = mode === "enforce" ? missingFor(policy, handlers) : undefined;
  if (missing === undefined) return;
  throw new LeashError("LEASH_CONFIG_INVALID", `The policy needs ${missing.what}, and there is none. ${missing.help}`);
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

function contextOf(
  options: LeashOptions,
  state: State,
  bound: BoundPolicy,
  announcer: Announcer,
  receipts: ReceiptWriter | undefined,
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
    receipts,
    counterparty: options.counterparty,
    probe: systemProbe(placesOf(options)),
    obligations: handlersOf(options),
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
const SWEPT = [DENIAL_RETENTION, ALLOWANCE_RETENTION, COUNTER_RETENTION, LEASE_RETENTION];

/** The parts that end with the leash. */
interface Ending {
  readonly announcer: Announcer;
  readonly bound: BoundPolicy;
  readonly receipts: ReceiptWriter | undefined;
  readonly sweeper: Sweeper;
}

function assemble(context: Context, principal: Principal, state: State, ending: Ending): Leash {
  const { announcer, bound, receipts, sweeper } = ending;
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
    verifyLog: () => verifyLog(store),
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
      if (state.owned) await store.close();
    },
  });
  return face(root);
}

/** A child may do at most what its parents may; nothing widens on the way down. */
function narrowed(scope: Scope, limits: Narrowing): Scope {
  const { context, principal } = scope;
  if (limits.policy !== undefined && typeof limits.policy.evaluate !== "function") {
    throw new LeashError(
      "LEASH_CONFIG_INVALID",
      "The policy of a narrowed leash is none: it cannot evaluate. Pass a compiled one, `await loadPolicy(text)`.",
    );
  }
  if (limits.policy !== undefined) refuseUnmet(limits.policy, "enforce", context.obligations);
  const child =
    limits.agent === undefined
      ? principal
      : completePrincipal(principal, { agent: limits.agent, chain: [...principal.chain, principal.agent] });
  return { ...scope, principal: child, narrowings: [...scope.narrowings, limits] };
}
