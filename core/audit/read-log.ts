import type { AuditEnvelope, AuditPayload, RecordType } from "../model/audit.ts";
import { LeashError } from "../errors.ts";
import type { LogLine, Store } from "../store/store.ts";
import { readInTime } from "./in-time.ts";

/** What a line of the log says. */
export interface LogRecord extends AuditPayload, AuditEnvelope {
  readonly v: 1;
  readonly stream: string;
  readonly seq: number;
  /** ISO 8601, UTC, with milliseconds. */
  readonly ts: string;
  readonly prev: string;
  readonly hash: string;
}

/** A line of the log, and what it says. */
export interface LogEntry extends LogLine {
  readonly record: LogRecord;
}

/** Which lines are wanted: those that fit every member. */
export interface LogFilter {
  readonly tenant?: string | undefined;
  /** On whose behalf the agent acted. */
  readonly owner?: string | undefined;
  /** The agent that acted, or whose call it was. */
  readonly agent?: string | undefined;
  readonly tool?: string | undefined;
  readonly decision?: AuditPayload["decision"];
  readonly type?: RecordType | undefined;
  /** Epoch milliseconds, inclusive. */
  readonly from?: number | undefined;
  /** Epoch milliseconds, exclusive. */
  readonly to?: number | undefined;
}

/**
 * The lines of a stored log that fit a filter, in the order of their time over all streams; those of one millisecond by stream and
 * `seq`. It is read page by page, and nothing is verified.
 * @throws {LeashError} `LEASH_STORE_UNAVAILABLE` when the store cannot be read, `LEASH_LOG_INVALID` for a line that is no JSON.
 * @example for await (const { record } of readLog(store, { tool: "purchase", decision: "DENY" })) console.log(record.ts);
 */
export async function* readLog(store: Store, filter: LogFilter = {}): AsyncGenerator<LogEntry> {
  for await (const entry of readInTime(store, entryOf)) if (isWanted(entry.record, filter)) yield entry;
}

function entryOf(line: LogLine): LogEntry {
  return { ...line, record: readRecord(line) };
}

/** @throws {LeashError} `LEASH_LOG_INVALID` for a line that is no JSON object. */
export function readRecord({ line, seq, stream }: LogLine): LogRecord {
  try {
    const record: unknown = JSON.parse(line);
    // Lines are written by `link` alone; whether somebody changed them is for the verifier to find.
    if (typeof record === "object" && record !== null) return record as LogRecord;
  } catch {
    // Told below.
  }
  const place = `line ${seq} of stream ${JSON.stringify(stream)}`;
  throw new LeashError("LEASH_LOG_INVALID", `The log's ${place} is no JSON object. Run \`leash log verify\`.`);
}

/** The agent that a record is about, undefined where it is about none. */
export function agentOf({ actor_id, actor_type, agent }: LogRecord): string | undefined {
  return actor_type === "agent" ? actor_id : agent;
}

function isWanted(record: LogRecord, { agent, from, to, tool, type, decision, owner, tenant }: LogFilter): boolean {
  const time = from === undefined && to === undefined ? 0 : Date.parse(record.ts);
  return (
    (tenant === undefined || record.tenant === tenant) &&
    (owner === undefined || record.subject === owner) &&
    (agent === undefined || agentOf(record) === agent) &&
    (tool === undefined || record.action_type === tool) &&
    (decision === undefined || record.decision === decision) &&
    (type === undefined || record.type === type) &&
    (from === undefined || time >= from) &&
    (to === undefined || time < to)
  );
}
