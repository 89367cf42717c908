import { resolve } from "node:path";
import { isLeashError, LeashError } from "../errors.ts";
import type { Clock } from "../model/runtime.ts";
import { createBatcher } from "./batch.ts";
import { storeClock, type StoreClock, systemClock } from "./clock.ts";
import { type Doorbell, openDoorbell } from "./doorbell.ts";
import type { DriverName } from "./driver.ts";
import { COMMITTED, type CommitRequest, isEmpty, prepareCommit, prepareLimit, prepareQuery } from "./request.ts";
import { openSqliteFile, type SqliteFile } from "./sqlite-file.ts";
import {
  listRows,
  readDataVersion,
  readLatestTime,
  readLines,
  type ReadRow,
  readRow,
  readStreams,
  readVersion,
  writeCommits,
} from "./sqlite-rows.ts";
import type { CommitResult, Row, Store } from "./store.ts";
import { storeClosed, storeUnavailable } from "./unavailable.ts";
import { type ChangeSource, createWaiters, type Waiters } from "./waiters.ts";

export interface SqliteStoreOptions {
  /** Path of the database. It and `-wal`, `-shm` and `.bell` beside it get mode 0600, missing folders 0700. */
  readonly file: string;
  /** Default: the machine's wall clock. */
  readonly clock?: Clock;
  /** Insists on one driver. Default: `node:sqlite` where this Node has it, else `libsql`. */
  readonly driver?: DriverName;
}

/** How often a waiting store asks whether another process has committed, should the doorbell not be heard. */
const POLL_MS = 100;

/**
 * The embedded store: one SQLite file that several processes of one machine may open at the same time. A commit is on
 * the disk when it resolves (WAL with `synchronous=FULL`); commits in flight share a transaction.
 *
 * SQLite is synchronous: a commit holds the event loop while it is written, and up to five seconds while another process
 * keeps the file locked. Not for network drives: their locks cannot be trusted.
 *
 * @throws {LeashError} `LEASH_STORE_UNAVAILABLE` when the file cannot be opened, is damaged, of another program or of
 * another schema version; `LEASH_CONFIG_INVALID` for a path that names no file, or without a SQLite driver.
 * @example
 * const store = await sqliteStore({ file: "/var/lib/agent/store.db" });
 * await store.commit([{ kind: "used", id: "jti-1", expect: 0, body: {} }]); // { ok: true }
 * await store.close();
 */
export async function sqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const path = checkedPath(options.file);
  const { file, clock } = await answering(`The store ${path} cannot be opened`, async () => {
    const opened = await openSqliteFile(path, options.driver);
    return { file: opened, clock: storeClock(options.clock ?? systemClock, readLatestTime(opened)) };
  });
  const bell = openDoorbell(`${path}.bell`);
  return storeOver(path, file, clock, bell, createWaiters(changesOf(path, file, bell)));
}

function storeOver(path: string, file: SqliteFile, clock: StoreClock, bell: Doorbell, waiters: Waiters): Store {
  let closing: Promise<void> | undefined;
  const reading = async <Result>(read: () => Result | Promise<Result>): Promise<Result> => {
    if (closing !== undefined) throw storeClosed();
    return answering(`The store ${path} cannot be read`, read);
  };
  const batcher = createBatcher((requests: readonly CommitRequest[]) => {
    const results = writeAll(path, file, clock, requests);
    // Others may hear of it a moment later; the call that was written goes on now.
    process.nextTick(() => bell.ring());
    requests.forEach((request, index) => {
      if (results[index]?.ok === true) waiters.wake(request.changes);
    });
    return results;
  });
  const close = async (): Promise<void> => {
    await batcher.idle();
    waiters.close();
    bell.close();
    await answering(`The store ${path} cannot be closed`, () => file.close());
  };
  return {
    shared: true,
    now: () => clock.now(),
    get: (kind, id) =>
      reading(() => {
        const read = readRow(file, kind, id);
        return read && seen(clock, read);
      }),
    list: (kind, query) => reading(() => listRows(file, kind, prepareQuery(query)).map((read) => seen(clock, read))),
    commit: async (changes, append) => {
      if (closing !== undefined) throw storeClosed();
      const request = prepareCommit(changes, append);
      return isEmpty(request) ? COMMITTED : await batcher.submit(request);
    },
    watch: (kind, id, version, signal) => {
      if (closing !== undefined) return Promise.reject(storeClosed());
      return waiters.wait(kind, id, version, signal);
    },
    streams: () => reading(() => readStreams(file)),
    lines: (stream, from, limit) => reading(() => readLines(file, stream, from, prepareLimit(limit))),
    close: () => (closing ??= close()),
  };
}

function writeAll(
  path: string,
  file: SqliteFile,
  clock: StoreClock,
  requests: readonly CommitRequest[],
): readonly CommitResult[] {
  try {
    return writeCommits(file, requests, (latestTime) => {
      clock.reached(latestTime);
      return clock.now();
    });
  } catch (error) {
    throw failureOf(error, `The store ${path} cannot be written, so nothing was`);
  }
}

function changesOf(path: string, file: SqliteFile, bell: Doorbell): ChangeSource {
  return {
    version(kind, id) {
      try {
        return readVersion(file, kind, id);
      } catch (error) {
        throw failureOf(error, `The store ${path} cannot be read`);
      }
    },
    listen: (look) => {
      let known = dataVersionOf(file);
      const lookIfChanged = (): void => {
        const current = dataVersionOf(file);
        if (current !== undefined && current === known) return;
        known = current;
        look();
      };
      const stopBell = bell.watch(lookIfChanged);
      // Keeps the process alive: whoever waits for a person waits on purpose.
      const timer = setInterval(lookIfChanged, POLL_MS);
      return () => {
        clearInterval(timer);
        stopBell();
      };
    },
  };
}

/** Undefined when the store cannot answer, which counts as changed. */
function dataVersionOf(file: SqliteFile): number | undefined {
  try {
    return readDataVersion(file);
  } catch {
    return undefined;
  }
}

/** The row, which from now on is not from this store's future. */
function seen(clock: StoreClock, read: ReadRow): Row {
  clock.reached(read.latestTime);
  return read.row;
}

async function answering<Result>(problem: string, work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw failureOf(error, problem);
  }
}

function failureOf(error: unknown, problem: string): LeashError {
  return isLeashError(error) ? error : storeUnavailable(problem, error);
}

function checkedPath(file: string): string {
  if (typeof file === "string" && file.trim() !== "" && file !== ":memory:" && !file.includes("\0"))
    return resolve(file);
  throw new LeashError(
    "LEASH_CONFIG_INVALID",
    "The option `file` of sqliteStore names no file, so no store was opened. Give a path; for a store without a file use memoryStore.",
  );
}
