import { closeSync, type FSWatcher, futimesSync, openSync, watch } from "node:fs";

/** A file that is touched after every commit, so that other processes need not wait for their next poll. */
export interface Doorbell {
  ring(): void;
  /** Calls `woken` after a ring of any process; gives a function that ends it. */
  watch(woken: () => void): () => void;
  close(): void;
}

/**
 * Opens the doorbell at this path, made with mode 0600. It is only a hint: whatever fails here (no rights, no file
 * watches left, a network file system) is passed over, because those who wait also poll.
 */
export function openDoorbell(file: string): Doorbell {
  let descriptor: number | undefined;
  ignoreFailure(() => {
    descriptor = openSync(file, "a", 0o600);
  });
  return {
    ring: () => {
      if (descriptor === undefined) return;
      const open = descriptor;
      const now = Date.now() / 1000;
      ignoreFailure(() => futimesSync(open, now, now));
    },
    watch: (woken) => {
      let watcher: FSWatcher | undefined;
      const stop = (): void => watcher?.close();
      ignoreFailure(() => {
        watcher = watch(file, { persistent: false }, woken);
        watcher.on("error", stop);
      });
      return stop;
    },
    close: () => {
      if (descriptor === undefined) return;
      const open = descriptor;
      descriptor = undefined;
      ignoreFailure(() => closeSync(open));
    },
  };
}

function ignoreFailure(action: () => void): void {
  try {
    action();
  } catch {
    // Polling covers it.
  }
}
