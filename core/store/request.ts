import { LeashError } from "../errors.ts";
import type { AuditRecord } from "../model/audit.ts";
import type { Json } from "../model/json.ts";
import { recordText } from "./chain.ts";
import type { Append, Change, CommitResult, Kind, ListQuery } from "./store.ts";

/** A change as it will be written: checked, and free of the caller's objects. */
export interface PreparedChange {
  readonly kind: Kind;
  readonly id: string;
  /** `rowKey` of the two. */
  readonly key: string;
  readonly expect: number;
  /** JSON text, null deletes. */
  readonly body: string | null;
  readonly by: string | null;
  readonly dueAt: number | null;
  /** What the caller handed in, to name it in a conflict. */
  readonly source: Change;
}

/** One commit as it waits to be written. Nothing in it changes when the caller changes what it handed in. */
export interface CommitRequest {
  readonly changes: readonly PreparedChange[];
  readonly stream: string;
  /** Texts as of `recordText`. */
  readonly records: readonly string[];
}

export type PreparedQuery = Required<Pick<ListQuery, "after" | "limit">> & { readonly by: string | undefined };

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

/**
 * Checks a commit and turns bodies and records into text, at the moment of the call.
 * @throws {LeashError} `LEASH_INPUT_INVALID` for what cannot be stored as it is, or the same row twice.
 */
export function prepareCommit(changes: readonly Change[], append?: Append): CommitRequest {
  const prepared = changes.map(prepareChange);
  if (prepared.length > 1 && new Set(prepared.map(({ key }) => key)).size < prepared.length) {
    throw invalid("A commit changes the same row twice", "Merge the two changes into one");
  }
  return {
    changes: prepared,
    stream: append === undefined ? "" : checkedText(append.stream, "name of a stream"),
    records: append === undefined ? [] : append.records.map((record: AuditRecord) => recordText(record)),
  };
}

/** True when there is nothing to check and nothing to write. */
export function isEmpty(request: CommitRequest): boolean {
  return request.changes.length === 0 && request.records.length === 0;
}

/** @throws {LeashError} `LEASH_INPUT_INVALID` for a limit outside 1 to 1,000. */
export function prepareQuery(query: ListQuery = {}): PreparedQuery {
  return { by: query.by, after: query.after ?? "", limit: prepareLimit(query.limit) };
}

/** @throws {LeashError} `LEASH_INPUT_INVALID` for a limit outside 1 to 1,000. */
export function prepareLimit(limit: number = DEFAULT_LIMIT): number {
  if (Number.isSafeInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw invalid(`A limit of ${limit} is not between 1 and ${MAX_LIMIT}`, "Read page by page, with `after` or `from`");
}

/** One text for a row's kind and id; U+0000 is refused in both, so that two rows never share a key. */
export function rowKey(row: { readonly kind: Kind; readonly id: string }): string {
  return `${row.kind}\0${row.id}`;
}

/** A commit whose expectations held. */
export const COMMITTED: CommitResult = { ok: true };

function prepareChange(change: Change): PreparedChange {
  const { expect, dueAt = null, by = null } = change;
  if (!Number.isSafeInteger(expect) || expect < 0) {
    throw invalid(
      "A change expects a version that is not a whole number from 0",
      "Pass the version that was read, or 0",
    );
  }
  if (dueAt !== null && !Number.isSafeInteger(dueAt)) {
    throw invalid("A change is due at a time that is not whole milliseconds", "Round it");
  }
  const kind = checkedText(change.kind, "kind of a row");
  const id = checkedText(change.id, "id of a row");
  return {
    kind,
    id,
    key: rowKey({ kind, id }),
    expect,
    body: change.body === null ? null : jsonText(change.body),
    by: by === null ? null : checkedText(by, "secondary key of a row"),
    dueAt,
    source: change,
  };
}

/** False for what can be no kind, id, secondary key or stream: no row has it, and no database need be asked for it. */
export function isStorable(text: string): boolean {
  return text !== "" && text.isWellFormed() && !text.includes("\0");
}

/** SQLite cuts texts at U+0000 and lone surrogates do not survive UTF-8: two ids could become one row. */
function checkedText<Text extends string>(text: Text, what: string): Text {
  if (typeof text === "string" && isStorable(text)) return text;
  throw invalid(`The ${what} is empty, holds U+0000 or a lone surrogate`, "Use another one, such as a hash of it");
}

function jsonText(body: Json): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(body);
  } catch (cause) {
    throw invalid("The body of a row is not JSON", "Pass plain data without cycles", cause);
  }
  if (text === undefined) throw invalid("The body of a row is not JSON", "Pass null to delete a row");
  return text;
}

function invalid(problem: string, advice: string, cause?: unknown): LeashError {
  return new LeashError("LEASH_INPUT_INVALID", `${problem}, so nothing was done. ${advice}.`, { cause });
}
