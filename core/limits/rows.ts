import { sha256Hex } from "../digest.ts";
import { openRow, toBody, type Stored } from "../store/envelope.ts";
import type { Change, Store } from "../store/store.ts";
import { type Counter, EMPTY_COUNTER } from "./counter.ts";

/** Whose counters: what is only observed is counted apart, and never fills what is enforced. */
export interface Ledger {
  readonly store: Store;
  readonly tenant: string;
  readonly mode: "enforce" | "observe";
}

/** `key` is the policy's name for the counter. */
export async function readCounter(ledger: Ledger, key: string): Promise<Stored<Counter>> {
  const row = await ledger.store.get("counter", counterId(ledger, key));
  return row === undefined ? { value: EMPTY_COUNTER, version: 0 } : openRow<Counter>(row);
}

export function writeCounter(ledger: Ledger, key: string, counter: Counter, expect: number): Change {
  return { kind: "counter", id: counterId(ledger, key), expect, body: toBody(counter) };
}

function counterId({ mode, tenant }: Ledger, key: string): string {
  return sha256Hex(JSON.stringify(["leashkit/counter/1", mode, tenant, key]));
}
