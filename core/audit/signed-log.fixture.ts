import type { AuditRecord } from "../model/audit.ts";
import type { AuditLog, Checkpoint } from "../model/log.ts";
import { memoryStore } from "../store/memory.ts";
import type { LogLine, Row, Store } from "../store/store.ts";
import { fakeClock } from "../testing/clock.ts";
import { seededRandom } from "../testing/random.ts";
import { type KeyRing, memoryKeyRing } from "../tokens/keys.ts";
import { createAuditLog } from "./log.ts";

export const record = (detail: string): AuditRecord => ({
  payload: { type: "decided", tenant: "acme", actor_type: "agent", actor_id: "buyer", detail },
  envelope: { trace_id: "trace-1" },
});

/** A log in a store of its own, with keys. */
export interface SignedLog {
  readonly store: Store;
  readonly keys: KeyRing;
  readonly log: AuditLog;
  readonly write: (stream: string, count: number) => Promise<void>;
  /** A checkpoint that must be there. */
  readonly checkpoint: () => Promise<Checkpoint>;
}

export function signedLog(seed = 1): SignedLog {
  const clock = fakeClock(Date.UTC(2026, 0, 1));
  const random = seededRandom(seed);
  const store = memoryStore({ clock });
  const keys = memoryKeyRing({ clock, random });
  const log = createAuditLog({ store, keys, random });
  let written = 0;
  return {
    store,
    keys,
    log,
    async write(stream, count) {
      const records = Array.from({ length: count }, (_unused, at) => record(`n° ${written + at} 💸`));
      written += count;
      await store.commit([], { stream, records });
    },
    async checkpoint() {
      const taken = await log.checkpoint();
      if (taken === null) throw new Error("the log is empty");
      return taken;
    },
  };
}

/** What somebody who can write the store has made of it. */
export interface Tampering {
  /** Lines in place of a stream's own; an empty list removes it. */
  readonly lines?: Readonly<Record<string, readonly string[]>>;
  /** What becomes of a row: itself, another, or nothing. */
  readonly row?: (row: Row) => Row | undefined;
}

/** The store as it reads after that. */
export function tampered(store: Store, { lines = {}, row = (same) => same }: Tampering): Store {
  const rowsOf = (stream: string): readonly LogLine[] =>
    (lines[stream] ?? []).map((line, seq) => ({ stream, seq, line }));
  return {
    ...store,
    async get(kind, id) {
      const found = await store.get(kind, id);
      return found && row(found);
    },
    async list(kind, query) {
      return (await store.list(kind, query)).flatMap((one) => row(one) ?? []);
    },
    async streams() {
      const known = new Set([...(await store.streams()), ...Object.keys(lines)]);
      return [...known].filter((stream) => lines[stream]?.length !== 0).sort();
    },
    async lines(stream, from, limit = 100) {
      if (lines[stream] === undefined) return store.lines(stream, from, limit);
      return rowsOf(stream)
        .filter(({ seq }) => seq >= from)
        .slice(0, limit);
    },
  };
}
