import { decidedRecord, outcomeRecord } from "../audit/records.ts";
import { LeashError } from "../errors.ts";
import { journalId, readEntry } from "../journal/entries.ts";
import { readResult } from "../journal/results.ts";
import type { Action, ToolCall } from "../model/call.ts";
import type { Decision } from "../model/decision.ts";
import type { Json } from "../model/json.ts";
import type { AuthorizeOptions, GuardOptions, Run } from "../model/gate.ts";
import type { Permit } from "../model/permit.ts";
import { signalOf, throwIfAborted } from "./abort.ts";
import type { Heard } from "../recording/recorder.ts";
import { decisionId, type Scope } from "./context.ts";
import { decide } from "./decide.ts";
import { type Counted } from "./round.ts";
import { withPermit } from "./permit.ts";
import { deniedByPolicy } from "./refusals.ts";
import { isSuspension } from "./run.ts";
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
  const permit = await permitObserved(scope, call, seen, options);
  return runObserved(scope, call, permit, run, options);
}

/** What this very call gave when it ran under `enforce`: it must not run again because somebody only observes now. */
async function recordedBefore<T>(
  scope: Scope,
  { proposed }: Observed,
  { codec }: GuardOptions<T>,
): Promise<{ readonly result: T } | undefined> {
  if (proposed?.identity !== "durable") return undefined;
  const { store } = scope.context;
  const id = journalId(proposed);
  const entry = await readEntry(store, id);
  return entry?.value.state === "done" ? readResult(store, id, entry.value.outputRef, codec) : undefined;
}

export async function observedPermit(scope: Scope, call: ToolCall, options: AuthorizeOptions): Promise<Permit> {
  throwIfAborted(signalOf(options));
  return permitObserved(scope, call, await look(scope, call), options);
}

async function permitObserved(
  scope: Scope,
  call: ToolCall,
  seen: Observed,
  options: AuthorizeOptions & Watched,
): Promise<Permit> {
  const { random } = scope.context;
  const signal = signalOf(options);
  throwIfAborted(signal);
  const { decision, heard, proposed } = await recordSeen(scope, call, seen, options);
  if (proposed !== undefined && heard !== undefined)
    options[WATCH]?.starting(proposed.input, heard.redaction(proposed.tool));
  await scope.context.accepted?.(signal);
  throwIfAborted(signal);
  // A call that has no input cannot be run, whatever the mode.
  if (call.problem !== undefined && call.input === undefined) throw deniedByPolicy(decision, { problem: call.problem });
  return Object.freeze({
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
}

/** Writes what was decided, and counts what would have run. Others count meanwhile: then it is decided again. */
async function recordSeen(
  scope: Scope,
  call: ToolCall,
  first: Observed,
  options: AuthorizeOptions & Watched,
): Promise<Observed> {
  const { recorder, store, stream } = scope.context;
  const id = decisionId(scope);
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
  permit: Permit,
  run: Run<T>,
  options: GuardOptions<T>,
): Promise<T> {
  const note = (type: "executed" | "failed"): Promise<void> => recordOutcome(scope, permit, type, options);
  try {
    const result = await withPermit(permit, () => run(call.input as Json, permit));
    await note("executed");
    return result;
  } catch (error) {
    if (!isSuspension(error, options.suspends)) await note("failed");
    throw error;
  }
}

async function recordOutcome(
  scope: Scope,
  permit: Permit,
  type: "executed" | "failed",
  options: AuthorizeOptions,
): Promise<void> {
  const { store, stream } = scope.context;
  const entry = { tool: permit.tool, finalDigest: permit.digest, outputRef: null, failure: null, approvalId: null };
  const record = outcomeRecord(scope.principal, entry, type, options, { action_id: permit.actionId });
  // Observing must not change what the host sees of its own call, so a lost outcome record is left out.
  await store.commit([], { stream, records: [record] }).catch(() => undefined);
}
