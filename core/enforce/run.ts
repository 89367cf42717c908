import { obligationRecord, outcomeRecord, type Origin } from "../audit/records.ts";
import { isLeashError, LeashDenied, LeashError } from "../errors.ts";
import { idempotencyKeyOf, readEntry } from "../journal/entries.ts";
import { recordResult, type RecordedResult } from "../journal/results.ts";
import type { Json } from "../model/json.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { GuardOptions, Run } from "../model/gate.ts";
import type { Permit } from "../model/permit.ts";
import type { Change } from "../store/store.ts";
import { isAborted, signalOf, throwIfAborted } from "./abort.ts";
import type { Grant } from "./standing.ts";
import type { Scope } from "./context.ts";
import { keptOf, withoutRecordings } from "./kept.ts";
import { fulfilAfter, fulfilBefore } from "./obligations.ts";
import { withPermit } from "./permit.ts";
import { commitWithRelease } from "./release.ts";
import { WATCH, type Watched, type WatchedOptions } from "./watched.ts";

/** What says that a call was aborted, where the caller states it, and who watches it. */
type PermitOptions = Pick<GuardOptions<never>, "signal"> & Watched;

/** The permit that a grant gives. */
export function permitOf({ action, entry, proof, proposal }: Grant, options: PermitOptions): Permit {
  let signal: AbortSignal | undefined;
  let idempotencyKey: string | undefined;
  return Object.freeze({
    v: 1,
    actionId: action.actionId,
    tool: action.tool,
    digest: action.digest,
    get idempotencyKey() {
      return (idempotencyKey ??= idempotencyKeyOf(proposal.journalId));
    },
    get proof() {
      return proof.token;
    },
    approvalId: entry.approvalId,
    mode: "enforce",
    get signal() {
      return (signal ??= signalOf(options));
    },
    traceparent: options[WATCH]?.traceparent,
  });
}

/** The sealed input as the tool gets it: a fresh copy of exactly the bytes that were decided, in the tool's own richer form. */
export function sealedCopy(scope: Scope, grant: Grant): Json {
  const input = JSON.parse(grant.action.text) as Json;
  const decode = scope.context.registry.get(grant.action.tool)?.decode;
  if (decode === undefined) return input;
  try {
    return decode(input) as Json;
  } catch (cause) {
    throw new LeashError("LEASH_INPUT_INVALID", "The tool's own decoder refused the input.", { cause });
  }
}

/**
 * Steps 8 and 9: runs once and records the outcome, durable before the result is returned.
 * @throws whatever the run throws; `LEASH_ABORTED` before the start; `LEASH_OUTCOME_UNKNOWN` when it ran and the store could not
 * take the outcome.
 */
export async function runGrant<T>(scope: Scope, grant: Grant, run: Run<T>, options: WatchedOptions<T>): Promise<T> {
  try {
    const input = await beforeStart(scope, grant, options);
    options[WATCH]?.starting(grant.action.input, grant.redaction);
    const permit = permitOf(grant, options);
    const result = await attempt(scope, grant, () => withPermit(permit, () => run(input, permit)), options);
    const recorded = recordResult(result, options.codec);
    await recordOutcome(scope, grant, { state: "done", outputRef: recorded?.digest ?? null }, options, recorded);
    await afterRun(scope, grant, "done", options);
    return result;
  } finally {
    scope.context.presence.leave(grant.proposal.journalId);
  }
}

/** The last look before anything happens. What goes wrong here had no effect. */
async function beforeStart<T>(scope: Scope, grant: Grant, options: GuardOptions<T>): Promise<Json> {
  try {
    throwIfAborted(options.signal);
    if (options.swap !== true) refuseSwapped(grant);
    if (scope.context.accepted !== undefined) {
      await scope.context.accepted(options.signal);
      throwIfAborted(options.signal);
    }
    const input = sealedCopy(scope, grant);
    if (grant.obligations.some(({ at }) => at === "before")) {
      await fulfilBefore(scope.context.obligations, grant.obligations, {
        permit: permitOf(grant, options),
        input: JSON.parse(grant.action.text) as Json,
        outcome: null,
      });
      throwIfAborted(options.signal);
    }
    refuseLapsed(scope, grant);
    return input;
  } catch (error) {
    await recordOutcome(scope, grant, failure(error, "none"), options);
    throw error;
  }
}

/** Whoever took this process for dead may have told a person so, or run the call: then this leave is old. */
function refuseLapsed({ context }: Scope, { term }: Grant): void {
  if (context.presence.isKept(term)) return;
  throw new LeashError(
    "LEASH_STORE_UNAVAILABLE",
    "This process could not tell the others in time that it lives, so they may have taken the call for cut off. It was not started.",
  );
}

/** Work that was made for one tool must not be handed the input of another. */
function refuseSwapped({ action, proposal, entry }: Grant): void {
  if (action.tool === proposal.action.tool) return;
  throw new LeashDenied({
    reasonCode: "policy_error",
    reason: `The policy put another tool in the place of ${JSON.stringify(proposal.action.tool)}, and what runs the call cannot run it. Deny the call instead, or say \`swap: true\` where \`permit.tool\` is looked at.`,
    approvalId: entry.approvalId,
  });
}

async function attempt<T>(scope: Scope, grant: Grant, run: () => T | Promise<T>, options: GuardOptions<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (isSuspension(error, options.suspends)) await recordOutcome(scope, grant, { state: "suspended" }, options);
    else if (hadNoEffect(error)) await recordOutcome(scope, grant, failure(error, "none"), options);
    else if (isAborted(options.signal)) await recordOutcome(scope, grant, { state: "unknown" }, options);
    else await recordOutcome(scope, grant, failure(error, "unknown"), options);
    if (!isSuspension(error, options.suspends))
      await afterRun(scope, grant, !hadNoEffect(error) && isAborted(options.signal) ? "unknown" : "failed", options);
    throw error;
  }
}

