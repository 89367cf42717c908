import { seededRandom } from "@leashkit/core/testing";
import { describeViolations, type Findings, inspect } from "./kill-check.ts";
import { CALLS, describeKill, drawKill, type Kill } from "./kill-plan.ts";
import { liveAndDie } from "./kill-process.ts";
import type { Battlefield, Battlefields } from "./kill-stores.ts";

/** Processes that share one store, so that each finds what its killed forerunners left. */
export const PROCESSES_PER_STORE = 20;

export interface KillLoopOptions {
  readonly over: Battlefields;
  /** Processes, over all stores. */
  readonly iterations: number;
  /** Of the first store; each further store has the next one. */
  readonly seed: number;
  /** Epoch milliseconds after which no further process is started. */
  readonly deadline: number;
  /** The compiled worker. */
  readonly worker: string;
  /** Told after each store what there was so far. */
  readonly onStore?: (soFar: KillLoopResult) => void;
}

export interface KillLoopResult {
  readonly iterations: number;
  readonly killed: number;
  readonly effects: number;
  /** Each names the store's seed, the process and the point at which it was killed. */
  readonly violations: readonly string[];
  readonly states: Readonly<Record<string, number>>;
}

/**
 * I2, I3, I5, I10: processes killed at random points, one after the other over one store. After each death: at most one
 * execution per call and per approval, no execution without an earlier record and where it must be asked for none without a
 * yes, nothing done that did not happen, and a log whose chain holds. And each process that lives comes to its end.
 */
export async function killLoop(options: KillLoopOptions): Promise<KillLoopResult> {
  const { deadline, iterations, onStore, over, worker } = options;
  let total: KillLoopResult = { iterations: 0, killed: 0, effects: 0, violations: [], states: {} };
  for (let seed = options.seed; total.iterations < iterations && Date.now() < deadline; seed += 1) {
    const field = await over.fresh();
    try {
      const processes = Math.min(PROCESSES_PER_STORE, iterations - total.iterations);
      const found = await oneStore({ field, worker, processes, seed, deadline });
      const where = `seed ${seed} over ${over.name}`;
      total = add(total, { ...found, violations: found.violations.map((violation) => `${where}, ${violation}`) });
    } finally {
      await field.remove();
    }
    onStore?.(total);
  }
  return total;
}

interface StoreOptions {
  readonly field: Battlefield;
  readonly worker: string;
  readonly processes: number;
  readonly seed: number;
  readonly deadline: number;
}

async function oneStore({ field, worker, processes, seed, deadline }: StoreOptions): Promise<KillLoopResult> {
  const random = seededRandom(seed);
  const violations: string[] = [];
  const told = new Set<string>();
  let [iterations, killed] = [0, 0];
  let found: Findings | undefined;
  for (; iterations < processes && Date.now() < deadline; iterations += 1) {
    // Every other process takes its forerunner's calls up again; the rest propose new ones beside them.
    const firstCall = Math.floor(iterations / 2) * 3;
    const kill = drawKill(random, firstCall);
    const death = await liveAndDie(worker, field, firstCall, kill);
    if (death === "killed") killed += 1;
    found = await inspectField(field);
    const problems = typeof death === "object" ? [death.problem] : [];
    for (const problem of [...problems, ...describeViolations(found.violations)]) {
      // What one process did wrong stays in the store: it is told once.
      if (told.has(problem)) continue;
      told.add(problem);
      violations.push(`${describeProcess(iterations, firstCall, kill)}: ${problem}`);
    }
  }
  return { iterations, killed, violations, effects: found?.effects ?? 0, states: found?.states ?? {} };
}

async function inspectField(field: Battlefield): Promise<Findings> {
  const store = await field.open();
  try {
    return await inspect(field.folder, store);
  } finally {
    await store.close();
  }
}

function describeProcess(index: number, firstCall: number, kill: Kill): string {
  return `process ${index + 1} (calls ${firstCall} to ${firstCall + CALLS - 1}, killed ${describeKill(kill)})`;
}

function add(one: KillLoopResult, other: KillLoopResult): KillLoopResult {
  const names = [...Object.keys(one.states), ...Object.keys(other.states)];
  return {
    iterations: one.iterations + other.iterations,
    killed: one.killed + other.killed,
    effects: one.effects + other.effects,
    violations: [...one.violations, ...other.violations],
    states: Object.fromEntries(names.map((name) => [name, (one.states[name] ?? 0) + (other.states[name] ?? 0)])),
  };
}
