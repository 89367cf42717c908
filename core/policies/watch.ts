import { type FSWatcher, realpathSync, watch } from "node:fs";
import { dirname } from "node:path";

/** Tells that files may have changed. Only a hint: it may come for nothing, and twice. */
export interface FileWatcher {
  /** Watches these files from now on, and no others. */
  follow(paths: Iterable<string>): void;
  close(): void;
}

/** Many events of one change are one wake-up, and a busy folder costs little. Milliseconds. */
const GATHER_MS = 25;

/**
 * Watches the folders of files, their real ones too: an editor that puts a new file in the place of the old one, and a link that
 * is turned elsewhere, are seen there. Where a system has no watches left, and for what they miss, `woken` is called every
 * `intervalMs` milliseconds. Keeps no process alive.
 */
export function watchFiles(intervalMs: number, woken: () => void): FileWatcher {
  let watchers: readonly FSWatcher[] = [];
  let gathering: NodeJS.Timeout | undefined;
  const poll = setInterval(woken, intervalMs).unref();
  const gather = (): void => {
    gathering ??= setTimeout(() => {
      gathering = undefined;
      woken();
    }, GATHER_MS).unref();
  };
  const stop = (): void => {
    for (const watcher of watchers) watcher.close();
  };
  return {
    follow(paths) {
      stop();
      watchers = [...foldersOf(paths)].flatMap((folder) => watchFolder(folder, gather) ?? []);
    },
    close() {
      stop();
      clearInterval(poll);
      clearTimeout(gathering);
    },
  };
}

function foldersOf(paths: Iterable<string>): ReadonlySet<string> {
  return new Set([...paths].flatMap((path) => [dirname(path), dirname(realPath(path))]));
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function watchFolder(folder: string, woken: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, woken);
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    // Polling covers it.
    return undefined;
  }
}
