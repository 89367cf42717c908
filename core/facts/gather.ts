import type { Action } from "../model/call.ts";
import type { Facts } from "../model/facts.ts";

/**
 * Step 4: what the policy may know beside the call. A fact that cannot be had is missing, and so unknown to the policy;
 * it never stops the others.
 */
export function gatherFacts(
  now: number,
  action: Action,
  counterparty: ((action: Action) => string | undefined) | undefined,
): Facts {
  return { now, counterparty: stated(action, counterparty), probes: {} };
}

function stated(action: Action, counterparty: ((action: Action) => string | undefined) | undefined): string | null {
  try {
    const id = counterparty?.(action);
    return typeof id === "string" && id !== "" ? id : null;
  } catch {
    return null;
  }
}
