import { decidedRecord, outcomeRecord } from "../audit/records.ts";
import { LeashError } from "../errors.ts";
import { readResult, recordResult, type RecordedResult } from "../journal/results.ts";
import type { Action, ToolCall } from "../model/call.ts";
import type { Decision } from "../model/decision.ts";
import type { Json } from "../model/json.ts";
import type { AuthorizeOptions, GuardOptions, Run } from "../model/gate.ts";
import type { Permit } from "../model/permit.ts";
import { signalOf, throwIfAborted } from "./abort.ts";
import type { Heard } from "../recording/recorder.ts";
import { decisionId, type Scope } from "./context.ts";
import { decide } from "./decide.ts";
import { lookOnly } from "./lookup.ts";
import { type Counted } from "./round.ts";
import { withPermit } from "./permit.ts";
import { proposalOf } from "./proposal.ts";
import { alreadyRan, deniedByPolicy } from "./refusals.ts";
import { failure, isSuspension, type RunOutcome } from "./run.ts";
import { seal } from "./seal.ts";
import { toolName, unsealable, unsealableRecord } from "./unsealable.ts";
import { WATCH, type Watched, type WatchedOptions } from "./watched.ts";

interface Observed {
  /** What runs: the call as it was proposed. Undefined where the input could not be sealed. */
  readonly proposed: Action | undefined;
  /** What would have run, after all transforms. */
  readonly action: Action | undefined;
  readonly decision: Decision;
  readonly counted?: Counted | undefined;
  /** What the decision was made of. */
  readonly heard?: Heard;
}

/** What the policy says of a call, whatever is wrong with it. */
export async function look(scope: Scope, call: ToolCall): Promise<Observed> {
  try {
    const proposed = seal(scope, call);
    return await decide(scope, proposed);
  } catch (error) {
    return { proposed: undefined, action: undefined, decision: unsealable(scope, call, error) };
  }
}

/**
 * Observe mode (I12): records what would have been decided, then runs the original call with its original input. The record
 * comes first; without it nothing runs here either.
 */
export async function observe<T>(scope: Scope, call: ToolCall, run: Run<T>, options: WatchedOptions<T>): Promise<T> {
  const seen = await look(scope, call);
  const recorded = await recordedBefore(scope, seen, options);
  if (recorded !== undefined) return recorded.result;
  return runObserved(scope, call, await permitObserved(scope, call, seen, options), run, options);
}

/**
 * What this very call gave when it ran under `enforce`: it must not run again because somebody only observes now.
 * @throws {LeashDenied} where nothing was kept of what it gave.
 * @throws {LeashError} `LEASH_OUTCOME_UNKNOWN` where it was cut off.
 */
async function recordedBefore<T>(
  scope: Scope,
  { proposed }: Observed,
  options: Pick<GuardOptions<T>, "codec" | "signal">,
): Promise<{ readonly result: T } | undefined> {
  if (proposed?.identity !== "durable") return undefined;
  const proposal = proposalOf(proposed, proposed.digest);
  const entry = await lookOnly(scope, proposal, signalOf(options));
  if (entry === undefined) return undefined;
  const recorded = await readResult(scope.context.store, proposal.journalId, entry.outputRef, options.codec);
  if (recorded === undefined) throw alreadyRan(entry.approvalId);
  return recorded;
}

/** Leave to run what is only observed, and what was written of it. */
export interface Seen {
  readonly permit: Permit;
  /** Of the decision's line in the log, and of the run that follows. */
  readonly id: string;
  /** Undefined where the input could not be sealed. */
  readonly proposed: Action | undefined;
  readonly heard: Heard | undefined;
}

/** `before`: the call ran under `enforce`, and this is what it gave. */
export async function observedPermit(
  scope: Scope,
  call: ToolCall,
  options: AuthorizeOptions,
): Promise<Seen & { readonly before: { readonly result: unknown } | undefined }> {
  throwIfAborted(signalOf(options));
  const seen = await look(scope, call);
  const before = await recordedBefore<unknown>(scope, seen, options);
  // What does not run again counts on nothing.
  const told = before === undefined ? seen : { ...seen, counted: undefined };
  return { ...(await permitObserved(scope, call, told, options)), before };
}

