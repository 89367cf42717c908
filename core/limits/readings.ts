import type { Charge, CounterNeed } from "../model/facts.ts";
import type { Reservation } from "../model/journal.ts";
import type { Stored } from "../store/envelope.ts";
import type { Change } from "../store/store.ts";
import { added, type Bucket, type Counter, countedAt, stretchAt, withoutAmount } from "./counter.ts";
import { type Ledger, readCounter, writeCounter } from "./rows.ts";

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
  const seen = new Map<string, Stored<Counter>>();
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
      const counters = new Map<string, Counter>();
      const reservations = charges
        .filter(({ amount }) => amount > 0)
        .map(({ amount, counter: key, window }): Reservation => {
          const bucket: Bucket = [...stretchAt(window, now), amount];
          counters.set(key, added(counters.get(key) ?? seenCounter(seen, key).value, bucket, window, now));
          return { counter: key, bucket };
        });
      const changes = [...counters].map(([key, counter]) =>
        writeCounter(ledger, key, counter, seenCounter(seen, key).version),
      );
      return { changes, reservations };
    },
  };
}

function seenCounter(seen: ReadonlyMap<string, Stored<Counter>>, key: string): Stored<Counter> {
  const found = seen.get(key);
  if (found === undefined) throw new Error("a counter is charged that was not read");
  return found;
}

/** The rows without what a call reserved that had no effect. Undefined versions never match: read and commit again on conflict. */
export async function releaseChanges(ledger: Ledger, reservations: readonly Reservation[]): Promise<readonly Change[]> {
  const found = new Map<string, Stored<Counter>>();
  for (const { bucket, counter: key } of reservations) {
    const { value, version } = found.get(key) ?? (await readCounter(ledger, key));
    found.set(key, { value: withoutAmount(value, bucket), version });
  }
  return [...found].map(([key, { value, version }]) => writeCounter(ledger, key, value, version));
}
