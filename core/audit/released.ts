import type { GivenBack } from "../limits/readings.ts";
import type { AuditRecord } from "../model/audit.ts";

/** A call gave back what it had reserved of limits: told with what says that it had no effect, by the same actor. */
export function releasedRecords(cause: AuditRecord | undefined, given: readonly GivenBack[]): AuditRecord[] {
  if (cause === undefined) return [];
  const { envelope, payload } = cause;
  const { action_type, actor_id, actor_type, digest, subject, tenant } = payload;
  return given.map(({ amount, rule }) => ({
    payload: {
      type: "limit.settled",
      tenant,
      actor_type,
      actor_id,
      action_type,
      rule,
      digest,
      detail: `${amount} given back`,
      subject,
    },
    envelope,
  }));
}
