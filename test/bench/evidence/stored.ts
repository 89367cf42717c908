import { hash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryKeyRing, memoryStore, type KeyRing, type Store, sqliteStore } from "@leashkit/core";
import { fakeClock, seededRandom } from "@leashkit/core/testing";
import { takeCheckpoint } from "../../../core/audit/take-checkpoint.ts";
import { verifyLog } from "../../../core/audit/verify-log.ts";
import type { Report, RunOptions } from "../../report.ts";
import { measure, ratio, shuffled, type Candidate } from "../measure.ts";
import { sampleRecord } from "./record.ts";

const MOST_RECORDS = 200_000;
/** What a record costs this bench: to write it twice, and to read it in six rounds in four ways. */
const MICROSECONDS_A_RECORD = 250;
const RECORDS_A_COMMIT = 500;
const CHECKPOINTS = 10;
const PAGE = 1_000;

/** A log in a store, signed as it grew. */
export async function fill(store: Store, keys: KeyRing, records: number): Promise<void> {
  const random = (size: number): Uint8Array => new Uint8Array(size).fill(7);
  const step = Math.max(RECORDS_A_COMMIT, Math.floor(records / CHECKPOINTS));
  for (let from = 0; from < records; from += RECORDS_A_COMMIT) {
    const count = Math.min(RECORDS_A_COMMIT, records - from);
    const written = Array.from({ length: count }, (_, at) => sampleRecord(from + at));
    await store.commit([], { stream: "writer-1", records: written });
    if (from % step < RECORDS_A_COMMIT) await takeCheckpoint({ store, keys, random });
  }
  await takeCheckpoint({ store, keys, random });
}

/** The least that whoever looks at every line does. Gives the number of lines. */
export async function readStoredPlainly(store: Store): Promise<number> {
  let count = 0;
  for (const stream of await store.streams()) {
    for (let from = 0; ;) {
      const page = await store.lines(stream, from, PAGE);
      for (const { line } of page) {
        JSON.parse(line);
        hash("sha256", line, "hex");
      }
      count += page.length;
      if (page.length < PAGE) break;
      from += PAGE;
    }
  }
  return count;
}

/** Chains, tree and checkpoints. Gives the number of lines that hold and that a checkpoint covers. */
export async function verifyStored(store: Store, keys: KeyRing): Promise<number> {
  const { badCheckpoint, covered, firstBad, ok } = await verifyLog(store, {
    keys: () => keys.publicKeys("checkpoint"),
  });
  if (!ok) throw new Error(`The log does not hold: ${(firstBad ?? badCheckpoint)?.problem}`);
  return covered;
}

/** Verifying a log where it lies, with its tree and its checkpoints; fewer records where the budget is short. */
export async function storedLog({ seed, budgetMs }: RunOptions, report: Report): Promise<void> {
  const records = Math.min(MOST_RECORDS, Math.max(1_000, Math.floor((budgetMs * 1_000) / MICROSECONDS_A_RECORD)));
  const folder = mkdtempSync(join(tmpdir(), "leashkit-bench-"));
  const random = seededRandom(seed);
  const keys = memoryKeyRing({ clock: fakeClock(), random: random });
  const stores = { memory: memoryStore(), sqlite: await sqliteStore({ file: join(folder, "store.db") }) };
  const all = async (read: Promise<number>): Promise<void> => {
    if ((await read) !== records) throw new Error("Every line must be read.");
  };
  const ways = (name: string, store: Store): readonly Candidate[] => [
    { name: `${name}, read`, calls: records, run: () => all(readStoredPlainly(store)) },
    { name: `${name}, verified`, calls: records, run: () => all(verifyStored(store, keys)) },
  ];
  try {
    for (const store of Object.values(stores)) await fill(store, keys, records);
    const candidates = Object.entries(stores).flatMap(([name, store]) => ways(name, store));
    const measured = await measure(candidates, { rounds: 5, warmUp: 1, shuffle: (list) => shuffled(list, random) });
    report.table(
      `Verifying a stored log of ${records.toLocaleString("en-US")} records with its checkpoints`,
      measured.map(({ name, median }) => ({ what: name, "microseconds a record": median / 1e3 })),
    );
    for (const name of Object.keys(stores)) {
      const value = ratio(measured, `${name}, verified`, `${name}, read`);
      report.target({ name: `${name}: verifying / reading`, value, mustBe: "at most", limit: 2, unit: "times" });
    }
  } finally {
    await stores.sqlite.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
