import { type Approval, type Desk, domainDigest, isLeashError, type Json } from "@leashkit/core";
import { count, type Machine, violate, type World } from "./world.ts";

/** Who answers, and for whom. */
export const PEOPLE = ["ann", "bob", "eve"] as const;
export const TENANTS = ["acme", "umbra"] as const;

/** For whom a person looks at what waits: mostly for somebody for whom something may. */
export function tenantFor({ random, wanted }: World): string {
  return random.integer(6) === 0 ? random.pick(TENANTS) : random.pick(wanted).principal.tenant;
}

export function deskOf(machine: Machine, tenant: string, person: string, isProven: boolean): Desk | undefined {
  const proof = isProven ? ({ method: "passkey", assurance: "step_up" } as const) : {};
  return machine.leash?.as({ tenant }).desk({ id: person, ...proof });
}

/** What a person reads on the card, as they would compute it themselves. */
export function digestShown({ principal: { agent, subject, tenant }, tool }: Approval, input: Json): string {
  return domainDigest("leashkit/action/1", { v: 1, tenant, agent, subject, tool, input });
}

const ANSWERS = [
  "LEASH_DENIED",
  "LEASH_EXPIRED",
  "LEASH_STORE_UNAVAILABLE",
  "LEASH_CONFIG_INVALID",
  "LEASH_INPUT_INVALID",
] as const;

export function checkDeskError(world: World, error: unknown): void {
  const isExpected = ANSWERS.some((code) => isLeashError(error, code));
  count(world, `desk said ${isLeashError(error) ? error.code : "something else"}`);
  if (!isExpected) violate(world, "I4", `a desk threw ${String(error)}`);
}
