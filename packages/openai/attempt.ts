import { LeashDenied, refusalText, type Approval, type Gate, type Outcome } from "@leashkit/core";
import type { Call } from "./items.ts";
import { entryOf, type Handlers, type Settings } from "./options.ts";
import { NOT_OFFERED, propose } from "./proposal.ts";
import type { Catalogue } from "./tools.ts";
import { RESULTS, workOf } from "./work.ts";

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

/** How one call went; `suspended` under `pause: "suspend"`. */
export type Attempted = Outcome<unknown> | { readonly kind: "suspended"; readonly approval: Approval };

/**
 * The durable pause is an exception of our own and not `defer`: two equal calls of one turn are two questions, and each runs
 * once, where a deferred call stands for all that are equal to it.
 */
export async function attempt(
  { gate, settings, catalogue, handlers, signal, scope }: Running,
  call: Call,
): Promise<Attempted> {
  const handler = entryOf(handlers, call.tool);
  const tool = handler === undefined && call.kind !== "mcp_approval" ? undefined : catalogue.find(call);
  const proposal = await propose(call, tool, scope, settings);
  const suspending = async (approval: Approval): Promise<never> => {
    throw new Suspended(approval);
  };
  try {
    const outcome = await gate.attempt(proposal, workOf(call.kind, tool && handler, call.input), {
      adapter: "openai",
      codec: RESULTS,
      pause: settings.pause === "suspend" ? suspending : settings.pause,
      ...(signal !== undefined && { signal }),
    });
    return proposal.problem === NOT_OFFERED ? notOffered(outcome) : outcome;
  } catch (error) {
    if (error instanceof Suspended) return { kind: "suspended", approval: error.approval };
    throw error;
  }
}

class Suspended extends Error {
  override readonly name = "Suspended";
  readonly approval: Approval;

  constructor(approval: Approval) {
    super("The call waits for a person.");
    this.approval = approval;
  }
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

export function pendingCall(
  { id = "" }: Call,
  approval: Pick<Approval, "ref" | "tool" | "expiresAt"> & ({ id: string } | { approvalId: string }),
): PendingCall {
  const { tool, ref, expiresAt } = approval;
  return { callId: id, tool, ref, approvalId: "approvalId" in approval ? approval.approvalId : approval.id, expiresAt };
}
