import type { Store } from "../store/store.ts";

/** A store whose caller dies at one point. */
export interface CrashingStore extends Store {
  /** Points passed so far: two for each operation, one before it and one after it. */
  points(): number;
}

/**
 * Crashes at the `at`-th point: odd points lie before an operation, even ones after it and before its answer is seen.
 * Operations are `get`, `list`, `commit`, `watch`, `streams` and `lines`.
 *
 * `crash` normally ends the process. If it returns instead, the caller plays dead: this and every later operation never
 * settles and nothing more reaches the inner store. What it throws, the operation throws.
 *
 * Run a scenario once with `at` 0 and read `points()` to know how many crashes there are to try.
 *
 * @example
 * const store = crashingStore(inner, 3, () => process.kill(process.pid, "SIGKILL"));
 */
export function crashingStore(inner: Store, at: number, crash: () => void): CrashingStore {
  let passed = 0;
  let dead = false;
  const diesHere = (): boolean => {
    if (!dead && (passed += 1) === at) {
      dead = true;
      crash();
    }
    return dead;
  };
  const operation = async <Result>(run: () => Promise<Result>): Promise<Result> => {
    if (diesHere()) return silence();
    const result = await run();
    return diesHere() ? silence() : result;
  };
  return {
    shared: inner.shared,
    now: () => inner.now(),
    get: (kind, id) => operation(() => inner.get(kind, id)),
    list: (kind, query) => operation(() => inner.list(kind, query)),
    commit: (changes, append) => operation(() => inner.commit(changes, append)),
    watch: (kind, id, version, signal) => operation(() => inner.watch(kind, id, version, signal)),
    streams: () => operation(() => inner.streams()),
    lines: (stream, from, limit) => operation(() => inner.lines(stream, from, limit)),
    close: () => inner.close(),
    points: () => passed,
  };
}

function silence(): Promise<never> {
  return new Promise<never>(() => undefined);
}
