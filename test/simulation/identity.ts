import { domainDigest } from "@leashkit/core";
import { principalOf, type Wanted } from "./world.ts";

/** The digest of a call as it is proposed, worked out as the design says. */
export function digestOf(wanted: Wanted): string {
  const { agent, subject, tenant } = principalOf(wanted);
  const { input, tool } = wanted;
  return domainDigest("leashkit/action/1", { v: 1, tenant, agent, subject, tool, input });
}

/** The journal row of a call that has an identity, as the design says it is named. */
export function journalIdOf(wanted: Wanted): string {
  const { agent, chain, subject, tenant } = principalOf(wanted);
  const { name, session, tool } = wanted;
  const key = [tenant, subject, agent, chain, session ?? null, "thread", name, 0, tool];
  return `${domainDigest("leashkit/call-key/1", key)}.${digestOf(wanted)}`;
}
