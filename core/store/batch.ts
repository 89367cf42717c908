// Imported, for who puts a false clock in the place of the global ones tests something else than the store.
import { nextTick } from "node:process";
import { setImmediate } from "node:timers";
import { LeashError } from "../errors.ts";

/** Puts requests that arrive together into one write. */
export interface Batcher<Request, Result> {
  /** Settles with the request's own result, or rejects with what the whole write threw. */
  submit(request: Request): Promise<Result>;
  /** Resolves when everything submitted so far is settled. */
  idle(): Promise<void>;
}

export interface BatchOptions {
  /** The most requests in one write. Default 256: bounds how long one transaction holds its lock. */
  readonly limit?: number;
}

/**
 * Group commit: what is submitted while a write is under way goes together into the next one, in order. `write` gives one
 * result for each request; when it throws, all requests of that write reject and none may have been written.
 *
 * A first request waits for the end of the current turn of the event loop, not for a timer: whatever can run now joins
 * it. That matters most where `write` is synchronous, because nothing can queue up behind it. Behind one that came alone the
 * next waits only for the promises that can run now: one call at a time gains by it, and every second write lets the loop turn.
 *
 * @example
 * const batcher = createBatcher((numbers: readonly number[]) => numbers.map((number) => number * 2));
 * await Promise.all([batcher.submit(1), batcher.submit(2)]); // [2, 4], of one write
 */
export function createBatcher<Request, Result>(
  write: (requests: readonly Request[]) => readonly Result[] | Promise<readonly Result[]>,
  options: BatchOptions = {},
): Batcher<Request, Result> {
  const limit = options.limit ?? 256;
  const queue: Waiting<Request, Result>[] = [];
  let draining: Promise<void> | undefined;
  let hurries = false;

  async function drain(): Promise<void> {
    const hurried = hurries;
    // Not the one that gives a promise itself: it is several times slower.
    await new Promise<void>((resolve) => (hurried ? nextTick(resolve) : setImmediate(resolve)));
    hurries = !hurried && queue.length === 1;
    while (queue.length > 0) {
      const writing = writeBatch(write, queue.splice(0, limit));
      // What goes on behind a write that is over by now waits for its own turn.
      if (writing !== undefined) await writing;
    }
    draining = undefined;
  }

  return {
    submit: (request) =>
      new Promise((resolve, reject) => {
        queue.push({ request, resolve, reject });
        draining ??= drain();
      }),
    idle: async () => {
      await draining;
    },
  };
}

interface Waiting<Request, Result> {
  readonly request: Request;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/** A promise where the write is still under way. */
function writeBatch<Request, Result>(
  write: (requests: readonly Request[]) => readonly Result[] | Promise<readonly Result[]>,
  batch: readonly Waiting<Request, Result>[],
): Promise<void> | undefined {
  const settle = (results: readonly Result[]): void => settleBatch(batch, results);
  const fail = (error: unknown): void => {
    for (const waiting of batch) waiting.reject(error);
  };
  try {
    const written = write(batch.map((waiting) => waiting.request));
    if (written instanceof Promise) return written.then(settle).catch(fail);
    settle(written);
  } catch (error) {
    fail(error);
  }
  return undefined;
}

function settleBatch<Request, Result>(batch: readonly Waiting<Request, Result>[], results: readonly Result[]): void {
  if (results.length !== batch.length) {
    throw new LeashError(
      "LEASH_STORE_UNAVAILABLE",
      `A write of ${batch.length} requests gave ${results.length} results, so none of them can be trusted. Read back what was written.`,
    );
  }
  results.forEach((result, index) => batch[index]?.resolve(result));
}
