import { setTimeout as sleep } from "node:timers/promises";
import { type CommitResult, LeashError } from "@leashkit/core";
import {
  type CommitRequest,
  EMPTY_HEAD,
  type Head,
  type Plan,
  planCommits,
  rowKey,
  type StoreClock,
} from "@leashkit/core/store";
import type { Database } from "./database.ts";
import { isLostRace } from "./failures.ts";
import { type Answer, createWrite, type RowWrite, sweep, type Write } from "./write.ts";

/** What a batch came to. */
export interface Written {
  readonly results: readonly CommitResult[];
  /** The rows that were changed. */
  readonly changed: Plan["changes"];
}

/**
 * How long a batch is worked out anew because others came first, in milliseconds. Each time, another process has got on; how
 * often that happens within a second says something about the machine, and nothing about whether it will end.
 */
const PATIENCE_MS = 15_000;

/** The longer others keep coming first, the longer it waits for them, in milliseconds. */
const LONGEST_PAUSE_MS = 50;

/** The index of PostgreSQL holds no more than some 2,700 bytes of a row's key. */
const MOST_KEY_BYTES = 2_500;

/** What stands in the database, as far as this process knows. */
interface Known {
  readonly versions: Map<string, number>;
  readonly heads: Map<string, Head>;
}

/**
 * Writes batches of commits, one at a time. A batch is worked out over what its commits expect, and over the ends of streams
 * as this process left them; only where that does not hold it is worked out again, over what the database has said.
 */
export function createCommits(database: Database, clock: StoreClock) {
  const write = createWrite(database);
  const heads = new Map<string, Head>();
  let sweeping: Promise<void> = Promise.resolve();

  async function attempt(work: Write): Promise<Answer | undefined> {
    try {
      return await write(work);
    } catch (error) {
      if (isLostRace(error)) return undefined;
      throw error;
    }
  }

  return {
    async write(requests: readonly CommitRequest[]): Promise<Written> {
      const known = expectationsOf(requests, heads);
      const start = performance.now();
      for (let tries = 1; tries === 1 || performance.now() - start < PATIENCE_MS; tries += 1) {
        const plan = planOver(known, requests, clock.now());
        if (plan.results.every((result) => !result.ok)) return { results: plan.results, changed: [] };
        const answer = await attempt(plan.work);
        if (answer?.written === true) {
          remember(heads, plan.lines);
          const absences = plan.work.rows.filter(({ becomes }) => becomes?.version === 0);
          // Nothing is wrong with what stays behind when this fails.
          if (absences.length > 0) sweeping = sweep(database, absences).catch(() => undefined);
          return { results: plan.results, changed: plan.changes };
        }
        if (answer !== undefined) learn(known, plan.work, answer, clock);
        if (tries > 3) await sleep(Math.random() * Math.min(tries, LONGEST_PAUSE_MS));
      }
      throw database.failures.unavailable(
        `Others changed the same rows for ${PATIENCE_MS} ms while the store at ${database.place} was to be written, so nothing was`,
      );
    },
    /** Resolves when nothing is under way any more. */
    idle: (): Promise<void> => sweeping,
  };
}

/** @throws {LeashError} `LEASH_INPUT_INVALID` for keys that PostgreSQL cannot index. */
export function checkKeyLengths({ changes, stream }: CommitRequest): void {
  const longest = Math.max(
    Buffer.byteLength(stream),
    ...changes.map(({ id, by }) => Buffer.byteLength(id) + Buffer.byteLength(by ?? "")),
  );
  if (longest <= MOST_KEY_BYTES) return;
  throw new LeashError(
    "LEASH_INPUT_INVALID",
    `A row's id with its secondary key, or a stream's name, has more than ${MOST_KEY_BYTES} bytes, so nothing was done. Use a hash of it.`,
  );
}

/** The first change of each row says what version it is taken to have. */
function expectationsOf(requests: readonly CommitRequest[], heads: ReadonlyMap<string, Head>): Known {
  const known: Known = { versions: new Map(), heads: new Map() };
  for (const { changes, records, stream } of requests) {
    for (const change of changes) {
      const key = rowKey(change);
      if (!known.versions.has(key)) known.versions.set(key, change.expect);
    }
    if (records.length > 0) known.heads.set(stream, heads.get(stream) ?? EMPTY_HEAD);
  }
  return known;
}

function planOver(known: Known, requests: readonly CommitRequest[], time: number): Plan & { readonly work: Write } {
  const plan = planCommits(
    {
      version: (row) => known.versions.get(rowKey(row)) ?? 0,
      head: (stream) => known.heads.get(stream) ?? EMPTY_HEAD,
    },
    requests,
    time,
  );
  const written = new Set(plan.lines.map(({ stream }) => stream));
  const heads = [...known.heads].flatMap(([stream, head]) => (written.has(stream) ? [{ stream, head }] : []));
  return { ...plan, work: { rows: rowsOf(known, requests, plan), heads, lines: plan.lines, time } };
}

/** Every row that the batch asks for, in order. Those of refused commits too: should it be tried again, they may hold then. */
function rowsOf(known: Known, requests: readonly CommitRequest[], plan: Plan): readonly RowWrite[] {
  const last = new Map(plan.changes.map((change) => [rowKey(change), change]));
  const rows = new Map<string, RowWrite>();
  for (const change of requests.flatMap(({ changes }) => changes)) {
    const key = rowKey(change);
    if (rows.has(key)) continue;
    const { kind, id } = change;
    const accepted = last.get(key);
    const version = accepted === undefined || accepted.body === null ? 0 : accepted.expect + 1;
    const becomes = accepted === undefined ? null : { ...accepted, version };
    rows.set(key, { kind, id, base: known.versions.get(key) ?? 0, becomes });
  }
  return [...rows].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row);
}

function learn(known: Known, { rows, heads }: Write, answer: Answer, clock: StoreClock): void {
  clock.reached(answer.latestTime);
  rows.forEach((row, index) => known.versions.set(rowKey(row), answer.versions[index] ?? 0));
  heads.forEach(({ stream }, index) => known.heads.set(stream, answer.heads[index] ?? EMPTY_HEAD));
}

/** A process writes to few streams; whoever writes to many reads where they end. */
const MOST_REMEMBERED = 64;

function remember(heads: Map<string, Head>, lines: Plan["lines"]): void {
  if (heads.size > MOST_REMEMBERED) heads.clear();
  for (const { stream, head } of lines) heads.set(stream, head);
}
