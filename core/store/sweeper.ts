import type { Store } from "./store.ts";
import { type Retention, sweep } from "./sweep.ts";

/** Sweeps a store now and then. */
export interface Sweeper {
  /** Ends it; resolves once nothing of it is under way. */
  stop(): Promise<void>;
}

/** Milliseconds between two sweeps: five minutes. */
const EVERY_MS = 300_000;

/**
 * Sweeps at once and from then on every five minutes, beside whatever else goes on. Its timer keeps no process alive. A sweep that
 * fails is no news: whoever needs the store finds out, and the next one tries again.
 */
export function keepSwept(store: Store, retentions: readonly Retention[]): Sweeper {
  let running: Promise<void> | undefined;
  const run = (): void => {
    running ??= sweep(store, retentions)
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => {
        running = undefined;
      });
  };
  const timer = setInterval(run, EVERY_MS).unref();
  run();
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
