import type { Clock } from "../model/runtime.ts";
import { createBatcher } from "./batch.ts";
import { storeClock, type StoreClock, systemClock } from "./clock.ts";
import { type LogFile, openLogFile } from "./log-file.ts";
import { restoreLines } from "./log-restore.ts";
import {
  apply,
  baseOf,
  emptyState,
  listRows,
  type MemoryState,
  readLines,
  readRow,
  readStreams,
  readVersion,
} from "./memory-state.ts";
import { planCommit, planCommits } from "./plan.ts";
import { COMMITTED, type CommitRequest, isEmpty, prepareCommit, prepareLimit, prepareQuery } from "./request.ts";
import type { CommitResult, Store } from "./store.ts";
import { storeClosed } from "./unavailable.ts";
import { createWaiters, type Waiters } from "./waiters.ts";

export interface MemoryStoreOptions {
  /** Default: the machine's wall clock. */
  readonly clock?: Clock;
  /**
   * Path of a JSONL file that keeps the log. Made with mode 0600; a commit's lines are synced to the disk before the
   * commit resolves. An existing file is continued. One process at a time. Default: the log is kept in memory only.
   */
  readonly log?: string;
}

/** The longest that a timer can be set to. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * A store for tests and single, short-lived processes: rows live in memory and are gone with the process, approvals can
 * be answered in this process only. With `log` the evidence outlives it.
 *
 * After a write of the log that may have left half a line, or a failed sync, every commit is refused until the store is
 * opened again, which puts the half line aside.
 *
 * @throws {LeashError} `LEASH_STORE_UNAVAILABLE` when the log cannot be opened or its lines do not follow one another.
 * @example
 * const store = memoryStore();
 * await store.commit([{ kind: "used", id: "jti-1", expect: 0, body: {} }]); // { ok: true }
 */
export function memoryStore(options: MemoryStoreOptions = {}): Store {
  return memoryStoreOver(
    options.clock ?? systemClock,
    options.log === undefined ? undefined : openLogFile(options.log),
  );
}

/** The same over an open log, which it closes. */
export function memoryStoreOver(wall: Clock, log: LogFile | undefined): Store {
  const state = emptyState();
  const clock = storeClock(wall, restoreLines(state, log?.lines ?? []));
  const waiters = createWaiters({ version: (kind, id) => readVersion(state, kind, id), listen: stayAlive });
  // A write to memory has nothing to share with others, so it does not wait for them.
  const write = log === undefined ? writeAtOnce(state, clock, waiters) : writeDurably(state, clock, waiters, log);
  let closing: Promise<void> | undefined;
  const reading = async <Result>(read: () => Result | Promise<Result>): Promise<Result> => {
    if (closing !== undefined) throw storeClosed();
    return read();
  };
  const close = async (): Promise<void> => {
    await write.idle();
    waiters.close();
    log?.close();
  };
  return {
    shared: false,
    now: () => clock.now(),
    get: (kind, id) => reading(() => readRow(state, kind, id)),
    list: (kind, query) => reading(() => listRows(state, kind, prepareQuery(query))),
    commit: async (changes, append) => {
      if (closing !== undefined) throw storeClosed();
      const request = prepareCommit(changes, append);
      return isEmpty(request) ? COMMITTED : write.submit(request);
    },
    watch: (kind, id, version, signal) => reading(() => waiters.wait(kind, id, version, signal)),
    streams: () => reading(() => readStreams(state)),
    lines: (stream, from, limit) => reading(() => readLines(state, stream, from, prepareLimit(limit))),
    close: () => (closing ??= close()),
  };
}

interface Writer {
  submit(request: CommitRequest): CommitResult | Promise<CommitResult>;
  idle(): Promise<void>;
}

function writeAtOnce(state: MemoryState, clock: StoreClock, waiters: Waiters): Writer {
  const base = baseOf(state);
  return {
    submit: (request) => {
      const planned = planCommit(base, request, clock.now());
      apply(state, planned);
      waiters.wake(planned.changes);
      return planned.results[0] ?? COMMITTED;
    },
    idle: async () => undefined,
  };
}

/** Lines first, then memory: what memory shows is always in the log, and a failed write has changed nothing. */
function writeDurably(state: MemoryState, clock: StoreClock, waiters: Waiters, log: LogFile): Writer {
  const base = baseOf(state);
  return createBatcher(async (requests: readonly CommitRequest[]) => {
    const planned = planCommits(base, requests, clock.now());
    if (planned.lines.length > 0) {
      log.write(planned.lines.map(({ line }) => line));
      await log.sync();
    }
    apply(state, planned);
    waiters.wake(planned.changes);
    return planned.results;
  });
}

/** Whoever waits for a person waits on purpose, so the process stays, though nothing is polled. */
function stayAlive(): () => void {
  const timer = setInterval(() => undefined, LONGEST_MS);
  return () => clearInterval(timer);
}
