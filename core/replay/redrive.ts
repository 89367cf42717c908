import type { Gate } from "../model/gate.ts";
import type { Policy } from "../model/policy.ts";
import type { RecordedCall, RecordedRun, Redriven, Divergence } from "../model/redrive.ts";
import type { Store } from "../store/store.ts";
import { openShelf } from "./archive.ts";
import { createRecordedGate } from "./gate.ts";
import { stepWith } from "./step.ts";

/** What an agent gets that is driven through a recorded run. */
export interface RecordedWorld {
  /** Wrap the agent's tools with it, as with a leash. It gives what was recorded; the tools themselves never run. */
  readonly gate: Gate;
  /** Aborts at the first divergence: what follows is not known. */
  readonly signal: AbortSignal;
}

export interface RedriveOptions {
  /** For the policies of narrowed children. */
  readonly store: Store;
  /** Decides in the place of the policy that was in force. */
  readonly policy: Policy;
  /** Makes the calls. What it throws after the first divergence is ignored. Default: the calls are made as they were recorded. */
  readonly agent?: (world: RecordedWorld) => unknown;
  /** Policies of other engines, for narrowed children. */
  readonly policies?: readonly Policy[];
}

/**
 * Drives a recorded run under another policy: every call is decided by its recorded facts, and what was recorded is given in answer.
 * Stops at the first call of which the model would have been given something else. Nothing runs, nothing is written.
 *
 * @throws what the agent throws before any divergence.
 * @example
 * const run = await readRun({ store, session: "thread-1" });
 * const { divergence, unreachable } = await redrive(run, { store, policy: await loadPolicyFile("new.yaml") });
 */
export async function redrive(run: RecordedRun, options: RedriveOptions): Promise<Redriven> {
  const shelf = openShelf(options.store, options.policies);
  const step = (call: RecordedCall): ReturnType<typeof stepWith> => stepWith(call, shelf, options.policy);
  if (options.agent !== undefined) return driveAgent(run, options.agent, step);
  for (const [index, call] of run.calls.entries()) {
    const { divergence } = await step(call);
    if (divergence !== undefined) return { matched: index, divergence, unreachable: run.calls.slice(index + 1) };
  }
  return { matched: run.calls.length, divergence: null, unreachable: [] };
}

async function driveAgent(
  run: RecordedRun,
  agent: NonNullable<RedriveOptions["agent"]>,
  step: (call: RecordedCall) => ReturnType<typeof stepWith>,
): Promise<Redriven> {
  const stopping = new AbortController();
  const recorded = createRecordedGate(run, step, (divergence) => stopping.abort(divergence));
  try {
    await agent({ gate: recorded.gate, signal: stopping.signal });
  } catch (error) {
    // From the divergence on the agent is cut off, and says so.
    if (recorded.divergence() === null) throw error;
  }
  const left = recorded.left();
  const divergence = recorded.divergence() ?? unmade(left[0]);
  const unreachable = left.filter(({ decisionId }) => decisionId !== divergence?.decisionId);
  const matched = recorded.matched();
  return { matched, divergence, unreachable };
}

function unmade(call: RecordedCall | undefined): Divergence | null {
  if (call === undefined) return null;
  const { decisionId, recording } = call;
  const { tool } = recording.action;
  return { why: "no_proposal", tool, decisionId, was: null, now: null, detail: "the agent ended before this call" };
}
