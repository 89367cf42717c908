import type { AuditRecord } from "../model/audit.ts";
import type { UnguardedOptions } from "../model/gate.ts";
import type { Principal } from "../model/principal.ts";

/** A tool was started which no gate stands before, as an adapter heard. */
export function unguardedRecord(
  { agent, subject, tenant }: Principal,
  tool: string | undefined,
  { adapter, stopped = false, traceId }: UnguardedOptions,
): AuditRecord {
  return {
    payload: {
      type: "unguarded",
      tenant,
      actor_type: "agent",
      actor_id: agent,
      action_type: tool,
      detail: stopped ? "stopped before it worked" : "not stopped",
      subject,
    },
    envelope: { adapter, trace_id: traceId },
  };
}
