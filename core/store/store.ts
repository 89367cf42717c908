import type { AuditRecord } from "../model/audit.ts";
import type { Json } from "../model/json.ts";

/** What rows are about. */
export type Kind =
  | "approval"
  | "ref"
  | "journal"
  | "deferral"
  | "denial"
  | "instance"
  | "blob"
  | "policy"
  | "used"
  | "counter"
  | "allowance"
  | "receipt"
  | "exchange"
  | "sweep"
  | "recording"
  | "sink"
  | "checkpoint"
  | "tree";

/** A row as stored. `version` counts from 1 and grows by one with every change. */
export interface Row {
  readonly kind: Kind;
  readonly id: string;
  readonly version: number;
  /** The one secondary key, null where the kind needs none. */
  readonly by: string | null;
  /** Epoch milliseconds at which somebody should look again, null for never. */
  readonly dueAt: number | null;
  readonly body: Json;
}

/** One compare-and-set. `expect` 0 means absent; `body` null deletes. */
export interface Change {
  readonly kind: Kind;
  readonly id: string;
  readonly expect: number;
  readonly body: Json | null;
  readonly by?: string | null;
  readonly dueAt?: number | null;
}

/** Records for the hash-chained log, written in the same transaction as the changes they tell of. */
export interface Append {
  readonly stream: string;
  readonly records: readonly AuditRecord[];
}

/** `conflict` names the first change whose expectation did not hold; then nothing was written. */
export type CommitResult = { readonly ok: true } | { readonly ok: false; readonly conflict: Change };

export interface ListQuery {
  readonly by?: string;
  /** Only ids after this one; ids are listed in ascending order of their UTF-8 bytes. */
  readonly after?: string;
  /** Default 100, at most 1,000. */
  readonly limit?: number;
}

/** One line of the log, as stored. */
export interface LogLine {
  readonly stream: string;
  readonly seq: number;
  readonly line: string;
}

/**
 * Where everything durable lives. Data in, data out: no callbacks, no clocks of its own beside `now`.
 * Proven by `storeCases` of `@leashkit/core/testing`.
 *
 * Every method rejects with `LEASH_STORE_UNAVAILABLE` when the store cannot answer; nothing was written then, or, after a
 * lost connection, the caller must read back.
 */
export interface Store {
  /** True when another process can open the same data (and so answer approvals). */
  readonly shared: boolean;
  /** The larger of the wall clock and the latest time this store has ever written: time that does not run backwards over restarts. */
  now(): number;
  get(kind: Kind, id: string): Promise<Row | undefined>;
  list(kind: Kind, query?: ListQuery): Promise<readonly Row[]>;
  /** All or nothing, durable when it resolves. */
  commit(changes: readonly Change[], append?: Append): Promise<CommitResult>;
  /** Resolves when the row may have changed since `version`, or when the signal aborts; may wake for nothing, never misses a change for longer than a polling interval. */
  watch(kind: Kind, id: string, version: number, signal: AbortSignal): Promise<void>;
  /** Streams of the log, in order of their names. */
  streams(): Promise<readonly string[]>;
  /** Lines of one stream from `from` on, in order. Limit as for `list`. */
  lines(stream: string, from: number, limit?: number): Promise<readonly LogLine[]>;
  close(): Promise<void>;
}
