import { LeashError } from "../errors.ts";
import type { Json } from "../model/json.ts";
import { EMPTY_HEAD, hashOf, type Head, linkText } from "./chain.ts";
import { COMMITTED, type CommitRequest, type PreparedChange, type PreparedQuery } from "./request.ts";
import type { SqlRow } from "./driver.ts";
import type { SqliteFile } from "./sqlite-file.ts";
import type { CommitResult, Kind, LogLine, Row } from "./store.ts";

// Every read of a row brings the latest time written, so that no row is ever from the reader's future.
const ROW = `
  SELECT id, version, by_key, due_at, body, (SELECT value FROM meta WHERE key = 'latest_time') AS latest_time FROM "rows"`;
const ROW_BY_ID = `${ROW} WHERE kind = ? AND id = ?`;
const ROWS = `${ROW} WHERE kind = ? AND id > ? ORDER BY id LIMIT ?`;
const ROWS_BY_KEY = `${ROW} WHERE kind = ? AND by_key = ? AND id > ? ORDER BY id LIMIT ?`;
const VERSION = `SELECT version FROM "rows" WHERE kind = ? AND id = ?`;
const ADD = `
  INSERT INTO "rows" (kind, id, version, by_key, due_at, body) VALUES (?, ?, 1, ?, ?, ?) ON CONFLICT (kind, id) DO NOTHING`;
const CHANGE = `
  UPDATE "rows" SET version = version + 1, by_key = ?, due_at = ?, body = ? WHERE kind = ? AND id = ? AND version = ?`;
const DELETE = `DELETE FROM "rows" WHERE kind = ? AND id = ? AND version = ?`;
const LATEST_TIME = "SELECT value FROM meta WHERE key = 'latest_time'";
const SET_LATEST_TIME = "UPDATE meta SET value = ? WHERE key = 'latest_time'";
const LAST_LINE = "SELECT seq, line FROM log WHERE stream = ? ORDER BY seq DESC LIMIT 1";
// What a write must know before it begins, in one statement: each costs microseconds, whatever it does.
const BEFORE_WRITE = `
  SELECT seq, line, (${LATEST_TIME}) AS latest_time FROM log WHERE stream = ? ORDER BY seq DESC LIMIT 1`;
const LINES = "SELECT seq, line FROM log WHERE stream = ? AND seq >= ? ORDER BY seq LIMIT ?";
const NEXT_STREAM = "SELECT stream FROM log WHERE stream > ? ORDER BY stream LIMIT 1";
const DATA_VERSION = "PRAGMA data_version";

/** A row, and the latest time written when it was read. */
export interface ReadRow {
  readonly row: Row;
  readonly latestTime: number;
}

export function readRow(file: SqliteFile, kind: Kind, id: string): ReadRow | undefined {
  const columns = file.get(ROW_BY_ID, kind, id);
  return columns === undefined ? undefined : toRow(kind, columns);
}

export function listRows(file: SqliteFile, kind: Kind, query: PreparedQuery): readonly ReadRow[] {
  const { by, after, limit } = query;
  const found = by === undefined ? file.all(ROWS, kind, after, limit) : file.all(ROWS_BY_KEY, kind, by, after, limit);
  return found.map((columns) => toRow(kind, columns));
}

/** The version of a row, 0 when it is absent. */
export function readVersion(file: SqliteFile, kind: Kind, id: string): number {
  const columns = file.get(VERSION, kind, id);
  return columns === undefined ? 0 : numberIn(columns, "version");
}

/** Changes whenever another connection has committed, in this process or another. */
export function readDataVersion(file: SqliteFile): number {
  return numberIn(file.get(DATA_VERSION), "data_version");
}

export function readLatestTime(file: SqliteFile): number {
  return numberIn(file.get(LATEST_TIME), "value");
}

export function readLines(file: SqliteFile, stream: string, from: number, limit: number): readonly LogLine[] {
  return file
    .all(LINES, stream, from, limit)
    .map((columns) => ({ stream, seq: numberIn(columns, "seq"), line: textIn(columns, "line") }));
}

/** One step of the index for each stream, not one for each line. */
export function readStreams(file: SqliteFile): readonly string[] {
  const streams: string[] = [];
  for (let next = file.get(NEXT_STREAM, ""); next !== undefined; next = file.get(NEXT_STREAM, streams.at(-1) ?? "")) {
    streams.push(textIn(next, "stream"));
  }
  return streams;
}

/**
 * Writes many commits in one durable transaction, in order; each sees those before it, and one whose expectations do not
 * hold refuses only itself. What this throws has undone all of them.
 * @param date gives the time of the write, given the latest time written so far.
 */
