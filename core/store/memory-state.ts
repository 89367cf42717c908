import type { Json } from "../model/json.ts";
import { EMPTY_HEAD, type Head } from "./chain.ts";
import { compareUtf8 } from "./order.ts";
import type { Plan, PlanBase } from "./plan.ts";
import type { PreparedChange, PreparedQuery } from "./request.ts";
import type { Kind, LogLine, Row } from "./store.ts";

/** Rows with their bodies as text: what is read is always a fresh copy. */
type StoredRow = Omit<Row, "body"> & { readonly body: string };

interface Stream {
  head: Head;
  readonly lines: string[];
}

/** What a memory store holds. */
export interface MemoryState {
  readonly rows: Map<Kind, Map<string, StoredRow>>;
  /** Ids of a kind in order, made when they are first listed after one came or went. */
  readonly sortedIds: Map<Kind, readonly string[]>;
  readonly streams: Map<string, Stream>;
}

export function emptyState(): MemoryState {
  return { rows: new Map(), sortedIds: new Map(), streams: new Map() };
}

export function readRow(state: MemoryState, kind: Kind, id: string): Row | undefined {
  const stored = state.rows.get(kind)?.get(id);
  if (stored === undefined) return undefined;
  const body: Json = JSON.parse(stored.body);
  return { ...stored, body };
}

/** The version of a row, 0 when it is absent. */
export function readVersion(state: MemoryState, kind: Kind, id: string): number {
  return state.rows.get(kind)?.get(id)?.version ?? 0;
}

export function listRows(state: MemoryState, kind: Kind, query: PreparedQuery): readonly Row[] {
  const ids = idsOf(state, kind);
  const found: Row[] = [];
  for (let index = firstAfter(ids, query.after); index < ids.length && found.length < query.limit; index += 1) {
    const row = readRow(state, kind, ids[index] ?? "");
    if (row !== undefined && (query.by === undefined || row.by === query.by)) found.push(row);
  }
  return found;
}

export function readStreams(state: MemoryState): readonly string[] {
  return [...state.streams.keys()].sort(compareUtf8);
}

export function readLines(state: MemoryState, stream: string, from: number, limit: number): readonly LogLine[] {
  const start = Math.max(0, from);
  const lines = state.streams.get(stream)?.lines.slice(start, start + limit) ?? [];
  return lines.map((line, index) => ({ stream, seq: start + index, line }));
}

/** What commits are worked out over. */
export function baseOf(state: MemoryState): PlanBase {
  return {
    version: ({ id, kind }) => readVersion(state, kind, id),
    head: (stream) => headOf(state, stream),
  };
}

/** Does what was planned; cannot fail. */
export function apply(state: MemoryState, planned: Pick<Plan, "changes" | "lines">): void {
  for (const change of planned.changes) applyChange(state, change);
  for (const { stream, line, head } of planned.lines) {
    const known = state.streams.get(stream);
    if (known === undefined) state.streams.set(stream, { head, lines: [line] });
    else {
      known.head = head;
      known.lines.push(line);
    }
  }
}

export function headOf(state: MemoryState, stream: string): Head {
  return state.streams.get(stream)?.head ?? EMPTY_HEAD;
}

function applyChange(state: MemoryState, change: PreparedChange): void {
  const { kind, id, expect, by, dueAt, body } = change;
  let rows = state.rows.get(kind);
  if (rows === undefined) state.rows.set(kind, (rows = new Map()));
  if (body === null || !rows.has(id)) state.sortedIds.delete(kind);
  if (body === null) rows.delete(id);
  else rows.set(id, { kind, id, version: expect + 1, by, dueAt, body });
}

function idsOf(state: MemoryState, kind: Kind): readonly string[] {
  const known = state.sortedIds.get(kind);
  if (known !== undefined) return known;
  const ids = [...(state.rows.get(kind)?.keys() ?? [])].sort(compareUtf8);
  state.sortedIds.set(kind, ids);
  return ids;
}

/** Index of the first id behind `after`, by halving. */
function firstAfter(ids: readonly string[], after: string): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareUtf8(ids[middle] ?? "", after) > 0) high = middle;
    else low = middle + 1;
  }
  return low;
}
