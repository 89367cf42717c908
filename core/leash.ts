import { createAnnouncer, type Announcer } from "./approvals/announce.ts";
import { createDesk } from "./approvals/desk.ts";
import { ALLOWANCE_RETENTION, DENIAL_RETENTION } from "./approvals/retention.ts";
import { type Checkpointer, keepCheckpointed } from "./audit/checkpointer.ts";
import { exportLog } from "./audit/export.ts";
import { createAuditLog } from "./audit/log.ts";
import { openSinks, type Sinks } from "./audit/sinks/sinks.ts";
import { rememberParent } from "./enforce/ancestry.ts";
import type { Context, Scope } from "./enforce/context.ts";
import { createGate } from "./enforce/gate.ts";
import { narrowed } from "./enforce/narrowed.ts";
import { review } from "./enforce/review.ts";
import { refuseUnmet } from "./enforce/unmet.ts";
import { systemProbe } from "./facts/probes.ts";
import { thisOwner } from "./journal/owner.ts";
import { createPresence, LEASE_RETENTION } from "./journal/presence.ts";
import { createJournal } from "./journal/settle.ts";
import { COUNTER_RETENTION } from "./limits/rows.ts";
import { handlersOf, type LeashOptions, placesOf, surfacesOf, telemetryOf } from "./leash-options.ts";
import { createTurns } from "./limits/turns.ts";
import type { Approval, Approver } from "./model/approval.ts";
import type { Desk } from "./model/desk.ts";
import type { Leash } from "./model/leash.ts";
import type { AuditLog } from "./model/log.ts";
import type { Principal } from "./model/principal.ts";
import { bindPolicy, type BoundPolicy } from "./policies.ts";
import { completePrincipal } from "./principal.ts";
import { openState, type State, stateOf } from "./state.ts";
import { createReceipts } from "./receipts/receipts.ts";
import { createReceiptWriter, type ReceiptWriter } from "./receipts/writer.ts";
import { createPolicyArchive } from "./recording/archive.ts";
import { openRecorder } from "./recording/open.ts";
import { RECORDING_RETENTION } from "./recording/rows.ts";
import { keepSwept, type Sweeper } from "./store/sweeper.ts";
import { USED_RETENTION } from "./tokens/once.ts";
import { createToolRegistry } from "./tools.ts";

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
