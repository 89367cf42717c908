import { agentOf, type LogEntry, type LogFilter, readRecord, type SinkLine } from "@leashkit/core";
import type { Database } from "../database.ts";
import { numberIn, textIn } from "../rows.ts";

// `synchronous_commit` is looked at when the statement's own transaction commits, so it may be set here; remote_apply is even
// stricter than on.
const insertInto = (schema: string): string => `
  WITH added AS (
    INSERT INTO ${schema}.leashkit_log (stream, seq, ts, type, tenant, owner, agent, tool, decision, line)
    SELECT * FROM unnest(
      $1::text[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[]
    ) ON CONFLICT (stream, seq) DO NOTHING
  ) SELECT set_config('synchronous_commit',
    CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, true)`;

/** Adds lines, durable when it resolves; one that is there stays as it is. */
export async function insertLines({ query, quotedSchema }: Database, lines: readonly SinkLine[]): Promise<void> {
  const records = lines.map((line) => readRecord(line));
  await query(
    insertInto(quotedSchema),
    lines.map(({ stream }) => stream),
    lines.map(({ seq }) => seq),
    records.map(({ ts }) => ts),
    records.map(({ type }) => type),
    records.map(({ tenant }) => storable(tenant)),
    records.map(({ subject }) => storable(subject)),
    records.map((record) => storable(agentOf(record))),
    records.map(({ action_type }) => storable(action_type)),
    records.map(({ decision }) => storable(decision)),
    lines.map(({ line }) => line),
  );
}

/** PostgreSQL has no zero character in its texts. In the line itself it stands escaped. */
function storable(text: string | undefined): string | null {
  return text?.replaceAll("\0", "\u{FFFD}") ?? null;
}

/** The seq behind the last line of a stream. */
export async function nextSeq({ query, quotedSchema }: Database, stream: string): Promise<number> {
  const [row] = await query(
    `SELECT coalesce(max(seq) + 1, 0)::text AS next FROM ${quotedSchema}.leashkit_log WHERE stream = $1`,
    stream,
  );
  return numberIn(row, "next");
}

const PAGE = 500;

const selectFrom = (schema: string): string => `
  SELECT stream, seq::text AS seq, line FROM ${schema}.leashkit_log AS l
  WHERE (l.stream, l.seq) > ($1::text, $2::bigint)
    AND ($3::text IS NULL OR tenant = $3) AND ($4::text IS NULL OR owner = $4) AND ($5::text IS NULL OR agent = $5)
    AND ($6::text IS NULL OR tool = $6) AND ($7::text IS NULL OR decision = $7) AND ($8::text IS NULL OR type = $8)
    AND ($9::timestamptz IS NULL OR ts >= $9) AND ($10::timestamptz IS NULL OR ts < $10)
  ORDER BY l.stream, l.seq LIMIT ${PAGE}`;

/** The lines that fit, stream by stream, each in its order. */
export async function* selectLines(
  { query, quotedSchema }: Database,
  { agent, decision, from, owner, tenant, to, tool, type }: LogFilter,
): AsyncGenerator<LogEntry> {
  const wanted = [tenant, owner, agent, tool, decision, type].map(storable);
  const times = [from, to].map((time) => (time === undefined ? null : new Date(time).toISOString()));
  for (let after: readonly [string, number] = ["", -1]; ;) {
    const rows = await query(selectFrom(quotedSchema), ...after, ...wanted, ...times);
    for (const row of rows) {
      const line = { stream: textIn(row, "stream"), seq: numberIn(row, "seq"), line: textIn(row, "line") };
      yield { ...line, record: readRecord(line) };
      after = [line.stream, line.seq];
    }
    if (rows.length < PAGE) return;
  }
}
