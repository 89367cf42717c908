import { randomBytes } from "node:crypto";
import { seal } from "../enforce/seal.ts";
import { LeashDenied, LeashError } from "../errors.ts";
import type { Action, ToolCall } from "../model/call.ts";
import type { Decision } from "../model/decision.ts";
import type { Gate, GuardOptions, Outcome, RefusalError } from "../model/gate.ts";
import type { Json } from "../model/json.ts";
import type { Principal } from "../model/principal.ts";
import type { Divergence, RecordedAnswer, RecordedCall, RecordedRun } from "../model/redrive.ts";
import { createToolRegistry } from "../tools.ts";
import type { Step } from "./step.ts";

/** A gate that answers as a run was answered. */
export interface RecordedGate {
  readonly gate: Gate;
  /** The first one; null so far. */
  divergence(): Divergence | null;
  /** Calls of which the agent was given what it was given. */
  matched(): number;
  /** Calls of the run that were not made so far. */
  left(): readonly RecordedCall[];
}

const NOBODY: Principal = { tenant: "default", subject: "default", agent: "agent", chain: [] };

/** @param onDivergence told of the first one, once. */
export function createRecordedGate(
  run: RecordedRun,
  stepOf: (call: RecordedCall) => Promise<Step>,
  onDivergence: (divergence: Divergence) => void,
): RecordedGate {
  const registry = createToolRegistry();
  const left = [...run.calls];
  const principal = run.calls[0]?.recording.action.principal ?? NOBODY;
  let divergence: Divergence | null = null;
  let matched = 0;

  function stop(found: Divergence): never {
    if (divergence === null) onDivergence((divergence = found));
    throw stopped();
  }

  /** The next call of the run that is this one. */
  async function meet(call: ToolCall): Promise<{ readonly met: RecordedCall; readonly step: Step }> {
    if (divergence !== null) throw stopped();
    const action = sealed(call);
    const index = left.findIndex(({ recording }) => isSame(recording.action, action));
    const [met] = index === -1 ? [] : left.splice(index, 1);
    if (met === undefined) return stop(unrecorded(action.tool));
    return { met, step: await stepOf(met) };
  }

  function sealed(call: ToolCall): Action {
    const context = { registry, random: (size: number) => randomBytes(size), store: { now: () => 0 } };
    return seal({ context, principal }, call);
  }

  async function answer(call: ToolCall): Promise<Exclude<RecordedAnswer, { readonly kind: "not_recorded" }>> {
    const { met, step } = await meet(call);
    if (step.divergence !== undefined) return stop(step.divergence);
    if (met.answer.kind === "not_recorded") throw stopped();
    matched += 1;
    return met.answer;
  }

  async function attempt<T>(call: ToolCall, _run: unknown, options: GuardOptions<T> = {}): Promise<Outcome<T>> {
    const given = await answer(call);
    if (given.kind === "failed") return { kind: "failed", error: failure(given.name) };
    // A refusal that was built from its code is a coded error.
    if (given.kind === "refused") return { kind: "refused", text: given.text, error: given.error as RefusalError };
    return { kind: "result", result: decoded(given.output, options) };
  }

  async function guard<T>(call: ToolCall, _run: unknown, options?: GuardOptions<T>): Promise<T> {
    const outcome = await attempt(call, undefined, options);
    if (outcome.kind === "result") return outcome.result;
    throw outcome.error;
  }

  const gate: Gate = {
    mode: "enforce",
    principal,
    register: (tool) => registry.register(tool),
    decide: async (call) => look(await lookFor(call)),
    authorize: () => Promise.reject(unsupported()),
    guard,
    attempt,
    // What a recorded run does passes no log.
    reportUnguarded: () => Promise.resolve(),
    deferred: () => Promise.resolve(undefined),
    collect: () => Promise.reject(unsupported()),
    attemptDeferred: () => Promise.reject(unsupported()),
  };

  /** A look meets no call of the run. */
  async function lookFor(call: ToolCall): Promise<Decision | undefined> {
    const action = sealed(call);
    const found = left.find(({ recording }) => isSame(recording.action, action));
    return found === undefined ? undefined : (await stepOf(found)).decision;
  }

  return { gate, divergence: () => divergence, matched: () => matched, left: () => left };
}

function look(decision: Decision | undefined): Decision {
  if (decision !== undefined) return decision;
  throw new LeashDenied({ reasonCode: "policy_error", reason: "The recorded run has no such call." });
}

/** By what was asked; the identity of a call is another one in every run. */
function isSame(recorded: RecordedCall["recording"]["action"], { digest, tool }: Action): boolean {
  return recorded.tool === tool && recorded.digest === digest;
}

function unrecorded(tool: string): Divergence {
  const detail = "the agent makes a call that is not in the run";
  return { why: "proposal", tool, decisionId: null, was: null, now: null, detail };
}

function decoded<T>(output: Json | undefined, { codec }: GuardOptions<T>): T {
  // What the run gave for the same call: of the type that the tool's work would give.
  if (output === undefined || codec === undefined) return output as T;
  return codec.decode(output);
}

/** What the tool threw is known by name only. */
function failure(name: string): Error {
  return Object.assign(new Error("The tool failed in the recorded run; what it said is not recorded."), { name });
}

function stopped(): LeashError {
  return new LeashError("LEASH_ABORTED", "The recorded run takes another way from here, so what follows is not known.");
}

function unsupported(): LeashError {
  return new LeashError("LEASH_CONFIG_INVALID", "A recorded run gives no leave to run: use `guard` or `attempt`.");
}