export function writeCommits(
  file: SqliteFile,
  requests: readonly CommitRequest[],
  date: (latestTime: number) => number,
): readonly CommitResult[] {
  return file.transaction(() => {
    const stream = requests.find(({ records }) => records.length > 0)?.stream ?? "";
    const before = file.get(BEFORE_WRITE, stream);
    const latestTime = before === undefined ? readLatestTime(file) : numberIn(before, "latest_time");
    const time = date(latestTime);
    const log: Log = { time, heads: new Map([[stream, headOf(stream, before)]]), lines: [] };
    const results = requests.map((request) => writeCommit(file, request, log));
    addLines(file, log.lines);
    if (time !== latestTime && results.some((result) => result.ok)) file.run(SET_LATEST_TIME, time);
    return results;
  });
}

/** The lines that a transaction will add, and where that leaves their streams. */
interface Log {
  readonly time: number;
  readonly heads: Map<string, Head>;
  readonly lines: LogLine[];
}

function writeCommit(file: SqliteFile, request: CommitRequest, log: Log): CommitResult {
  const { changes, records, stream } = request;
  // A single change tells by itself whether it was expected; of several, none may be written before all of them are.
  const isSingle = changes.length === 1;
  for (const change of changes) {
    if (!isSingle && readVersion(file, change.kind, change.id) !== change.expect) return conflictWith(change);
  }
  for (const change of changes) {
    if (writeChange(file, change)) continue;
    if (isSingle) return conflictWith(change);
    throw damaged("a row is not what it was a moment ago");
  }
  for (const text of records) {
    const before = log.heads.get(stream) ?? headOf(stream, file.get(LAST_LINE, stream));
    const { head, line } = linkText(stream, before, log.time, text);
    log.lines.push({ stream, seq: before.seq, line });
    log.heads.set(stream, head);
  }
  return COMMITTED;
}

/** Lines that one statement adds. */
const MOST_LINES = 16;

/** Statements that add so many lines, by their number. */
const ADD_LINES = Array.from(
  { length: MOST_LINES + 1 },
  (_, count) =>
    `INSERT INTO log (stream, seq, line) VALUES ${Array.from({ length: count }, () => "(?, ?, ?)").join(", ")}`,
);

function addLines(file: SqliteFile, lines: readonly LogLine[]): void {
  for (let from = 0; from < lines.length; from += MOST_LINES) {
    const some = lines.slice(from, from + MOST_LINES);
    const values = some.flatMap(({ line, seq, stream }) => [stream, seq, line]);
    file.run(ADD_LINES[some.length] ?? "", ...values);
  }
}

function conflictWith({ source }: PreparedChange): CommitResult {
  return { ok: false, conflict: source };
}

/** False, and nothing written, where the row is not at the version that is expected. */
function writeChange(file: SqliteFile, change: PreparedChange): boolean {
  const { kind, id, expect, by, dueAt, body } = change;
  if (body === null) return expect === 0 ? readVersion(file, kind, id) === 0 : file.run(DELETE, kind, id, expect) === 1;
  if (expect === 0) return file.run(ADD, kind, id, by, dueAt, body) === 1;
  return file.run(CHANGE, by, dueAt, body, kind, id, expect) === 1;
}

/**
 * The end of a stream, given its last line. Always read, never kept: another process may write to the same stream, and the
 * transaction holds the only write lock.
 */
function headOf(stream: string, last: SqlRow | undefined): Head {
  if (last === undefined) return EMPTY_HEAD;
  const hash = hashOf(textIn(last, "line"));
  if (hash === undefined) throw damaged(`the last line of the stream ${stream} has no hash`);
  return { seq: numberIn(last, "seq") + 1, hash };
}

function toRow(kind: Kind, columns: SqlRow): ReadRow {
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

function parseBody(kind: Kind, text: string): Json {
  try {
    const body: Json = JSON.parse(text);
    return body;
  } catch (cause) {
    throw damaged(`the body of a row of kind ${kind} is not JSON`, cause);
  }
}

function textIn(columns: SqlRow, name: string): string {
  const value = columns[name];
  if (typeof value === "string") return value;
  throw damaged(`the column ${name} holds no text`);
}

function numberIn(columns: SqlRow | undefined, name: string): number {
  const value = columns?.[name];
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw damaged(`the column ${name} holds no whole number`);
}

function damaged(problem: string, cause?: unknown): LeashError {
  return new LeashError(
    "LEASH_STORE_UNAVAILABLE",
    `The store holds something it never wrote: ${problem}. Something else changed the file, or it is damaged: restore it from a copy.`,
    { cause },
  );
}
