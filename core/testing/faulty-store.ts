import { LeashError } from "../errors.ts";
import type { Store } from "../store/store.ts";

/** Which calls of a store fail. Every function gets the number of the call of that method, from 1. */
export interface FaultPlan {
  /** `before`: nothing is written. `after`: all is written and the answer is lost. */
  readonly failCommit?: (n: number) => "before" | "after" | undefined;
  readonly failGet?: (n: number) => boolean;
  readonly failList?: (n: number) => boolean;
  readonly failWatch?: (n: number) => boolean;
  /** For `lines` and `streams`. */
  readonly failLog?: (n: number) => boolean;
}

/**
 * A store that fails on purpose, with `LEASH_STORE_UNAVAILABLE`, as a real one may.
 * @example
 * const store = faultyStore(memoryStore(), { failCommit: (n) => (n === 2 ? "after" : undefined) });
 */
export function faultyStore(inner: Store, plan: FaultPlan): Store {
  const calls = { commit: 0, get: 0, list: 0, watch: 0, log: 0 };
  return {
    shared: inner.shared,
    now: () => inner.now(),
    get: async (kind, id) => {
      failIf(plan.failGet?.((calls.get += 1)));
      return inner.get(kind, id);
    },
    list: async (kind, query) => {
      failIf(plan.failList?.((calls.list += 1)));
      return inner.list(kind, query);
    },
    commit: async (changes, append) => {
      const fault = plan.failCommit?.((calls.commit += 1));
      failIf(fault === "before");
      const result = await inner.commit(changes, append);
      failIf(fault === "after");
      return result;
    },
    watch: async (kind, id, version, signal) => {
      failIf(plan.failWatch?.((calls.watch += 1)));
      return inner.watch(kind, id, version, signal);
    },
    streams: async () => {
      failIf(plan.failLog?.((calls.log += 1)));
      return inner.streams();
    },
    lines: async (stream, from, limit) => {
      failIf(plan.failLog?.((calls.log += 1)));
      return inner.lines(stream, from, limit);
    },
    close: () => inner.close(),
  };
}

function failIf(fails: boolean | undefined): void {
  if (fails !== true) return;
  throw new LeashError(
    "LEASH_STORE_UNAVAILABLE",
    "The store failed because the test planned it. Look at the fault plan.",
  );
}
