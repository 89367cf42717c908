import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqliteStore } from "@leashkit/core";
import type { Report, RunOptions } from "../report.ts";
import { withProgram } from "../setup/compile.ts";
import { describeViolations, type Findings, inspect } from "./kill-check.ts";
import { runWorker } from "./worker.ts";

const NAMES = ["ann", "bob"] as const;

export interface RaceResult {
  readonly executions: number;
  /** Clicks that counted, over both processes. */
  readonly clicks: number;
  readonly milliseconds: number;
  readonly violations: readonly string[];
}

/** What one of the processes leaves behind. */
interface Told {
  readonly counted: number;
  readonly results: readonly unknown[];
}

/**
 * A-S12, I2: two processes race for the same calls on one SQLite file, and both click approve. Each call runs once, in one of
 * them, and both get the one result.
 */
export async function race({
  calls,
  worker,
}: {
  readonly calls: number;
  /** The compiled worker. */
  readonly worker: string;
}): Promise<RaceResult> {
  const folder = mkdtempSync(join(tmpdir(), "leashkit-race-"));
  const start = performance.now();
  try {
    const [one, two] = NAMES;
    const pairs = [
      [one, two],
      [two, one],
    ] as const;
    await Promise.all(pairs.map((names) => runWorker(worker, [folder, ...names, String(calls)])));
    const milliseconds = performance.now() - start;
    const told = NAMES.map((name) => JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as Told);
    const found = await inspectFolder(folder);
    const clicks = told.reduce((sum, { counted }) => sum + counted, 0);
    return { executions: found.effects, clicks, milliseconds, violations: judge(calls, found, told, clicks) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function inspectFolder(folder: string): Promise<Findings> {
  const store = await sqliteStore({ file: join(folder, "store.db") });
  try {
    return await inspect(folder, store);
  } finally {
    await store.close();
  }
}

function judge(calls: number, found: Findings, told: readonly Told[], clicks: number): string[] {
  const results = told.map((one) => JSON.stringify(one.results));
  return [
    ...describeViolations(found.violations),
    ...(found.effects === calls ? [] : [`${found.effects} executions of ${calls} approved calls`]),
    ...(found.states["done"] === calls ? [] : [`the journal says ${JSON.stringify(found.states)}`]),
    ...(clicks === calls ? [] : [`${clicks} clicks counted for ${calls} questions`]),
    ...(results[0] === results[1] ? [] : ["the two processes got different results"]),
  ];
}

/** `npm run torture -- race --calls 1000`. */
export async function runRace(options: RunOptions, report: Report): Promise<void> {
  const calls = Number(options.extra["calls"] ?? 1_000);
  const { clicks, executions, milliseconds, violations } = await withProgram("test/torture/race-worker.ts", (worker) =>
    race({ calls, worker }),
  );
  report.table("Two processes over one embedded store, both running and both clicking", [
    { calls, executions, clicks, seconds: milliseconds / 1_000 },
  ]);
  for (const violation of violations) report.note(violation);
  report.target({ name: "executions", value: executions, mustBe: "exactly", limit: calls, unit: "executions" });
  report.target({ name: "race violations", value: violations.length, mustBe: "exactly", limit: 0, unit: "violations" });
}
