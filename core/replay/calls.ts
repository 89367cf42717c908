import type { AuditEnvelope, AuditPayload } from "../model/audit.ts";
import type { Store } from "../store/store.ts";

/** Which of the recorded calls. Times in epoch milliseconds; `until` is not part of it. */
export interface CallFilter {
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly tenant?: string | undefined;
  readonly agent?: string | undefined;
  readonly tool?: string | undefined;
}

/**
 * What the log says of one decision: a line `decided`, or a line `granted` of a call that was decided anew when a person's yes was
 * used.
 */
export type DecidedLine = AuditPayload & AuditEnvelope & { readonly at: number };

const PAGE = 1_000;

/**
 * The decisions that the log tells of, stream by stream, page by page. Leave that was given with the decision is told of by two lines
 * of one `decision_id`, of which the first counts.
 */
export async function* decisionsIn(store: Store, filter: CallFilter): AsyncGenerator<readonly DecidedLine[]> {
  for (const stream of await store.streams()) {
    let last: string | undefined;
    for (let from = 0; ;) {
      const lines = await store.lines(stream, from, PAGE);
      const decided = lines.flatMap(({ line }) => {
        const found = decidedIn(line);
        if (found === undefined || (found.type === "granted" && found.decision_id === last)) return [];
        last = found.decision_id;
        return isWanted(found, filter) ? [found] : [];
      });
      if (decided.length > 0) yield decided;
      if (lines.length < PAGE) break;
      from = (lines.at(-1)?.seq ?? from) + 1;
    }
  }
}

/** Undefined for a line of another kind. What cannot be read is `leash log verify`'s to find. */
function decidedIn(line: string): DecidedLine | undefined {
  // Most lines are of other kinds, and need not be parsed to see that.
  if (!line.includes('"type":"decided"') && !line.includes('"type":"granted"')) return undefined;
  try {
    const { ts, ...record } = JSON.parse(line) as AuditPayload & AuditEnvelope & { readonly ts: string };
    const isOne = record.type === "decided" || record.type === "granted";
    return isOne ? { ...record, at: Date.parse(ts) } : undefined;
  } catch {
    return undefined;
  }
}

function isWanted(line: DecidedLine, { agent, since, tenant, tool, until }: CallFilter): boolean {
  if (since !== undefined && line.at < since) return false;
  if (until !== undefined && line.at >= until) return false;
  if (tenant !== undefined && line.tenant !== tenant) return false;
  if (agent !== undefined && line.actor_id !== agent) return false;
  return tool === undefined || line.action_type === tool;
}
