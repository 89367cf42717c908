import { hash } from "node:crypto";
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryStore, type Store } from "@leashkit/core";
import { seededRandom } from "@leashkit/core/testing";
import { EMPTY_HEAD, link } from "../../../core/store/chain.ts";
import type { Report, RunOptions } from "../../report.ts";
import { measure, ratio, shuffled, type Candidate, type Measured, type MeasureOptions } from "../measure.ts";
import { sampleRecord } from "./record.ts";

const WRITERS = [1, 16, 64, 256];
const FLOOR = "JSON.stringify and SHA-256";
const LINK = "chained, no store";
const stored = (writers: number): string => `store, ${writers} writers`;
const synced = (writers: number): string => `store, fsync, ${writers} writers`;
const flushed = (writers: number): string => `one fdatasync for ${writers}`;
const RECORD = sampleRecord(1);

function floor(): Candidate {
  return {
    name: FLOOR,
    calls: 1_024,
    run(calls) {
      for (let call = 0; call < calls; call += 1) hash("sha256", JSON.stringify(RECORD), "hex");
    },
  };
}

function linking(): Candidate {
  let head = EMPTY_HEAD;
  return {
    name: LINK,
    calls: 1_024,
    run(calls) {
      for (let call = 0; call < calls; call += 1) head = link("writer-1", head, Date.now(), RECORD).head;
    },
  };
}

/** Writers that each wait for their record before they write the next. */
async function write(store: Store, writers: number, records: number): Promise<void> {
  const writer = async (): Promise<void> => {
    for (let record = 0; record < records / writers; record += 1) {
      await store.commit([], { stream: "writer-1", records: [RECORD] });
    }
  };
  await Promise.all(Array.from({ length: writers }, writer));
}

/** A new store each time: what the one before holds must not weigh on the next. */
function appending(name: string, writers: number, calls: number, log?: () => string): Candidate {
  return {
    name,
    calls,
    async run(records) {
      const store = memoryStore(log === undefined ? {} : { log: log() });
      await write(store, writers, records);
      await store.close();
    },
  };
}

/** What the disk alone costs a record, where so many share one flush. */
function flushing(writers: number, file: number): Candidate {
  const lines = Buffer.alloc(900 * writers, 0x61);
  return {
    name: flushed(writers),
    calls: writers,
    run() {
      writeSync(file, lines);
      fdatasyncSync(file);
    },
  };
}

/** Appending a record to a chained log: the work of the processor alone, through a store, and until it is on the disk. */
export async function append({ seed, budgetMs }: RunOptions, report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "leashkit-bench-"));
  const file = openSync(join(folder, "flushed"), "w");
  let logs = 0;
  const log = (): string => join(folder, `${(logs += 1)}.jsonl`);
  const random = seededRandom(seed);
  // Apart from one another: what waits for the disk gives the others too few rounds.
  const options: MeasureOptions = { warmUp: 3, budgetMs: budgetMs / 2, shuffle: (list) => shuffled(list, random) };
  try {
    const inMemory = WRITERS.map((writers) => appending(stored(writers), writers, 1_024));
    printStored(await measure([floor(), linking(), ...inMemory], { ...options, rounds: 80 }), report);
    const onDisk = WRITERS.flatMap((writers) => [
      appending(synced(writers), writers, Math.min(16 * writers, 1_024), log),
      flushing(writers, file),
    ]);
    printSynced(await measure([floor(), ...onDisk], { ...options, rounds: 30 }), report);
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true, force: true });
  }
}

function table(title: string, measured: readonly Measured[], report: Report): void {
  report.table(
    title,
    measured.map(({ name, rounds, median, p25, p75 }) => ({
      what: name,
      median: median / 1e3,
      p25: p25 / 1e3,
      p75: p75 / 1e3,
      "times the floor": ratio(measured, name, FLOOR),
      rounds,
    })),
  );
}

function printStored(measured: readonly Measured[], report: Report): void {
  table("One record of the log, in microseconds", measured, report);
  for (const name of [LINK, ...WRITERS.map(stored)]) {
    const value = ratio(measured, name, FLOOR);
    report.target({ name: `${name} / floor`, value, mustBe: "at most", limit: 4, unit: "times" });
  }
}

function printSynced(measured: readonly Measured[], report: Report): void {
  table("One record on the disk, in microseconds", measured, report);
  const time = (wanted: string): number => measured.find(({ name }) => name === wanted)?.median ?? Number.NaN;
  for (const writers of WRITERS) {
    // The disk's own time is nobody's doing; what is judged is what we add to it.
    const value = time(synced(writers)) / (time(FLOOR) + time(flushed(writers)));
    report.target({ name: `${synced(writers)} / floor and flush`, value, mustBe: "at most", limit: 4, unit: "times" });
  }
}
