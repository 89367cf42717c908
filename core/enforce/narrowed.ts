import { domainDigest } from "../digest.ts";
import { LeashError } from "../errors.ts";
import type { Narrowed, Narrowing } from "../model/leash.ts";
import type { Principal } from "../model/principal.ts";
import { completePrincipal } from "../principal.ts";
import type { Scope } from "./context.ts";
import { refuseUnmet } from "./unmet.ts";

/** A child may do at most what its parents may; nothing widens on the way down. */
export function narrowed(scope: Scope, limits: Narrowing): Scope {
  const { context, principal } = scope;
  if (limits.policy !== undefined && typeof limits.policy.evaluate !== "function") {
    throw new LeashError(
      "LEASH_CONFIG_INVALID",
      "The policy of a narrowed leash is none: it cannot evaluate. Pass a compiled one, `await loadPolicy(text)`.",
    );
  }
  if (limits.policy !== undefined) refuseUnmet(limits.policy, "enforce", context.obligations);
  const child =
    limits.agent === undefined
      ? principal
      : completePrincipal(principal, { agent: limits.agent, chain: [...principal.chain, principal.agent] });
  const added: Narrowed = { ...limits, space: spaceOf(child, limits) };
  return { ...scope, principal: child, narrowings: [...scope.narrowings, added] };
}

/** By what is the same in every process and after a restart: the agents down to the child, and the text of its policy. */
function spaceOf({ agent, chain }: Principal, { policy }: Narrowing): string {
  return `${domainDigest("leashkit/child/1", { agents: [...chain, agent], policy: policy?.digest ?? null })}/`;
}
