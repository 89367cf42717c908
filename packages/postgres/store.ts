import type { Store } from "@leashkit/core";
import {
  COMMITTED,
  type CommitRequest,
  createBatcher,
  isEmpty,
  prepareCommit,
  prepareLimit,
  prepareQuery,
  storeClock,
  type StoreClock,
  storeClosed,
  systemClock,
} from "@leashkit/core/store";
import { checkKeyLengths, createCommits } from "./commits.ts";
import { type Database, openDatabase } from "./database.ts";
import { isRefusal } from "./failures.ts";
import { listenForChanges } from "./listener.ts";
import type { PostgresStoreOptions } from "./options.ts";
import { createReader, type ReadRow, type Reader } from "./rows.ts";
import { prepareSchema } from "./schema.ts";
import { createRemoteWaiters } from "./waiters.ts";

/**
 * A store in PostgreSQL, for several machines that share approvals, limits and the log. Makes or upgrades its tables when it
 * opens. A commit is durable on the server when it resolves, whatever the server's `synchronous_commit`; commits in flight
 * share a transaction. While somebody waits, one more connection listens for the changes of other processes.
 *
 * A commit whose answer is lost rejects with `LEASH_STORE_UNAVAILABLE`, and may have been written all the same: read back.
 * An `id` with its `by`, and the name of a stream, may have up to 2,500 bytes; longer ones are refused with
 * `LEASH_INPUT_INVALID`.
 *
 * @throws {LeashError} `LEASH_STORE_UNAVAILABLE` when the database cannot be reached, or its tables are of a newer release or of
 * another program; `LEASH_CONFIG_INVALID` for options that cannot be read, or a database whose encoding is not UTF8. No
 * message, cause or log holds the password.
 * @example
 * const store = await postgresStore({ connectionString: process.env.DATABASE_URL ?? "" });
 * const leash = await createLeash({ policy: "leash.yaml", store, state: "/var/lib/agent" }); // `state` keeps the keys
 * await store.close();
 */
export async function postgresStore(options: PostgresStoreOptions): Promise<Store> {
  const database = openDatabase(options);
  const reader = createReader(database);
  try {
    await prepareSchema(database);
    return storeOver(database, reader, storeClock(options.clock ?? systemClock, await reader.latestTime()));
  } catch (error) {
    await database.close();
    throw database.failures.unavailable(`The store at ${database.place} cannot be opened`, error);
  }
}

function storeOver(database: Database, reader: Reader, clock: StoreClock): Store {
  const waiters = createRemoteWaiters({
    versions: (rows) => reader.versions(rows),
    listen: (look, wake) => listenForChanges(database, look, wake),
  });
  const commits = createCommits(database, clock);
  const batcher = createBatcher(async (requests: readonly CommitRequest[]) => {
    const { results, changed } = await writing(database, () => commits.write(requests));
    waiters.wake(changed);
    return results;
  });
  const open = gate(database);
  const seen = ({ row, latestTime }: ReadRow): ReadRow["row"] => {
    clock.reached(latestTime);
    return row;
  };
  return {
    shared: true,
    now: () => clock.now(),
    get: (kind, id) =>
      open.reading(async () => {
        const read = await reader.row(kind, id);
        return read && seen(read);
      }),
    list: (kind, query) => open.reading(async () => (await reader.rows(kind, prepareQuery(query))).map(seen)),
    commit: async (changes, append) => {
      if (open.isClosed()) throw storeClosed();
      const request = prepareCommit(changes, append);
      checkKeyLengths(request);
      return isEmpty(request) ? COMMITTED : batcher.submit(request);
    },
    watch: (kind, id, version, signal) => open.reading(() => waiters.wait(kind, id, version, signal)),
    streams: () => open.reading(() => reader.streams()),
    lines: (stream, from, limit) => open.reading(() => reader.lines(stream, from, prepareLimit(limit))),
    close: () =>
      open.close(async () => {
        waiters.close();
        await batcher.idle();
        await commits.idle();
      }),
  };
}

/** Lets reads through until the store is closed, and closes the database once none is under way: its pool would forget them. */
function gate(database: Database) {
  const underWay = new Set<Promise<unknown>>();
  let closing: Promise<void> | undefined;

  async function answered<Result>(read: () => Promise<Result>): Promise<Result> {
    try {
      return await read();
    } catch (error) {
      throw database.failures.unavailable(`The store at ${database.place} cannot be read`, error);
    }
  }

  async function closeAfter(work: () => Promise<void>): Promise<void> {
    await work();
    await Promise.allSettled(underWay);
    await database.close();
  }

  return {
    isClosed: (): boolean => closing !== undefined,
    async reading<Result>(read: () => Promise<Result>): Promise<Result> {
      if (closing !== undefined) throw storeClosed();
      const work = answered(read);
      underWay.add(work);
      try {
        return await work;
      } finally {
        underWay.delete(work);
      }
    },
    close: (work: () => Promise<void>): Promise<void> => (closing ??= closeAfter(work)),
  };
}

async function writing<Result>(database: Database, write: () => Promise<Result>): Promise<Result> {
  try {
    return await write();
  } catch (error) {
    const outcome = isRefusal(error) ? "so nothing was" : "or gave no answer: read back what was";
    throw database.failures.unavailable(`The store at ${database.place} cannot be written, ${outcome}`, error);
  }
}
