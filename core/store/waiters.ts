import type { Kind } from "./store.ts";
import { createWaitingRoom, type Wait, type Watched } from "./waiting-room.ts";

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
  /**
   * Resolves when the row's version is not, or no longer, `version`, when the signal aborts or when the store closes. Not an
   * async function: thousands may wait, and each of those that a wait goes through is kept as long.
   */
  wait(kind: Kind, id: string, version: number, signal: AbortSignal): Promise<void>;
  /** Ends every wait for these rows. */
  wake(rows: Iterable<Watched>): void;
  /** Ends every wait and stops listening. */
  close(): void;
}

/** Keeps the waits of one store object and listens for changes only while there is one. */
export function createWaiters(source: ChangeSource): Waiters {
  const room = createWaitingRoom(() => source.listen(look));

  function look(): void {
    for (const wait of room.waits()) if (hasChanged(source, wait)) wait.end();
  }

  return {
    wait: (kind, id, version, signal) => {
      try {
        if (signal.aborted || source.version(kind, id) !== version) return Promise.resolve();
      } catch (error) {
        return Promise.reject(error);
      }
      const { ended, wait } = room.enter(kind, id, version, signal);
      // Again, now that changes by others are heard: one may have come before.
      if (hasChanged(source, wait)) wait.end();
      return ended;
    },
    wake: (rows) => room.wake(rows),
    close: () => room.close(),
  };
}

/** A store that cannot answer counts as changed: whoever waits then reads, and gets the error. */
function hasChanged(source: ChangeSource, wait: Wait): boolean {
  try {
    return source.version(wait.kind, wait.id) !== wait.version;
  } catch {
    return true;
  }
}
