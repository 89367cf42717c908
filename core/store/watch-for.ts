import type { Kind, Store } from "./store.ts";

/** What to wait for, and for how long. */
export interface Watched {
  readonly kind: Kind;
  readonly id: string;
  readonly version: number;
  /** Milliseconds. */
  readonly atMostMs: number;
  /** Undefined where nothing but the time ends the wait. */
  readonly signal: AbortSignal | undefined;
}

// After the wall clock was set back, the store clock stands still; whoever waits for it must not spin.
const MIN_TIMER_MS = 10;
// setTimeout takes 31 bits; a longer delay would fire at once.
const MAX_TIMER_MS = 2_147_483_647;

/**
 * Sleeps until the row may have changed, the time is up or the signal aborts. The timer is an ordinary one: it keeps the
 * process open, and `AbortSignal.timeout` inside `AbortSignal.any` can be garbage-collected before it fires (Node 20).
 */
export async function watchFor(store: Store, { kind, id, version, atMostMs, signal }: Watched): Promise<void> {
  const wake = new AbortController();
  const end = (): void => wake.abort();
  const timer = setTimeout(end, Math.min(Math.max(MIN_TIMER_MS, atMostMs), MAX_TIMER_MS));
  signal?.addEventListener("abort", end, { once: true });
  try {
    if (signal?.aborted !== true) await store.watch(kind, id, version, wake.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
  }
}
