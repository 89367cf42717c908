import { closeSync, constants, type FSWatcher, openSync, watch, writeSync } from "node:fs";

/** A file that is written to after every commit, so that other processes need not wait for their next poll. */
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
    descriptor = openSync(file, constants.O_WRONLY | constants.O_CREAT, 0o600);
  });
  return {
    ring: () => {
      if (descriptor === undefined) return;
      const open = descriptor;
      ignoreFailure(() => writeSync(open, STROKE, 0, STROKE.length, 0));
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

// The same byte in the same place: whoever watches is told, and the file system has nothing to keep in its journal, for which
// the next commit's flush would wait. To set the file's times, which tells them too, took a fifth of a commit.
const STROKE = Uint8Array.of(0);

function ignoreFailure(action: () => void): void {
  try {
    action();
  } catch {
    // Polling covers it.
  }
}
