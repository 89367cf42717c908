import { sha256Hex } from "../digest.ts";
import { openRow, toBody, type Stored } from "../store/envelope.ts";
import type { Change, Store } from "../store/store.ts";
import { relyOn, type Retention } from "../store/sweep.ts";
import { type Counter, EMPTY_COUNTER } from "./counter.ts";

/** Whose counters: what is only observed is counted apart, and never fills what is enforced. */
export interface Ledger {
  readonly store: Store;
  readonly tenant: string;
  readonly mode: "enforce" | "observe";
}

/** A counter in the store. */
export interface StoredCounter extends Stored<Counter> {
  /** From when on no window counts anything of it, epoch milliseconds; null where that is not known. */
  readonly dueAt: number | null;
  /** What a commit must change, too, that relies on this reading. */
  readonly guard: readonly Change[];
}

/** What counters leave behind: a counter of which nothing counts is the same as none. */
export const COUNTER_RETENTION: Retention = { kind: "counter" };

/** `key` is the policy's name for the counter. */
export async function readCounter({ store, ...ledger }: Ledger, key: string): Promise<StoredCounter> {
  const id = counterId(ledger, key);
  const { row, guard } = await relyOn(store, () => store.get("counter", id));
  if (row === undefined) return { value: EMPTY_COUNTER, version: 0, dueAt: null, guard };
  return { ...openRow<Counter>(row), dueAt: row.dueAt, guard };
}

/** @param dueAt from when on no window counts anything of it, epoch milliseconds. */
export function writeCounter(
  ledger: Ledger,
  key: string,
  { value, version, dueAt }: Omit<StoredCounter, "guard">,
): Change {
  return { kind: "counter", id: counterId(ledger, key), expect: version, body: toBody(value), dueAt };
}

function counterId({ mode, tenant }: Omit<Ledger, "store">, key: string): string {
  return sha256Hex(JSON.stringify(["leashkit/counter/1", mode, tenant, key]));
}
