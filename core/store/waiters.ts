import type { Kind } from "./store.ts";
import { rowKey } from "./request.ts";

/** What a store tells of its rows to those who wait for a change. */
export interface ChangeSource {
  /** The row's version now, 0 when it is absent. What it throws, the first call of `wait` throws. */
  version(kind: Kind, id: string): number;
  /**
   * Called when somebody starts to wait while nobody did: calls `look` whenever rows may have been changed by others,
   * keeps the process alive, and gives a function that ends both.
   */
  listen(look: () => void): () => void;
}

/** Everybody who waits for a row of one store object to change. */
export interface Waiters {
  /** Resolves when the row's version is not, or no longer, `version`, when the signal aborts or when the store closes. */
  wait(kind: Kind, id: string, version: number, signal: AbortSignal): Promise<void>;
  /** Ends every wait for these rows. */
  wake(rows: Iterable<{ readonly kind: Kind; readonly id: string }>): void;
  /** Ends every wait and stops listening. */
  close(): void;
}

interface Waiter {
  readonly kind: Kind;
  readonly id: string;
  readonly version: number;
  /** Ends this wait; calling it again does nothing. */
  readonly end: () => void;
}

/** Keeps the waits of one store object and listens for changes only while there is one. */
export function createWaiters(source: ChangeSource): Waiters {
  const waiting = new Map<string, Set<Waiter>>();
  let stopListening: (() => void) | undefined;

  function look(): void {
    for (const waiter of allOf(waiting)) if (hasChanged(source, waiter)) waiter.end();
  }

  function leave(waiter: Waiter): void {
    const key = rowKey(waiter);
    const others = waiting.get(key);
    if (others?.delete(waiter) && others.size === 0) waiting.delete(key);
    if (waiting.size > 0) return;
    stopListening?.();
    stopListening = undefined;
  }

  function join(waiter: Waiter): void {
    const others = waiting.get(rowKey(waiter));
    if (others === undefined) waiting.set(rowKey(waiter), new Set([waiter]));
    else others.add(waiter);
    stopListening ??= source.listen(look);
  }

  return {
    wait: async (kind, id, version, signal) => {
      if (signal.aborted || source.version(kind, id) !== version) return;
      await new Promise<void>((resolve) => {
        const end = (): void => {
          signal.removeEventListener("abort", end);
          leave(waiter);
          resolve();
        };
        const waiter: Waiter = { kind, id, version, end };
        signal.addEventListener("abort", end, { once: true });
        join(waiter);
        // Again, now that changes by others are heard: one may have come before.
        if (hasChanged(source, waiter)) end();
      });
    },
    wake: (rows) => {
      if (waiting.size === 0) return;
      for (const row of rows) for (const waiter of waiting.get(rowKey(row)) ?? []) waiter.end();
    },
    close: () => {
      for (const waiter of allOf(waiting)) waiter.end();
    },
  };
}

function allOf(waiting: ReadonlyMap<string, ReadonlySet<Waiter>>): Waiter[] {
  return [...waiting.values()].flatMap((waiters) => [...waiters]);
}

/** A store that cannot answer counts as changed: whoever waits then reads, and gets the error. */
function hasChanged(source: ChangeSource, waiter: Waiter): boolean {
  try {
    return source.version(waiter.kind, waiter.id) !== waiter.version;
  } catch {
    return true;
  }
}
