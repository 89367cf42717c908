import type { Charge, CounterNeed } from "../model/facts.ts";
import type { Reservation } from "../model/journal.ts";
import type { Change } from "../store/store.ts";
import { added, type Bucket, countedAt, goneAt, stretchAt, totalOf, withoutAmount } from "./counter.ts";
import { type Ledger, readCounter, type StoredCounter, writeCounter } from "./rows.ts";

/** Rows and what they become in one commit. */
export interface Reserved {
  readonly changes: readonly Change[];
  readonly reservations: readonly Reservation[];
}

/**
 * What one decision saw of the counters. Whoever relies on it reserves through it: the commit goes through only where every
 * counter still is as it was seen, so two calls never fit into the same gap.
 */
export interface Readings {
  /** What counts at the moment of the decision; `own`, which this very call reserved before, does not. */
  read(need: CounterNeed): Promise<number>;
  /** @throws Error for a counter that was not read: nothing is charged unseen. */
  reserve(charges: readonly Charge[]): Reserved;
}

export function createReadings(ledger: Ledger, now: number, own: readonly Reservation[] = []): Readings {
  const seen = new Map<string, StoredCounter>();
  return {
    async read({ key, window }) {
      const found = await readCounter(ledger, key);
      seen.set(key, found);
      const others = own
        .filter((reservation) => reservation.counter === key)
        .reduce((counter, { bucket }) => withoutAmount(counter, bucket), found.value);
      return countedAt(others, window, now);
    },
    reserve(charges) {
      const counters = new Map<string, StoredCounter>();
      const reservations = charges
        .filter(({ amount }) => amount > 0)
        .map(({ amount, counter: key, rule, window }): Reservation => {
          const bucket: Bucket = [...stretchAt(window, now), amount];
          const before = counters.get(key) ?? seenCounter(seen, key);
          // Another policy may count here, too, and for longer.
          const dueAt = Math.max(before.dueAt ?? 0, goneAt(bucket, window));
          counters.set(key, { ...before, value: added(before.value, bucket, window, now), dueAt });
          return rule === undefined ? { counter: key, bucket } : { counter: key, bucket, rule };
        });
      const changes = [...counters].map(([key, counter]) => writeCounter(ledger, key, counter));
      return { changes: [...changes, ...oldestGuard([...counters.values()])], reservations };
    },
  };
}

function seenCounter(seen: ReadonlyMap<string, StoredCounter>, key: string): StoredCounter {
  const found = seen.get(key);
  if (found === undefined) throw new Error("a counter is charged that was not read");
  return found;
}

/** The guard of the reading that was made first: it stands for the later ones as well. */
function oldestGuard(counters: readonly StoredCounter[]): readonly Change[] {
  const [first] = counters.flatMap(({ guard }) => guard).toSorted((a, b) => a.expect - b.expect);
  return first === undefined ? [] : [first];
}

/** What of a reservation is no longer counted. */
export interface GivenBack {
  /** The limit's name, where it is known. */
  readonly rule: string | undefined;
  readonly amount: number;
}

/** What a call that had no effect gives back, and the rows without it. */
export interface Released {
  readonly changes: readonly Change[];
  readonly given: readonly GivenBack[];
}

/**
 * Gives back what a call reserved that had no effect; nothing of a counter that is gone, or of which nothing counts. Read and
 * commit again on conflict.
 */
export async function release(ledger: Ledger, reservations: readonly Reservation[]): Promise<Released> {
  const found = new Map<string, StoredCounter>();
  const given: GivenBack[] = [];
  for (const { bucket, counter: key, rule } of reservations) {
    const before = found.get(key) ?? (await readCounter(ledger, key));
    const value = withoutAmount(before.value, bucket);
    found.set(key, { ...before, value });
    const amount = totalOf(before.value) - totalOf(value);
    if (amount > 0 && isCounting(before)) given.push({ rule, amount });
  }
  const changes = [...found].flatMap(([key, counter]) =>
    isCounting(counter) ? [writeCounter(ledger, key, counter)] : [],
  );
  return { changes, given };
}

function isCounting({ guard, version }: StoredCounter): boolean {
  return version > 0 && guard.length === 0;
}
