import type { Kind } from "@leashkit/core";
import { rowKey } from "@leashkit/core/store";

/** A row that somebody waits for. */
export interface Watched {
  readonly kind: Kind;
  readonly id: string;
}

/** What the waiting of a database needs. */
export interface RemoteChanges {
  /** Versions of rows in their order, 0 where one is absent. */
  versions(rows: readonly Watched[]): Promise<readonly number[]>;
  /**
   * Called when somebody starts to wait while nobody did: calls `look` when any row may have been changed by others and `wake`
   * when this one was, keeps the process alive, and gives a function that ends all that.
   */
  listen(look: () => void, wake: (row: Watched) => void): () => void;
}

interface Waiter extends Watched {
  readonly version: number;
  /** Ends this wait; calling it again does nothing. */
  readonly end: () => void;
}

/**
 * Everybody who waits for a row of one store object to change: what core's waiters are to a store that answers at once.
 * A wait is entered before the row is read, so no change is missed in between.
 */
export function createRemoteWaiters(changes: RemoteChanges) {
  const waiting = new Map<string, Set<Waiter>>();
  let stopListening: (() => void) | undefined;
  let looking = false;

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
    stopListening ??= changes.listen(() => void look(), wakeRow);
  }

  /** Ends all waits of this row. */
  function wakeRow(row: Watched): void {
    for (const waiter of waiting.get(rowKey(row)) ?? []) waiter.end();
  }

  /** A store that cannot answer counts as changed: whoever waits then reads, and gets the error. */
  async function look(): Promise<void> {
    if (looking) return;
    looking = true;
    const waiters = [...waiting.values()].flatMap((those) => [...those]);
    try {
      const versions = await changes.versions(waiters);
      waiters.forEach((waiter, index) => {
        if (versions[index] !== waiter.version) waiter.end();
      });
    } catch {
      for (const waiter of waiters) waiter.end();
    } finally {
      looking = false;
    }
  }

  return {
    /** Resolves when the row's version is not, or no longer, `version`, when the signal aborts or when the store closes. */
    async wait(kind: Kind, id: string, version: number, signal: AbortSignal): Promise<void> {
      if (signal.aborted) return;
      let resolve = (): void => undefined;
      const ended = new Promise<void>((settle) => (resolve = settle));
      const end = (): void => {
        signal.removeEventListener("abort", end);
        leave(waiter);
        resolve();
      };
      const waiter: Waiter = { kind, id, version, end };
      signal.addEventListener("abort", end, { once: true });
      join(waiter);
      try {
        const [current] = await Promise.race([changes.versions([waiter]), ended.then(() => [version])]);
        if (current !== version) end();
      } catch (error) {
        end();
        throw error;
      }
      await ended;
    },
    wake(rows: Iterable<Watched>): void {
      if (waiting.size > 0) for (const row of rows) wakeRow(row);
    },
    /** Ends every wait and stops listening. */
    close(): void {
      for (const waiter of [...waiting.values()].flatMap((those) => [...those])) waiter.end();
    },
  };
}
