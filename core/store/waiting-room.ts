import { rowKey } from "./request.ts";
import type { Kind } from "./store.ts";

/** A row that somebody waits for. */
export interface Watched {
  readonly kind: Kind;
  readonly id: string;
}

/** One wait for a row that has this version. */
export interface Wait extends Watched {
  readonly version: number;
  /** Ends this wait; calling it again does nothing. */
  readonly end: () => void;
}

/** Who waits for rows of one store object. Whether a row changed is for the store to find out. */
export interface WaitingRoom {
  /** Begins a wait, which ends when it is woken, when the signal aborts or when the room closes. */
  enter(
    kind: Kind,
    id: string,
    version: number,
    signal: AbortSignal,
  ): { readonly wait: Wait; readonly ended: Promise<void> };
  waits(): readonly Wait[];
  /** Ends every wait for these rows. */
  wake(rows: Iterable<Watched>): void;
  /** Ends every wait, and so stops listening. */
  close(): void;
}

/**
 * Keeps the waits of one store object, and listens for changes only while there is one.
 * @param listen called when somebody starts to wait while nobody did; keeps the process alive, and gives a function that ends it.
 */
export function createWaitingRoom(listen: () => () => void): WaitingRoom {
  const waiting = new Map<string, Set<Wait>>();
  let stopListening: (() => void) | undefined;

  function leave(wait: Wait): void {
    const key = rowKey(wait);
    const others = waiting.get(key);
    if (others?.delete(wait) && others.size === 0) waiting.delete(key);
    if (waiting.size > 0) return;
    stopListening?.();
    stopListening = undefined;
  }

  function join(wait: Wait): void {
    const others = waiting.get(rowKey(wait));
    if (others === undefined) waiting.set(rowKey(wait), new Set([wait]));
    else others.add(wait);
    stopListening ??= listen();
  }

  const waits = (): readonly Wait[] => [...waiting.values()].flatMap((those) => [...those]);
  return {
    enter(kind, id, version, signal) {
      let resolve = (): void => undefined;
      const ended = new Promise<void>((settle) => (resolve = settle));
      const end = (): void => {
        signal.removeEventListener("abort", end);
        leave(wait);
        resolve();
      };
      const wait: Wait = { kind, id, version, end };
      signal.addEventListener("abort", end, { once: true });
      join(wait);
      return { wait, ended };
    },
    waits,
    wake(rows) {
      if (waiting.size === 0) return;
      for (const row of rows) for (const wait of waiting.get(rowKey(row)) ?? []) wait.end();
    },
    close() {
      for (const wait of waits()) wait.end();
    },
  };
}
