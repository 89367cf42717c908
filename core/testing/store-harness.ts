import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { isLeashError } from "../errors.ts";
import type { AuditRecord } from "../model/audit.ts";
import type { Clock } from "../model/runtime.ts";
import type { Change, CommitResult, Store } from "../store/store.ts";

export interface OpenStoreOptions {
  /** The store must take its wall time from here. */
  readonly clock?: Clock;
}

/** Opens a store. */
export type OpenStore = (options?: OpenStoreOptions) => Promise<Store>;

/** One thing that every store must do. `open` gives a new, empty store each time; the case closes what it opens. */
export interface StoreCase {
  readonly name: string;
  readonly run: (open: OpenStore) => Promise<void>;
}

/** One thing that every durable store must do. `open` gives another handle on the same data each time. */
export interface DurableStoreCase {
  readonly name: string;
  readonly run: (harness: { readonly open: OpenStore }) => Promise<void>;
}

/** Opens a store for the test and closes it afterwards, also when the test fails. */
export async function withStore(
  open: OpenStore,
  test: (store: Store) => Promise<void>,
  options?: OpenStoreOptions,
): Promise<void> {
  const store = await open(options);
  try {
    await test(store);
  } finally {
    await store.close();
  }
}

/** A record that tells of nothing but its number. */
export function numbered(number: number): AuditRecord {
  return {
    payload: { type: "decided", tenant: "tenant", actor_type: "agent", actor_id: "agent", detail: `${number}` },
    envelope: { action_id: `action-${number}` },
  };
}

/** Puts a row where none is. */
export function create(id: string, body: Change["body"] = { id }): Change {
  return { kind: "used", id, expect: 0, body };
}

export function assertCommitted(result: CommitResult): void {
  assert.deepEqual(result, { ok: true });
}

/** Asserts that the commit was refused because of exactly this change. */
export function assertConflict(result: CommitResult, change: Change): void {
  assert.deepEqual(result, { ok: false, conflict: change });
}

export async function assertUnavailable(work: Promise<unknown>): Promise<void> {
  await assert.rejects(work, (error) => isLeashError(error, "LEASH_STORE_UNAVAILABLE"));
}

/** Asserts that the store refused what it was given, as nothing it could store. */
export async function assertInvalid(work: Promise<unknown>): Promise<void> {
  await assert.rejects(work, (error) => isLeashError(error, "LEASH_INPUT_INVALID"));
}

/** Reads a whole stream, page by page, and recomputes its chain from the bytes of its lines; gives the details in order. */
export async function readChain(store: Store, stream: string): Promise<readonly string[]> {
  const details: string[] = [];
  let prev = "0".repeat(64);
  for (;;) {
    const page = await store.lines(stream, details.length, 100);
    for (const { line, seq } of page) {
      const { hash: claimed, ...record } = membersOf(line);
      assert.equal(seq, details.length, "lines are numbered from 0 without a gap");
      assert.deepEqual([record["v"], record["stream"], record["seq"]], [1, stream, seq]);
      assert.equal(record["prev"], prev, "a line names the hash of the line before");
      const end = `,"hash":"${String(claimed)}"}`;
      assert.ok(line.endsWith(end), "the hash is the last member");
      prev = hash("sha256", `\0${line.slice(0, -end.length)}`, "hex");
      assert.equal(claimed, prev, "the hash covers the exact bytes before it");
      details.push(String(record["detail"]));
    }
    if (page.length === 0) return details;
  }
}

/** The members of a line of the log. */
export function membersOf(line: string): Readonly<Record<string, unknown>> {
  const members: Readonly<Record<string, unknown>> = JSON.parse(line);
  return members;
}

/** Fails when the work has not settled after two seconds, twenty times the interval at which a store polls. */
export async function soon(work: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<void>((_resolve, reject) => {
    timer = setTimeout(() => reject(new assert.AssertionError({ message: "nothing happened for two seconds" })), 2_000);
  });
  await Promise.race([work, tooLate]).finally(() => clearTimeout(timer));
}
