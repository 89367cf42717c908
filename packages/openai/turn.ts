import type { PendingError } from "@leashkit/core";
import { attempt, toolOf, type Running } from "./attempt.ts";
import type { Call } from "./call.ts";
import { encode, unchangedScreen } from "./encode.ts";
import { endingOf, TOOL_FAILED, withNotice, type Ending } from "./ending.ts";
import type { Settings } from "./options.ts";
import type { Answer } from "./outputs.ts";
import type { Planned } from "./plan.ts";
import { NOT_OFFERED } from "./proposal.ts";
import { isStatusCall, statusEnding } from "./status.ts";
import { suspend, type SuspendedCall, type Suspension } from "./suspension.ts";

/** A call that waits for a person. */
export interface PendingCall {
  readonly callId: string;
  readonly tool: string;
  /** Short name of the approval for people, such as `K7Q2`. */
  readonly ref: string;
  readonly approvalId: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

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

interface Ended {
  readonly call: Call;
  readonly ending: Ending;
  readonly pending?: PendingCall;
  readonly thrown?: { readonly error: unknown };
}

/** Runs all calls at once, waits for all of them, and answers in their order. */
export async function runTurn(running: Running, plan: readonly Planned[]): Promise<Turn> {
  const { settings, scope } = running;
  const ended = await Promise.all(plan.map((planned) => endCall(running, planned)));
  if (settings.onToolError === "throw") {
    for (const { thrown } of ended) if (thrown !== undefined) throw thrown.error;
  }
  const pending = ended.flatMap((call) => call.pending ?? []);
  if (settings.pause !== "suspend" || pending.length === 0) return answered(running, ended, pending);
  const refs = pending.map(({ ref }) => ref);
  const suspension = suspend(
    { scope, session: settings.session },
    ended.map((call) => suspendedCall(running, call)),
    refs,
  );
  return { outputs: [], pending, suspension, unanswerable: [] };
}

async function endCall(running: Running, planned: Planned): Promise<Ended> {
  try {
    return await runCall(running, planned);
  } catch (error) {
    // What goes wrong around a tool takes nothing from the other calls, and its words are not for the model.
    return { call: planned.call, ending: { kind: "failed", text: TOOL_FAILED }, thrown: { error } };
  }
}

async function runCall(running: Running, { call, failure }: Planned): Promise<Ended> {
  if (failure !== undefined) return { call, ending: { kind: "failed", text: failure } };
  if (isStatusCall(call, running.settings)) return { call, ...(await statusEnding(running, call)) };
  const outcome = await attempt(running, call);
  const ending = endingOf(outcome);
  if (outcome.kind === "pending") return { call, ending, pending: pendingCall(call, outcome.error) };
  // A server's call has no handler that could throw.
  const threw = outcome.kind === "failed" && call.kind !== "mcp_approval";
  return threw ? { call, ending, thrown: { error: outcome.error } } : { call, ending };
}

function pendingCall({ id = "" }: Call, { tool, ref, approvalId, expiresAt }: PendingError): PendingCall {
  return { callId: id, tool, ref, approvalId, expiresAt };
}

function suspendedCall(running: Running, { call, ending }: Ended): SuspendedCall {
  const problem = call.problem ?? (toolOf(running, call) === undefined ? NOT_OFFERED : undefined);
  return {
    item: call.item,
    ...(problem !== undefined && { problem }),
    ...(ending.kind === "failed" && { failure: ending.text }),
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
    const output = encode(call, ending) ?? (await unchanged(call, ending, settings));
    if (output !== undefined) outputs.push(output);
    else unanswerable.push({ callId: call.id ?? null, text: unansweredText(ending) });
  }
  return { outputs, pending, suspension: null, unanswerable };
}

function unansweredText(ending: Ending): string {
  return ending.kind === "result" ? withNotice(NO_FORM, ending.notice) : ending.text;
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
