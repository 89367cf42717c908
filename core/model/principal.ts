/** On whose behalf a call is made, by which agent, through which parent agents. Part of every key, record and token. */
export interface Principal {
  /** The customer or installation that owns all rows; calls of two tenants never meet. */
  readonly tenant: string;
  /** The person or account for whom the agent acts. */
  readonly subject: string;
  /** The agent that proposes the call. */
  readonly agent: string;
  /** The agents above it, outermost first; empty for an agent of its own. */
  readonly chain: readonly string[];
}

/** A principal's part in every key: who it is and on whose behalf, parents included. */
export function principalKey({
  tenant,
  subject,
  agent,
  chain,
}: Principal): readonly [string, string, string, readonly string[]] {
  return [tenant, subject, agent, chain];
}
