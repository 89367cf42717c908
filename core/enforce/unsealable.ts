import { refusedRecord, type Origin } from "../audit/records.ts";
import { isLeashError } from "../errors.ts";
import type { AuditRecord } from "../model/audit.ts";
import type { Action, ToolCall } from "../model/call.ts";
import type { Decision } from "../model/decision.ts";
import { decisionId, type Scope } from "./context.ts";
import { denial } from "./denial.ts";
import { deniedByPolicy } from "./refusals.ts";
import { seal } from "./seal.ts";
import { type Surroundings, WATCH } from "./watched.ts";

/**
 * Step 2, with a record of what cannot be sealed.
 * @throws {LeashDenied} `LEASH_TOOL_UNKNOWN`, `LEASH_INPUT_INVALID`, `LEASH_DENIED`.
 */
export function sealOrRefuse(scope: Scope, call: ToolCall, origin: Surroundings): Action | Promise<never> {
  try {
    return seal(scope, call);
  } catch (cause) {
    return refuse(scope, call, cause, origin);
  }
}

async function refuse(scope: Scope, call: ToolCall, cause: unknown, origin: Surroundings): Promise<never> {
  const decision = unsealable(scope, call, cause);
  origin[WATCH]?.decided(undefined, decision);
  const { store, stream } = scope.context;
  await store.commit([], { stream, records: [unsealableRecord(scope, call, decision, origin)] });
  throw deniedByPolicy(decision, { cause, problem: call.problem });
}

/** The denial of a call that could not be sealed, whoever's fault it was. */
export function unsealable(scope: Scope, { tool }: ToolCall, cause: unknown): Decision {
  // There are no arguments with which it would be any better.
  if (typeof tool === "string" && scope.context.registry.get(tool.normalize("NFC")) === undefined) {
    return denial(scope, "tool_unknown", "The tool is not registered with this leash.");
  }
  if (isLeashError(cause, "LEASH_INPUT_INVALID")) {
    return denial(scope, "input_invalid", "The input is not plain JSON within the limits.");
  }
  return denial(scope, "policy_error", "The call could not be sealed: something failed on our side.");
}

export function unsealableRecord(scope: Scope, call: ToolCall, decision: Decision, origin: Origin): AuditRecord {
  return refusedRecord(scope.principal, toolName(call), decision, origin, { decision_id: idOf(scope) });
}

/** What fails on our side may be the source of ids itself: the refusal is written all the same. */
function idOf(scope: Scope): string | undefined {
  try {
    return decisionId(scope);
  } catch {
    return undefined;
  }
}

/** The name to log of a call that cannot be sealed; it may be anything, of any length. */
export function toolName(call: Pick<ToolCall, "tool">): string {
  return typeof call.tool === "string" ? call.tool.slice(0, 200).toWellFormed() : "(not a name)";
}
