import { Worker } from "node:worker_threads";
import type { Summary } from "./report.ts";
import type { Portion } from "./seeds-worker.ts";
import type { Simulated } from "./simulate.ts";

/** Seeds that are handed out at a time: little enough that nobody waits long for the last worker. */
const PORTION = 25;

export interface CrewOptions {
  readonly first: number;
  readonly seeds: number;
  /** Threads, each with a world of its own. */
  readonly workers: number;
  /** As `performance.now()` tells it: nothing is handed out from then on. */
  readonly deadline: number;
  readonly onPortion?: (sofar: Summary) => void;
}

/**
 * Runs seeds on several threads. A seed is the same story wherever it is told, so it does not matter who tells it.
 * @throws Error when a thread ends before its seeds do: nothing is said of seeds that were not run.
 */
export async function runCrew({ deadline, first, onPortion, seeds, workers }: CrewOptions): Promise<Summary> {
  let [next, done, events] = [0, 0, 0];
  const failing: Simulated[] = [];
  const counts = new Map<string, number>();
  const sum = (): Summary => ({
    seeds: done,
    events,
    failing: failing.toSorted((one, other) => one.seed - other.seed),
    counts,
  });
  const take = (): Portion | undefined => {
    if (next >= seeds || performance.now() >= deadline) return undefined;
    const portion = { first: first + next, seeds: Math.min(PORTION, seeds - next) };
    next += portion.seeds;
    return portion;
  };
  const work = async (): Promise<void> => {
    const worker = new Worker(FROM_SOURCE, {
      eval: true,
      execArgv: ["--conditions=leashkit:source"],
      workerData: new URL("seeds-worker.ts", import.meta.url).href,
    });
    try {
      for (let portion = take(); portion !== undefined; portion = take()) {
        const told = await ask(worker, portion);
        done += told.seeds;
        events += told.events;
        failing.push(...told.failing);
        for (const [what, times] of told.counts) counts.set(what, (counts.get(what) ?? 0) + times);
        onPortion?.(sum());
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(workers, Math.ceil(seeds / PORTION))) }, work));
  return sum();
}

/** A thread does not inherit what reads TypeScript, so it begins with that. */
const FROM_SOURCE = `
const { workerData } = require("node:worker_threads");
import("tsx/esm/api").then(({ register }) => (register(), import(workerData)));
`;

function ask(worker: Worker, portion: Portion): Promise<Summary> {
  return new Promise((resolve, reject) => {
    const answered = (summary: Summary): void => {
      worker.off("error", failed).off("exit", ended);
      resolve(summary);
    };
    const failed = (error: unknown): void => {
      worker.off("message", answered).off("exit", ended);
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    const ended = (code: number): void =>
      failed(new Error(`A thread of the simulation ended with code ${code} within seeds ${portion.first} and on.`));
    worker.once("message", answered).once("error", failed).once("exit", ended);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    worker.postMessage(portion);
  });
}