async function permitObserved(
  scope: Scope,
  call: ToolCall,
  seen: Observed,
  options: AuthorizeOptions & Watched,
): Promise<Seen> {
  const { random } = scope.context;
  const signal = signalOf(options);
  throwIfAborted(signal);
  const id = decisionId(scope);
  const { decision, heard, proposed } = await recordSeen(scope, call, { first: seen, id }, options);
  if (proposed !== undefined && heard !== undefined)
    options[WATCH]?.starting(proposed.input, heard.redaction(proposed.tool));
  await scope.context.accepted?.(signal);
  throwIfAborted(signal);
  // A call that has no input cannot be run, whatever the mode.
  if (call.problem !== undefined && call.input === undefined) throw deniedByPolicy(decision, { problem: call.problem });
  const permit: Permit = Object.freeze({
    v: 1,
    actionId: proposed?.actionId ?? "",
    tool: toolName(call),
    digest: proposed?.digest ?? "",
    idempotencyKey: Buffer.from(random(16)).toString("hex"),
    proof: null,
    approvalId: null,
    mode: "observe",
    signal,
    traceparent: options[WATCH]?.traceparent,
  });
  return { permit, id, proposed, heard };
}

/** Writes what was decided, and counts what would have run. Others count meanwhile: then it is decided again. */
async function recordSeen(
  scope: Scope,
  call: ToolCall,
  { first, id }: { readonly first: Observed; readonly id: string },
  options: AuthorizeOptions & Watched,
): Promise<Observed> {
  const { recorder, store, stream } = scope.context;
  let seen = first;
  for (let tries = 0; tries < MOST_COUNTS; tries += 1) {
    const { action, counted, decision, heard, proposed } = seen;
    const told =
      action === undefined
        ? unsealableRecord(scope, call, decision, options)
        : decidedRecord(action, decision, options, { decision_id: id });
    const isHeard = action !== undefined && proposed !== undefined && heard !== undefined;
    const recorded = isHeard ? recorder.decision(id, { action, proposed, decision, heard }) : [];
    const { changes } = counted?.readings.reserve(counted.charges) ?? { changes: [] };
    const { ok } = await store.commit([...changes, ...recorded], { stream, records: [told] });
    if (ok || proposed === undefined) {
      options[WATCH]?.decided(action, decision);
      return seen;
    }
    seen = await decide(scope, proposed);
  }
  throw new LeashError("LEASH_STORE_UNAVAILABLE", "The counters of this call never rest, so it could not be recorded.");
}

const MOST_COUNTS = 1_000;

export async function runObserved<T>(
  scope: Scope,
  call: ToolCall,
  seen: Seen,
  run: Run<T>,
  options: GuardOptions<T>,
): Promise<T> {
  const { permit } = seen;
  try {
    const result = await withPermit(permit, () => run(call.input as Json, permit));
    await recordOutcome(scope, seen, { state: "done", result: recordResult(result, options.codec) }, options);
    return result;
  } catch (error) {
    if (!isSuspension(error, options.suspends)) await recordOutcome(scope, seen, failure(error, "unknown"), options);
    throw error;
  }
}

async function recordOutcome(
  scope: Scope,
  { heard, id, permit, proposed }: Seen,
  ended: RunOutcome & { readonly result?: RecordedResult | undefined },
  options: AuthorizeOptions,
): Promise<void> {
  const { recorder, store, stream } = scope.context;
  const { failure: failed = null, result, state } = ended;
  const of = { tool: permit.tool, finalDigest: permit.digest, approvalId: null, failure: null };
  const type = state === "done" ? "executed" : "failed";
  const entry = { ...of, outputRef: result?.digest ?? null };
  const record = outcomeRecord(scope.principal, entry, type, options, { action_id: permit.actionId });
  const ran = { attemptId: id, approvalId: null, endedAt: store.now(), failure: failed, state };
  const kept =
    proposed === undefined || heard === undefined
      ? []
      : recorder.outcome({
          proposed,
          action: proposed,
          entry: ran,
          output: result?.blob,
          redaction: heard.redaction(proposed.tool),
        });
  // Observing must not change what the host sees of its own call, so a lost outcome record is left out.
  await store.commit(kept, { stream, records: [record] }).catch(() => undefined);
}
