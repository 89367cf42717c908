import type { Kind, LogLine, Row } from "@leashkit/core";
import { LeashError } from "@leashkit/core";
import { createBatcher, isStorable, type PreparedQuery } from "@leashkit/core/store";
import type { Columns, Database, RunQuery } from "./database.ts";
import { persist } from "./failures.ts";

/** A row, and the latest time written when it was read. */
export interface ReadRow {
  readonly row: Row;
  readonly latestTime: number;
}

/** What a row is found by. */
export interface Key {
  readonly kind: Kind;
  readonly id: string;
}

/** What a store reads. */
export interface Reader {
  row(kind: Kind, id: string): Promise<ReadRow | undefined>;
  rows(kind: Kind, query: PreparedQuery): Promise<readonly ReadRow[]>;
  /** Versions of rows in their order, 0 where one is absent. */
  versions(rows: readonly Key[]): Promise<readonly number[]>;
  latestTime(): Promise<number>;
  streams(): Promise<readonly string[]>;
  lines(stream: string, from: number, limit: number): Promise<readonly LogLine[]>;
}

/** What no row has as its id is not asked for: PostgreSQL refuses U+0000, and half a character would become another id. */
export function createReader(database: Database): Reader {
  const sql = statements(database.quotedSchema);
  // Where a server's default isolation is serializable, a read can lose a race too.
  const query: RunQuery = (text, ...values) => persist(() => database.query(text, ...values));
  // Gates in flight ask for single rows all the time: together they need one connection and one round trip.
  const single = createBatcher(async (asked: readonly Key[]): Promise<readonly (Columns | undefined)[]> => {
    const found = await query(sql.rowsById, ...columnsOf(asked));
    const byPlace = new Map(found.map((columns) => [numberIn(columns, "place"), columns]));
    return asked.map((_, index) => byPlace.get(index + 1));
  });
  return {
    row: async (kind, id) => {
      const columns = isStorable(id) ? await single.submit({ kind, id }) : undefined;
      return columns === undefined ? undefined : toRow(kind, columns);
    },
    rows: async (kind, { by, after, limit }) => {
      if (by !== undefined && !isStorable(by)) return [];
      // Ids hold no U+0000, so none lies between what stands before one and what follows it.
      const [start] = after.toWellFormed().split("\0", 1);
      const found =
        by === undefined
          ? await query(sql.rows, kind, start, limit)
          : await query(sql.rowsByKey, kind, by, start, limit);
      return found.map((columns) => toRow(kind, columns));
    },
    versions: async (rows) => {
      const asked = rows.filter(({ id }) => isStorable(id));
      const found = await query(sql.versions, ...columnsOf(asked));
      const versions = new Map(asked.map((row, index) => [row, numberIn(found[index], "version")]));
      return rows.map((row) => versions.get(row) ?? 0);
    },
    latestTime: async () => numberIn((await query(sql.latestTime))[0], "latest_time"),
    streams: async () => (await query(sql.streams)).map((columns) => textIn(columns, "stream")),
    lines: async (stream, from, limit) => {
      const start = Number.isFinite(from) ? Math.max(0, Math.ceil(from)) : 0;
      const found = isStorable(stream) ? await query(sql.lines, stream, start, limit) : [];
      return found.map((columns) => ({ stream, seq: numberIn(columns, "seq"), line: textIn(columns, "line") }));
    },
  };
}

// Every read of a row brings the latest time written, so that no row is ever from the reader's future. Version 0 is none: see
// write.ts.
function statements(schema: string) {
  const latestTime = `(SELECT max(latest_time) FROM ${schema}.clock)::text AS latest_time`;
  // By way of SELECT, so that plans do not depend on how many are asked for and are made once.
  // Made over an empty table they last: what may be joined as a whole would be read as a whole when it has grown.
  const unnested = "unnest((SELECT $1::text[]), (SELECT $2::text[])) WITH ORDINALITY";
  const row = `
    SELECT id, version::text AS version, by_key, due_at::text AS due_at, body, ${latestTime} FROM ${schema}.rows`;
  return {
    rowsById: `
      SELECT e.place::text AS place, r.id, r.version::text AS version, r.by_key, r.due_at::text AS due_at, r.body, ${latestTime}
      FROM ${unnested} AS e(kind, id, place)
      CROSS JOIN LATERAL (SELECT * FROM ${schema}.rows WHERE kind = e.kind AND id = e.id AND version > 0 LIMIT 1) r`,
    rows: `${row} WHERE kind = $1 AND id > $2 AND version > 0 ORDER BY id LIMIT $3`,
    rowsByKey: `${row} WHERE kind = $1 AND by_key = $2 AND id > $3 AND version > 0 ORDER BY id LIMIT $4`,
    versions: `
      SELECT coalesce((SELECT r.version FROM ${schema}.rows r WHERE r.kind = e.kind AND r.id = e.id), 0)::text AS version
      FROM ${unnested} AS e(kind, id, place) ORDER BY e.place`,
    latestTime: `SELECT ${latestTime}`,
    lines: `
      SELECT l.seq::text AS seq, l.line FROM ${schema}.log l WHERE l.stream = $1 AND l.seq >= $2 ORDER BY l.seq LIMIT $3`,
    // One step of the index for each stream, not one for each line.
    streams: `
      WITH RECURSIVE steps(stream) AS (
        (SELECT stream FROM ${schema}.log ORDER BY stream LIMIT 1)
        UNION ALL
        SELECT (SELECT l.stream FROM ${schema}.log l WHERE l.stream > steps.stream ORDER BY l.stream LIMIT 1)
        FROM steps WHERE steps.stream IS NOT NULL
      )
      SELECT stream FROM steps WHERE stream IS NOT NULL ORDER BY stream`,
  } as const;
}

function columnsOf(keys: readonly Key[]): [kinds: readonly string[], ids: readonly string[]] {
  return [keys.map(({ kind }) => kind), keys.map(({ id }) => id)];
}

function toRow(kind: Kind, columns: Columns): ReadRow {
  const row: Row = {
    kind,
    id: textIn(columns, "id"),
    version: numberIn(columns, "version"),
    by: columns["by_key"] === null ? null : textIn(columns, "by_key"),
    dueAt: columns["due_at"] === null ? null : numberIn(columns, "due_at"),
    body: parseBody(kind, textIn(columns, "body")),
  };
  return { row, latestTime: numberIn(columns, "latest_time") };
}

function parseBody(kind: Kind, text: string): Row["body"] {
  try {
    const body: Row["body"] = JSON.parse(text);
    return body;
  } catch (cause) {
    throw damaged(`the body of a row of kind ${kind} is not JSON`, cause);
  }
}

export function textIn(columns: Columns, name: string): string {
  const value = columns[name];
  if (typeof value === "string") return value;
  throw damaged(`the column ${name} holds no text`);
}

/** A whole number that was asked for as text. */
export function numberIn(columns: Columns | undefined, name: string): number {
  return toNumber(columns?.[name], name);
}

export function toNumber(text: unknown, name: string): number {
  const value = typeof text === "string" && text !== "" ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw damaged(`the column ${name} holds no whole number`);
}

export function damaged(problem: string, cause?: unknown): LeashError {
  return new LeashError(
    "LEASH_STORE_UNAVAILABLE",
    `The store holds something it never wrote: ${problem}. Something else changed the database, or it is damaged: restore it from a backup.`,
    { cause },
  );
}
