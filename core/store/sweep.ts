import { openRow, type Stored, toBody } from "./envelope.ts";
import type { Change, Kind, Row, Store } from "./store.ts";

/** Rows of one kind that nobody needs once they have been due for long. */
export interface Retention {
  readonly kind: Kind;
  /** True for a row that something still needs all the same. Default: none is. */
  readonly isNeeded?: (store: Store, row: Row) => Promise<boolean>;
  /**
   * True for rows whose ids follow the order in which they are due: those that are over stand first, and one sweep takes many more
   * of them. Default: a sweep looks at some, and the next one at others.
   */
  readonly inOrder?: boolean;
}

/** How long a row stays after it was due, in milliseconds: a day. */
export const KEPT_MS = 86_400_000;

/** Rows of each kind that one sweep looks at. */
const MOST_ROWS = 500;

/** Times so many, of a kind whose rows stand in order. */
const MOST_PAGES = 20;

/** The one row that every sweep changes, with the id behind which the next one goes on, by kind. */
interface Mark {
  readonly v: 1;
  readonly after: Readonly<Record<string, string>>;
}

const MARK = { kind: "sweep", id: "mark" } as const;

/**
 * Removes rows that have been due for `KEPT_MS`, at most 500 of each kind, 10,000 of one whose rows stand in order. A row that has changed since it was read stays, and of
 * sweeps at the same time one removes and the others end.
 *
 * A row that comes back starts again at version 1. So every sweep also changes a mark: a change that was worked out over a row
 * before it was swept can be told from one over the row that came after it, even where both have the same version.
 *
 * @returns how many rows it removed.
 * @throws {LeashError} `LEASH_STORE_UNAVAILABLE`.
 */
export async function sweep(store: Store, retentions: readonly Retention[]): Promise<number> {
  let removed = 0;
  for (const retention of retentions) {
    for (let pages = retention.inOrder === true ? MOST_PAGES : 1; pages > 0; pages -= 1) {
      const swept = await sweepKind(store, retention);
      if (swept === undefined) return removed;
      removed += swept;
      if (swept < MOST_ROWS) break;
    }
  }
  return removed;
}

/** Undefined where somebody else changed one of the rows, or sweeps. */
async function sweepKind(store: Store, retention: Retention): Promise<number | undefined> {
  const { kind } = retention;
  // Before the rows: whatever is swept after this is noticed.
  const mark = await readMark(store);
  const { [kind]: from, ...others } = mark.value.after;
  const page = await store.list(kind, { limit: MOST_ROWS, ...(from === undefined ? {} : { after: from }) });
  const over = await overIn(store, retention, page);
  const last = page.length < MOST_ROWS || retention.inOrder === true ? undefined : page.at(-1)?.id;
  if (over.length === 0 && last === from) return 0;
  const after = last === undefined ? others : { ...others, [kind]: last };
  const removals = over.map(({ id, version }): Change => ({ kind, id, expect: version, body: null }));
  const { ok } = await store.commit([...removals, writeMark(mark, after)]);
  return ok ? over.length : undefined;
}

async function overIn(store: Store, { isNeeded }: Retention, page: readonly Row[]): Promise<readonly Row[]> {
  const over: Row[] = [];
  for (const row of page) {
    if (!isDueSince(row, KEPT_MS, store.now())) continue;
    if (isNeeded === undefined || !(await isNeeded(store, row))) over.push(row);
  }
  return over;
}

/**
 * The change by which a commit relies on a row that a sweep may take before it: none where that cannot be. With it the commit goes
 * through only where no sweep came between.
 *
 * A row is safe from sweeps for half of `KEPT_MS` after this said so: nobody works that long over what they read.
 *
 * @param read reads the row.
 */
export async function relyOn<R extends Pick<Row, "dueAt"> | undefined>(
  store: Store,
  read: () => Promise<R>,
): Promise<{ readonly row: R; readonly guard: readonly Change[] }> {
  const found = await read();
  if (!mayBeSwept(found, store)) return { row: found, guard: [] };
  const mark = await readMark(store);
  const row = await read();
  return { row, guard: mayBeSwept(row, store) ? [writeMark(mark, mark.value.after)] : [] };
}

/** True for a row that a sweep may take before whoever reads it now is done with it. */
export function mayBeSwept(row: Pick<Row, "dueAt"> | undefined, store: Store): boolean {
  return row !== undefined && isDueSince(row, KEPT_MS / 2, store.now());
}

function isDueSince({ dueAt }: Pick<Row, "dueAt">, ms: number, now: number): boolean {
  return dueAt !== null && now >= dueAt + ms;
}

async function readMark(store: Store): Promise<Stored<Mark>> {
  const row = await store.get(MARK.kind, MARK.id);
  return row === undefined ? { value: { v: 1, after: {} }, version: 0 } : openRow<Mark>(row);
}

function writeMark({ version }: Stored<Mark>, after: Mark["after"]): Change {
  const body: Mark = { v: 1, after };
  return { ...MARK, expect: version, body: toBody(body) };
}
