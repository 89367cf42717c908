import { isLeashError, LeashError } from "../errors.ts";
import type { AuditLog } from "../model/log.ts";

/** Takes checkpoints by itself. */
export interface Checkpointer {
  /** Takes a last one, and ends; resolves once nothing of it is under way. */
  stop(): Promise<void>;
}

const CHECKPOINT_EVERY_MS = 60_000;
/** What a timer takes. */
const MOST_MS = 2_147_483_647;

/**
 * Signs what is in the log, now and then. Its timer keeps no process alive, and nothing waits for it. A store that cannot be reached
 * is no news: whoever needs it finds out, and the next one tries again. Anything else is a process warning: the log, or the key, is
 * not as it must be, and nothing is signed until it is.
 *
 * @param everyMs From 1 to 2,147,483,647 milliseconds; default a minute.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for any other time.
 */
export function keepCheckpointed(
  log: Pick<AuditLog, "checkpoint">,
  everyMs: number = CHECKPOINT_EVERY_MS,
): Checkpointer {
  if (!Number.isSafeInteger(everyMs) || everyMs < 1 || everyMs > MOST_MS) {
    throw new LeashError(
      "LEASH_CONFIG_INVALID",
      `The option audit.checkpointEveryMs must be from 1 to ${MOST_MS} milliseconds. Leave it out for a minute.`,
    );
  }
  let running: Promise<void> | undefined;
  const run = (): Promise<void> =>
    (running ??= log
      .checkpoint()
      .then(() => undefined, warn)
      .finally(() => {
        running = undefined;
      }));
  const timer = setInterval(() => void run(), everyMs).unref();
  return {
    async stop() {
      clearInterval(timer);
      await running;
      await run();
    },
  };
}

function warn(error: unknown): void {
  if (isLeashError(error, "LEASH_STORE_UNAVAILABLE")) return;
  const code = isLeashError(error) ? error.code : "LEASH_LOG_INVALID";
  process.emitWarning(
    `No checkpoint of the log was signed. ${error instanceof Error ? error.message : String(error)}`,
    { code },
  );
}
