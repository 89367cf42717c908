import { LeashError } from "../errors.ts";

// The real one: whoever puts a false clock in its place tests something else than the store.
const { setImmediate } = globalThis;

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
 * it. That matters most where `write` is synchronous, because nothing can queue up behind it.
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

  async function drain(): Promise<void> {
    // Not the one that gives a promise itself: it is several times slower.
    await new Promise((resolve) => setImmediate(resolve));
    while (queue.length > 0) await writeBatch(write, queue.splice(0, limit));
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

async function writeBatch<Request, Result>(
  write: (requests: readonly Request[]) => readonly Result[] | Promise<readonly Result[]>,
  batch: readonly Waiting<Request, Result>[],
): Promise<void> {
  try {
    const written = write(batch.map((waiting) => waiting.request));
    const results = written instanceof Promise ? await written : written;
    if (results.length !== batch.length) {
      throw new LeashError(
        "LEASH_STORE_UNAVAILABLE",
        `A write of ${batch.length} requests gave ${results.length} results, so none of them can be trusted. Read back what was written.`,
      );
    }
    results.forEach((result, index) => batch[index]?.resolve(result));
  } catch (error) {
    for (const waiting of batch) waiting.reject(error);
  }
}
