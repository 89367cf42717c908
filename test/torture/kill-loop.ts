import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom, type SeededRandom } from "@leashkit/core/testing";
import type { Report, RunOptions } from "../report.ts";
import { inspectState, type Findings } from "./kill-check.ts";
import { fromSource } from "./worker.ts";

const WORKER = fromSource("kill-worker.ts");

/** Iterations that share one state folder, so that a process finds what its killed forerunners left. */
const ITERATIONS_PER_FOLDER = 20;

export interface KillLoopResult {
  readonly iterations: number;
  readonly killed: number;
  readonly effects: number;
  readonly violations: readonly string[];
  readonly states: Readonly<Record<string, number>>;
}

/**
 * I2, I3, I5, I10: processes killed at random points over one embedded store. After each death: at most one execution per call
 * and per approval, no execution without an earlier record, and a log whose chain holds.
 */
export async function killLoop(options: {
  iterations: number;
  seed: number;
  deadline: number;
  /** What Node is started with instead, to run the worker. */
  worker?: readonly string[];
}): Promise<KillLoopResult> {
  const random = seededRandom(options.seed);
  const totals = {
    iterations: 0,
    killed: 0,
    effects: 0,
    violations: [] as string[],
    states: {} as Record<string, number>,
  };
  while (totals.iterations < options.iterations && Date.now() < options.deadline) {
    const folder = mkdtempSync(join(tmpdir(), "leashkit-kill-"));
    try {
      const rounds = Math.min(ITERATIONS_PER_FOLDER, options.iterations - totals.iterations);
      const found = await tortureFolder(folder, rounds, random, totals, options);
      totals.effects += found?.effects ?? 0;
      for (const [state, count] of Object.entries(found?.states ?? {}))
        totals.states[state] = (totals.states[state] ?? 0) + count;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return totals;
}

async function tortureFolder(
  folder: string,
  rounds: number,
  random: SeededRandom,
  totals: { iterations: number; killed: number; violations: string[] },
  options: { readonly deadline: number; readonly worker?: readonly string[] },
): Promise<Findings | undefined> {
  let found: Findings | undefined;
  for (let round = 0; round < rounds && Date.now() < options.deadline; round += 1) {
    // Every other process takes its forerunner's calls up again; the rest propose new ones beside them.
    const firstCall = Math.floor(round / 2) * 3;
    if (await runAndKill(folder, firstCall, random, options.worker)) totals.killed += 1;
    totals.iterations += 1;
    found = await inspectState(folder);
    totals.violations.push(...describe(found).map((problem) => `iteration ${totals.iterations}: ${problem}`));
  }
  return found;
}

function describe(found: Findings): string[] {
  const kinds = ["repeatedCalls", "repeatedApprovals", "effectsWithoutGrant", "unaskedEffects", "logProblems"] as const;
  return kinds.filter((kind) => found[kind].length > 0).map((kind) => `${kind}: ${found[kind].join(", ")}`);
}

/** True when the process died by the signal, false when it came to its end. */
function runAndKill(folder: string, firstCall: number, random: SeededRandom, worker = WORKER): Promise<boolean> {
  const way = random.integer(4);
  const crashPoint = way === 0 ? 0 : 1 + random.integer(120);
  const inTool = `${random.pick(["before", "after"])}-${firstCall + random.integer(5)}`;
  const parameters = [folder, String(firstCall), String(crashPoint), way === 0 ? inTool : ""];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...worker, ...parameters], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    // Some die by the clock instead, wherever they happen to be.
    const timer = way === 1 ? setTimeout(() => child.kill("SIGKILL"), 200 + random.integer(500)) : undefined;
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      if (signal === "SIGKILL") resolve(true);
      else if (code === 0) resolve(false);
      else reject(new Error(`The killed process ended by itself with code ${code}.`));
    });
  });
}

/** `npm run torture -- kill`: the long run. */
export async function runKillLoop(options: RunOptions, report: Report): Promise<void> {
  const iterations = Number(options.extra["iterations"] ?? 1_000);
  const result = await killLoop({ iterations, seed: options.seed, deadline: Date.now() + options.budgetMs });
  report.table("Processes killed over one embedded store", [
    { iterations: result.iterations, killed: result.killed, effects: result.effects, ...result.states },
  ]);
  for (const violation of result.violations) report.note(violation);
  report.target({
    name: "iterations",
    value: result.iterations,
    mustBe: "at least",
    limit: iterations,
    unit: "iterations",
  });
  report.target({
    name: "violations",
    value: result.violations.length,
    mustBe: "exactly",
    limit: 0,
    unit: "violations",
  });
}
