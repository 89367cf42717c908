import { LeashError } from "../errors.ts";
import type { Mode } from "../model/effect.ts";
import type { Policy } from "../model/policy.ts";
import { missingFor } from "./demands.ts";
import type { ObligationHandlers } from "./obligations.ts";

/** A policy that uses what is not here would deny, or forget, what its author counts on: it does not start. */
export function refuseUnmet(policy: Policy, mode: Mode, handlers: ObligationHandlers): void {
  const missing = mode === "enforce" ? missingFor(policy, handlers) : undefined;
  if (missing === undefined) return;
  throw new LeashError("LEASH_CONFIG_INVALID", `The policy needs ${missing.what}, and there is none. ${missing.help}`);
}
