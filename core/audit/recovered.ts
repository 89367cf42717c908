import { uuidv8 } from "../ids.ts";
import type { AuditRecord } from "../model/audit.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { Principal } from "../model/principal.ts";

/**
 * A run was found that nobody runs any more, and it is repeated. `decision_id` is that of the attempt that was cut off: the line that
 * gave it leave stands in the stream of the process that is gone.
 */
export function recoveredRecord(principal: Principal, cutOff: JournalEntry): AuditRecord {
  const { approvalId, attempt, attemptId, callKey, finalDigest, tool } = cutOff;
  return {
    payload: {
      type: "recovered",
      tenant: principal.tenant,
      actor_type: "system",
      actor_id: "leash",
      action_type: tool,
      digest: finalDigest,
      detail: `attempt ${attempt} was cut off and is repeated`,
      subject: principal.subject,
      agent: principal.agent,
    },
    envelope: {
      action_id: uuidv8(callKey),
      decision_id: attemptId ?? undefined,
      approval_id: approvalId ?? undefined,
    },
  };
}
