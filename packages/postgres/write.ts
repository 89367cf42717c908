import { EMPTY_HEAD, hashOf, type Head } from "@leashkit/core/store";
import type { Kind } from "@leashkit/core";
import { channelOf } from "./channel.ts";
import type { Columns, Database } from "./database.ts";
import { damaged, numberIn, textIn, toNumber } from "./rows.ts";
import { CLOCK_SLOTS } from "./schema.ts";

/** One row that a batch of commits asks for. */
export interface RowWrite {
  readonly kind: Kind;
  readonly id: string;
  /** The version it is taken to have, 0 for absent. */
  readonly base: number;
  /** What it will be; `becomes` null for a row that is only asked for. `body` null is absence. */
  readonly becomes: {
    readonly version: number;
    readonly by: string | null;
    readonly dueAt: number | null;
    readonly body: string | null;
  } | null;
}

/** One batch of commits, worked out over what is taken to stand in the database. */
export interface Write {
  /** In order of kind and id: two transactions that wait for each other's rows would be undone. */
  readonly rows: readonly RowWrite[];
  /** Where the streams written to are taken to end. */
  readonly heads: readonly { readonly stream: string; readonly head: Head }[];
  readonly lines: readonly { readonly stream: string; readonly line: string; readonly head: Head }[];
  /** Epoch milliseconds, date of the lines. */
  readonly time: number;
}

/** What stood in the database. */
export interface Answer {
  /** True: everything was as it was taken to be and all of the batch is written. False: nothing is. */
  readonly written: boolean;
  readonly latestTime: number;
  /** In the order of the rows. */
  readonly versions: readonly number[];
  /** In the order of the heads. */
  readonly heads: readonly Head[];
}

/**
 * Gives a function that writes a batch durably, all or nothing, if every row it changes, every stream it writes to and the
 * latest time are as they are taken to be. One statement, so one transaction and one round trip, and no lock outlives a
 * client that stops in the middle. Throws where another transaction changed a row or a stream while this one ran
 * (`isLostRace`); then nothing was written.
 */
export function createWrite(database: Database): (write: Write) => Promise<Answer> {
  const { query, quotedSchema, schema } = database;
  const text = statement(quotedSchema);
  const [slot, channel] = [Math.floor(Math.random() * CLOCK_SLOTS), channelOf(schema)];
  return async ({ rows, heads, lines, time }) => {
    const [columns] = await query(
      text,
      rows.map(({ kind }) => kind),
      rows.map(({ id }) => id),
      rows.map(({ base }) => base),
      rows.map(({ becomes }) => becomes !== null),
      rows.map(({ becomes }) => becomes?.version ?? null),
      rows.map(({ becomes }) => becomes?.by ?? null),
      rows.map(({ becomes }) => becomes?.dueAt ?? null),
      rows.map(({ becomes }) => becomes?.body ?? null),
      heads.map(({ stream }) => stream),
      heads.map(({ head }) => tailOf(head)),
      lines.map(({ stream }) => stream),
      lines.map(({ head }) => head.seq - 1),
      lines.map(({ line }) => line),
      time,
      slot,
      channel,
    );
    if (columns === undefined) throw damaged("the clock is gone");
    return toAnswer(columns, heads);
  };
}

/**
 * Rows of version 0 stand for absence. They are written where a commit demands that a row is absent and does not create it,
 * so that of two commits that each demand the absence of what the other creates only one is written. `sweep` removes them.
 */
export async function sweep({ query, quotedSchema }: Database, rows: readonly RowWrite[]): Promise<void> {
  await query(
    `DELETE FROM ${quotedSchema}.rows r USING unnest($1::text[], $2::text[]) AS e(kind, id)
     WHERE r.kind = e.kind AND r.id = e.id AND r.version = 0`,
    rows.map(({ kind }) => kind),
    rows.map(({ id }) => id),
  );
}

/** Rows of one batch above which listeners are told to look at everything. */
const MOST_NOTIFIED = 500;

// `input` is the batch; `verdict` compares it with what this statement sees. Should a transaction that this one does not see
// change a row before it does, the row is passed over; `all_or_nothing` finds that out and undoes everything by dividing by 0.
// A line that another wrote first violates the log's primary key. `synchronous_commit` is looked at when the statement's own
// transaction commits, so it may be set here; remote_apply is even stricter than on.
function statement(schema: string): string {
  return `${comparison(schema)}${changes(schema)}
    SELECT
      holds, latest_time::text AS latest_time, array_to_string(versions, ',') AS versions, to_json(tails)::text AS tails,
      set_config('synchronous_commit',
        CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, true),
      (SELECT count(pg_notify($16::text, CASE WHEN cardinality($1::text[]) > ${MOST_NOTIFIED} THEN '' ELSE e.kind || ' ' || e.id END))
        FROM input e WHERE holds AND e.touched),
      1 / CASE WHEN holds AND
        (SELECT count(*) FROM inserted) + (SELECT count(*) FROM updated) + (SELECT count(*) FROM deleted)
        <> (SELECT count(*) FROM input e WHERE e.touched)
      THEN 0 ELSE 1 END AS all_or_nothing
    FROM verdict`;
}

