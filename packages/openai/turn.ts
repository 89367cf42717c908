import { randomUUID } from "node:crypto";
import { attempt, pendingCall, type PendingCall, type Running } from "./attempt.ts";
import { encode, endingOf, unchangedScreen, type Ending } from "./encode.ts";
import { faultOf, markFault, type Call } from "./items.ts";
import type { Settings } from "./options.ts";
import type { Answer } from "./outputs.ts";
import { isStatusCall, statusEnding } from "./status.ts";
import { suspend, type SuspendedCall, type Suspension } from "./suspension.ts";

/** A call that the API has no answer for: end the turn, or answer it yourself. */
export interface Unanswerable {
  readonly callId: string | null;
  /** What the model would have read. */
  readonly text: string;
}

/** What came of the calls of one answer of the model. */
export interface Turn<Output extends Answer = Answer> {
  /** One for each call, in the calls' order; none while the turn is suspended, as the API takes all answers or none. */
  readonly outputs: readonly Output[];
  readonly pending: readonly PendingCall[];
  /** Set while calls wait for people under `pause: "suspend"`. */
  readonly suspension: Suspension | null;
  readonly unanswerable: readonly Unanswerable[];
}

/** A call, and the failure that an earlier run of the same turn met. */
export interface Planned {
  readonly call: Call;
  readonly failure: string | undefined;
}

interface Ended {
  readonly call: Call;
  /** Undefined where a suspended turn must wait for it. */
  readonly ending: Ending | undefined;
  readonly pending?: PendingCall;
  readonly thrown?: { readonly error: unknown };
}

/** Runs all calls at once, waits for all of them, and answers in their order. */
export async function runTurn(running: Running, plan: readonly Planned[]): Promise<Turn> {
  const settled = await Promise.allSettled(withIds(plan).map((planned) => endCall(running, planned)));
  for (const result of settled) if (result.status === "rejected") throw result.reason;
  const ended = settled.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  if (running.settings.onToolError === "throw") {
    for (const { thrown } of ended) if (thrown !== undefined) throw thrown.error;
  }
  const pending = ended.flatMap((call) => call.pending ?? []);
  if (ended.every(({ ending }) => ending !== undefined)) return answered(running, ended, pending);
  const refs = ended.flatMap((call) => (call.ending === undefined ? (call.pending?.ref ?? []) : []));
  const suspension = suspend(running.scope ?? "", ended.map(suspendedCall), refs);
  return { outputs: [], pending, suspension, unanswerable: [] };
}

/** Every output names a call: the missing ids are made up, as the client's own helpers do, and what has no id of its own is refused. */
function withIds(plan: readonly Planned[]): readonly Planned[] {
  const counts = new Map<string, number>();
  for (const { call } of plan) if (call.id !== undefined) counts.set(call.id, (counts.get(call.id) ?? 0) + 1);
  return plan.map(({ call, failure }) => {
    if (call.id === undefined) return { call: nameCall(call), failure };
    const repeated = (counts.get(call.id) ?? 0) > 1;
    return { call: repeated ? { ...call, problem: "several calls have this id" } : call, failure };
  });
}

function nameCall(call: Call): Call {
  if (call.kind === "mcp_approval") return call;
  markFault(call.item, call.problem ?? "the call has no id");
  const id = `call_${randomUUID()}`;
  return Reflect.set(call.item, call.api === "chat" ? "id" : "call_id", id) ? { ...call, id } : call;
}

async function endCall(running: Running, { call, failure }: Planned): Promise<Ended> {
  if (failure !== undefined) return { call, ending: { kind: "failed", text: failure } };
  const { gate, settings, catalogue, handlers, signal } = running;
  if (isStatusCall(call, settings)) {
    return { call, ending: await statusEnding(gate, call, catalogue, handlers, signal) };
  }
  const outcome = await attempt(running, call);
  if (outcome.kind === "suspended") return { call, ending: undefined, pending: pendingCall(call, outcome.approval) };
  const ending = endingOf(outcome);
  if (outcome.kind === "pending") return { call, ending, pending: pendingCall(call, outcome.error) };
  return outcome.kind === "failed" ? { call, ending, thrown: { error: outcome.error } } : { call, ending };
}

function suspendedCall({ call: { item }, ending }: Ended): SuspendedCall {
  const problem = faultOf(item);
  return {
    item,
    ...(problem !== undefined && { problem }),
    ...(ending?.kind === "failed" && { failure: ending.text }),
  };
}

async function answered(
  { settings }: Running,
  ended: readonly Ended[],
  pending: readonly PendingCall[],
): Promise<Turn> {
  const outputs: Answer[] = [];
  const unanswerable: Unanswerable[] = [];
  for (const { call, ending } of ended) {
    if (ending === undefined) continue;
    const output = encode(call, ending) ?? (await unchanged(call, ending, settings));
    if (output !== undefined) outputs.push(output);
    else unanswerable.push({ callId: call.id ?? null, text: ending.kind === "result" ? NO_FORM : ending.text });
  }
  return { outputs, pending, suspension: null, unanswerable };
}

const NO_FORM = "The call ran. Its result is not of the form that the API takes.";

async function unchanged(call: Call, ending: Ending, { screenshot }: Settings): Promise<Answer | undefined> {
  if (call.kind !== "computer" || screenshot === undefined || ending.kind === "result") return undefined;
  try {
    return unchangedScreen(call, await screenshot());
  } catch {
    return undefined;
  }
}
