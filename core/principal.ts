import { LeashError } from "./errors.ts";
import type { Principal } from "./model/principal.ts";

/** @throws {LeashError} `LEASH_CONFIG_INVALID` for a name that is empty. */
export function completePrincipal(base: Principal, given: Partial<Principal> = {}): Principal {
  const merged = { ...base, ...given };
  const principal = { ...merged, chain: Object.freeze([...merged.chain]) };
  for (const name of ["tenant", "subject", "agent"] as const) {
    if (typeof principal[name] !== "string" || principal[name].trim() === "") {
      throw new LeashError(
        "LEASH_CONFIG_INVALID",
        `The principal's ${name} is empty. Name it: keys, records and proofs carry it.`,
      );
    }
  }
  return Object.freeze(principal);
}