function comparison(schema: string): string {
  return `
    WITH input AS MATERIALIZED (
      SELECT * FROM unnest(
        (SELECT $1::text[]), (SELECT $2::text[]), (SELECT $3::bigint[]), (SELECT $4::boolean[]),
        (SELECT $5::bigint[]), (SELECT $6::text[]), (SELECT $7::bigint[]), (SELECT $8::text[])
      ) WITH ORDINALITY AS e(kind, id, base, touched, version, by_key, due_at, body, place)
    ), found AS MATERIALIZED (
      SELECT
        (SELECT max(latest_time) FROM ${schema}.clock) AS latest_time,
        ARRAY(
          SELECT coalesce((SELECT r.version FROM ${schema}.rows r WHERE r.kind = e.kind AND r.id = e.id), 0)
          FROM input e ORDER BY e.place
        ) AS versions,
        ARRAY(
          SELECT coalesce((
            SELECT l.seq::text || right(l.line, 75) FROM ${schema}.log l WHERE l.stream = e.stream ORDER BY l.seq DESC LIMIT 1
          ), '') FROM unnest((SELECT $9::text[])) WITH ORDINALITY AS e(stream, place) ORDER BY e.place
        ) AS tails
    ), verdict AS MATERIALIZED (
      SELECT latest_time, versions, tails, latest_time <= $14::bigint AND tails = $10::text[] AND NOT EXISTS (
        SELECT FROM unnest(versions, (SELECT $3::bigint[]), (SELECT $4::boolean[])) AS e(version, base, touched)
        WHERE e.touched AND e.version <> e.base
      ) AS holds FROM found`;
}

function changes(schema: string): string {
  return `
    ), inserted AS (
      INSERT INTO ${schema}.rows AS r (kind, id, version, by_key, due_at, body)
      SELECT e.kind, e.id, e.version, e.by_key, e.due_at, coalesce(e.body, '')
      FROM verdict CROSS JOIN input e WHERE verdict.holds AND e.touched AND e.base = 0
      ON CONFLICT (kind, id) DO UPDATE SET
        version = excluded.version, by_key = excluded.by_key, due_at = excluded.due_at, body = excluded.body
      WHERE r.version = 0 RETURNING 1
    ), updated AS (
      UPDATE ${schema}.rows r SET version = e.version, by_key = e.by_key, due_at = e.due_at, body = e.body
      FROM verdict CROSS JOIN input e
      WHERE verdict.holds AND e.touched AND e.base > 0 AND e.body IS NOT NULL
        AND r.kind = e.kind AND r.id = e.id AND r.version = e.base RETURNING 1
    ), deleted AS (
      DELETE FROM ${schema}.rows r USING verdict CROSS JOIN input e
      WHERE verdict.holds AND e.touched AND e.base > 0 AND e.body IS NULL
        AND r.kind = e.kind AND r.id = e.id AND r.version = e.base RETURNING 1
    ), logged AS (
      INSERT INTO ${schema}.log (stream, seq, line)
      SELECT e.stream, e.seq, e.line
      FROM verdict CROSS JOIN unnest((SELECT $11::text[]), (SELECT $12::bigint[]), (SELECT $13::text[])) AS e(stream, seq, line)
      WHERE verdict.holds
    ), dated AS (
      UPDATE ${schema}.clock c SET latest_time = greatest(c.latest_time, $14::bigint)
      FROM verdict WHERE verdict.holds AND c.slot = $15::integer
    )`;
}

/** Number and end of a stream's last line, as the statement cuts it off; nothing for a stream without lines. */
function tailOf({ seq, hash }: Head): string {
  return seq === 0 ? "" : `${seq - 1},"hash":"${hash}"}`;
}

function toAnswer(columns: Columns, asked: Write["heads"]): Answer {
  const versions = textIn(columns, "versions");
  const tails: unknown = JSON.parse(textIn(columns, "tails"));
  if (!Array.isArray(tails)) throw damaged("the ends of the streams are no list");
  return {
    written: columns["holds"] === true,
    latestTime: numberIn(columns, "latest_time"),
    versions: versions === "" ? [] : versions.split(",").map((version) => toNumber(version, "version")),
    heads: asked.map(({ stream }, index) => headIn(stream, String(tails[index]))),
  };
}

function headIn(stream: string, tail: string): Head {
  if (tail === "") return EMPTY_HEAD;
  const hash = hashOf(tail);
  if (hash === undefined) throw damaged(`the last line of the stream ${stream} has no hash`);
  return { seq: toNumber(tail.slice(0, tail.indexOf(",")), "seq") + 1, hash };
}
