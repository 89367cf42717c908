import {
  type Append,
  type Change,
  type CommitResult,
  type Json,
  type Kind,
  memoryStore,
  type Row,
  type Store,
} from "@leashkit/core";

/** A row as committed. */
export interface Committed {
  readonly kind: Kind;
  readonly id: string;
  readonly version: number;
  readonly body: Json;
}

/** One row before and after a commit. */
export interface Transition {
  readonly kind: Kind;
  readonly id: string;
  readonly before: Committed | undefined;
  readonly after: Committed | undefined;
}

/** What one commit made durable. */
export interface Commit {
  readonly transitions: readonly Transition[];
  readonly records: Append["records"];
}

/** What is durable: it survives every process. */
export interface Disk {
  /** What processes read and write, without any fault. */
  readonly store: Store;
  row(kind: Kind, id: string): Committed | undefined;
  rows(kind: Kind): readonly Committed[];
  /** Called after every commit that was written. */
  onCommit(look: (commit: Commit) => void): void;
  /** Writes a row as somebody with access to the file would: without the leash, and without anybody looking. */
  overwrite(kind: Kind, id: string, body: Json): Promise<void>;
  /** Called when a row may have changed; gives what ends it. */
  listen(kind: Kind, id: string, changed: () => void): () => void;
}

const keyOf = (kind: Kind, id: string): string => `${kind} ${id}`;

/** Core's own memory store, with a second look at its rows that takes no time. */
export function createDisk(clock: { now(): number }): Disk {
  const inner = memoryStore({ clock });
  const rows = new Map<string, Committed>();
  const listeners = new Map<string, Set<() => void>>();
  let look: (commit: Commit) => void = () => undefined;

  function write(change: Change): Transition {
    const { kind, id, body, expect } = change;
    const before = rows.get(keyOf(kind, id));
    const after = body === null ? undefined : { kind, id, version: expect + 1, body };
    if (after === undefined) rows.delete(keyOf(kind, id));
    else rows.set(keyOf(kind, id), after);
    return { kind, id, before, after };
  }

  function ring(kind: Kind, id: string): void {
    for (const changed of listeners.get(keyOf(kind, id)) ?? []) changed();
  }

  async function commit(changes: readonly Change[], append?: Append): Promise<CommitResult> {
    const result = await inner.commit(changes, append);
    if (!result.ok) return result;
    const transitions = changes.map(write);
    look({ transitions, records: append?.records ?? [] });
    for (const { kind, id } of changes) ring(kind, id);
    return result;
  }

  return {
    store: { ...inner, commit },
    row: (kind, id) => rows.get(keyOf(kind, id)),
    rows: (kind) => [...rows.values()].filter((row) => row.kind === kind),
    onCommit: (next) => {
      look = next;
    },
    async overwrite(kind, id, body) {
      const row: Row | undefined = await inner.get(kind, id);
      const change: Change = {
        kind,
        id,
        expect: row?.version ?? 0,
        body,
        by: row?.by ?? null,
        dueAt: row?.dueAt ?? null,
      };
      if ((await inner.commit([change])).ok) write(change);
      ring(kind, id);
    },
    listen(kind, id, changed) {
      const key = keyOf(kind, id);
      const known = listeners.get(key) ?? new Set();
      listeners.set(key, known.add(changed));
      return () => known.delete(changed);
    },
  };
}