/** What the policy wants done once the call has run, however it ended. A handler that fails is recorded; the run stands. */
async function afterRun<T>(
  scope: Scope,
  grant: Grant,
  outcome: "done" | "failed" | "unknown",
  options: GuardOptions<T>,
): Promise<void> {
  if (!grant.obligations.some(({ at }) => at === "after")) return;
  const { obligations, store, stream } = scope.context;
  const input = JSON.parse(grant.action.text) as Json;
  const permit = permitOf(grant, options);
  const failed = await fulfilAfter(obligations, grant.obligations, { permit, input, outcome });
  if (failed.length === 0) return;
  const record = obligationRecord(grant.action, failed, options);
  // The outcome stands in the log; that a duty was missed must not turn a call that ran into one that did not.
  await store.commit([], { stream, records: [record] }).catch(() => undefined);
}

/** How a run ended. */
export type RunOutcome = Pick<JournalEntry, "state"> & Partial<Pick<JournalEntry, "failure" | "outputRef">>;

export function failure(error: unknown, effect: "none" | "unknown"): RunOutcome {
  return { state: "failed", failure: { kind: nameOf(error), effect } };
}

function nameOf(error: unknown): string {
  try {
    return error instanceof Error && typeof error.name === "string" ? error.name.slice(0, 100) : typeof error;
  } catch {
    return typeof error;
  }
}

/** True for what the framework throws to pause from inside a run. A check that fails has not recognised anything. */
export function isSuspension(error: unknown, suspends: GuardOptions<unknown>["suspends"]): boolean {
  try {
    return suspends?.(error) === true;
  } catch {
    return false;
  }
}

function hadNoEffect(error: unknown): boolean {
  try {
    return typeof error === "object" && error !== null && "leashNoEffect" in error && error.leashNoEffect === true;
  } catch {
    return false;
  }
}

const RECORDS = { done: "executed", failed: "failed", unknown: "unknown" } as const;

async function recordOutcome(
  scope: Scope,
  grant: Grant,
  ended: RunOutcome,
  origin: Origin,
  result?: RecordedResult,
): Promise<void> {
  const outcome = ofAllAttempts(grant, ended);
  const { store, stream } = scope.context;
  const { journalId, action } = grant.proposal;
  const { reserved = [], ...rest } = grant.entry;
  // Only what surely had no effect gives back what it counts; whatever else was started stays counted.
  const freed = outcome.failure?.effect === "none" ? reserved : [];
  const kept = freed === reserved || reserved.length === 0 ? {} : { reserved };
  const entry: JournalEntry = { ...rest, ...kept, ...outcome, endedAt: store.now() };
  const type = outcome.state in RECORDS ? RECORDS[outcome.state as keyof typeof RECORDS] : undefined;
  const records =
    type === undefined
      ? []
      : [
          outcomeRecord(action.principal, entry, type, origin, {
            action_id: action.actionId,
            proof_kid: grant.proof.kid,
          }),
        ];
  const changes = keptOf(scope, grant, entry, result);
  const row = { id: journalId, entry };
  const commit = (expect: number, told: readonly Change[]): Promise<boolean> =>
    commitWithRelease(scope, action, freed, { ...row, expect }, told, { stream, records });
  const write = (expect: number): Promise<boolean> =>
    commit(expect, changes).catch((error: unknown) => {
      // Of what another engine said some may be no JSON: what only a replay reads keeps no outcome from being written.
      if (!isLeashError(error, "LEASH_INPUT_INVALID")) throw error;
      return commit(expect, withoutRecordings(changes));
    });
  const ran = (): void => scope.context.receipts?.add({ ...grant, journalId, entry });
  try {
    if (await write(grant.version)) return ran();
    // Another process took this one for dead and wrote "unknown"; what really happened is known here and counts more.
    const found = await readEntry(store, journalId);
    // Only where that is this very attempt: another one's outcome is another one's to tell.
    const isOwn = found?.value.attemptId === grant.entry.attemptId;
    if (found?.value.state === "unknown" && isOwn && (await write(found.version))) return ran();
  } catch (cause) {
    throw unrecorded(grant, cause);
  }
  throw unrecorded(grant, undefined);
}

/** That nothing happened is one attempt's word; of one that was cut off before it nobody has any. */
function ofAllAttempts({ repeats }: Grant, outcome: RunOutcome): RunOutcome {
  const { failure: failed } = outcome;
  if (!repeats || failed === undefined || failed === null) return outcome;
  return { ...outcome, failure: { ...failed, effect: "unknown" } };
}

function unrecorded(grant: Grant, cause: unknown): LeashError {
  return new LeashError(
    "LEASH_OUTCOME_UNKNOWN",
    `The call of ${JSON.stringify(grant.action.tool)} started, and its outcome could not be recorded. It will not be repeated. ` +
      "Bring the store back and settle the call.",
    { cause },
  );
}

/** Gives a grant back unused: nothing ran, and the same call may be decided anew. */
export async function abandonGrant(scope: Scope, grant: Grant, origin: Origin): Promise<void> {
  try {
    await recordOutcome(scope, grant, { state: "failed", failure: { kind: "Unused", effect: "none" } }, origin);
  } finally {
    scope.context.presence.leave(grant.proposal.journalId);
  }
}
