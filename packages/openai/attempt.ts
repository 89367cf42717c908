import { LeashDenied, refusalText, type Gate, type Outcome } from "@leashkit/core";
import type { Call } from "./call.ts";
import type { Catalogue, KnownTool } from "./catalogue.ts";
import { entryOf } from "./members.ts";
import type { Handlers, Settings } from "./options.ts";
import { NOT_OFFERED, propose } from "./proposal.ts";
import { RESULTS } from "./results.ts";
import { workOf } from "./work.ts";

/** All that a turn needs to know. */
export interface Running {
  readonly gate: Gate;
  readonly settings: Settings;
  readonly catalogue: Catalogue;
  readonly handlers: Handlers;
  readonly signal: AbortSignal | undefined;
  /** Undefined: the calls are known by nothing and cannot be resumed. */
  readonly scope: string | undefined;
}

/** The tool that a call means, where somebody can do its work: a handler, or the server that asks for approval. */
export function toolOf({ catalogue, handlers }: Running, call: Call): KnownTool | undefined {
  const isDone = call.kind === "mcp_approval" || entryOf(handlers, call.tool) !== undefined;
  return isDone ? catalogue.find(call) : undefined;
}

/** Decides one call, and runs it where that is allowed. */
export async function attempt(running: Running, call: Call): Promise<Outcome<unknown>> {
  const { gate, settings, handlers, signal, scope } = running;
  const tool = toolOf(running, call);
  const proposal = await propose(call, tool, scope, settings);
  const outcome = await gate.attempt(proposal, workOf(call.kind, tool && entryOf(handlers, tool.id), call.input), {
    adapter: "openai",
    codec: RESULTS,
    pause: settings.pause,
    ...(signal !== undefined && { signal }),
  });
  return proposal.problem === NOT_OFFERED ? notOffered(outcome) : outcome;
}

/** The model named a tool that is not there: there are no arguments that it could correct. */
function notOffered(outcome: Outcome<unknown>): Outcome<unknown> {
  if (outcome.kind !== "refused" || outcome.error.code !== "LEASH_INPUT_INVALID") return outcome;
  const error = new LeashDenied({
    code: "LEASH_TOOL_UNKNOWN",
    reasonCode: "tool_unknown",
    reason: NOT_OFFERED,
    cause: outcome.error,
  });
  return { kind: "refused", text: refusalText(error) ?? outcome.text, error };
}
