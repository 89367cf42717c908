import type { Kind } from "@leashkit/core";
import { createWaitingRoom, type Watched } from "@leashkit/core/store";

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

/**
 * Everybody who waits for a row of one store object to change: what core's waiters are to a store that answers at once.
 * A wait is entered before the row is read, so no change is missed in between.
 */
export function createRemoteWaiters(changes: RemoteChanges) {
  const room = createWaitingRoom(() =>
    changes.listen(
      () => void look(),
      (row) => room.wake([row]),
    ),
  );
  let looking = false;

  /** A store that cannot answer counts as changed: whoever waits then reads, and gets the error. */
  async function look(): Promise<void> {
    if (looking) return;
    looking = true;
    const waits = room.waits();
    try {
      const versions = await changes.versions(waits);
      waits.forEach((wait, index) => {
        if (versions[index] !== wait.version) wait.end();
      });
    } catch {
      for (const wait of waits) wait.end();
    } finally {
      looking = false;
    }
  }

  return {
    /** Resolves when the row's version is not, or no longer, `version`, when the signal aborts or when the store closes. */
    async wait(kind: Kind, id: string, version: number, signal: AbortSignal): Promise<void> {
      if (signal.aborted) return;
      const { ended, wait } = room.enter(kind, id, version, signal);
      try {
        const [current] = await Promise.race([changes.versions([wait]), ended.then(() => [version])]);
        if (current !== version) wait.end();
      } catch (error) {
        wait.end();
        throw error;
      }
      await ended;
    },
    wake: (rows: Iterable<Watched>): void => room.wake(rows),
    /** Ends every wait and stops listening. */
    close: (): void => room.close(),
  };
}
