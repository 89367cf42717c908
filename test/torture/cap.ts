import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Report, RunOptions } from "../report.ts";
import { withProgram } from "../setup/compile.ts";
import { runWorker } from "./worker.ts";

/** What every call of every process takes of the cap. */
const AMOUNT = 10;

export interface CapOptions {
  readonly processes: number;
  /** Calls of each process, all in flight at once. */
  readonly calls: number;
  readonly cap: number;
  /** The compiled worker. */
  readonly worker: string;
}

export interface CapResult {
  readonly spent: number;
  readonly milliseconds: number;
  readonly violations: readonly string[];
}

/** A-A7, I7: many calls of several processes under one cap spend exactly the cap, and the others are told that it is used up. */
export async function spendCap({ processes, calls, cap, worker }: CapOptions): Promise<CapResult> {
  const folder = mkdtempSync(join(tmpdir(), "leashkit-cap-"));
  const start = performance.now();
  try {
    const names = Array.from({ length: processes }, (_, index) => `process-${index}`);
    const words = [processes, calls, AMOUNT, cap].map(String);
    await Promise.all(names.map((name) => runWorker(worker, [folder, name, ...words])));
    const milliseconds = performance.now() - start;
    const read = (name: string): string => readFileSync(join(folder, name), "utf8");
    const ends = names.flatMap((name) => JSON.parse(read(`${name}.json`)) as string[]);
    const spent = read("spent.jsonl").trim().split("\n").map(Number);
    return { spent: spent.reduce((sum, one) => sum + one, 0), milliseconds, violations: judge(ends, spent, cap) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function judge(ends: readonly string[], spent: readonly number[], cap: number): string[] {
  const fitting = Math.floor(cap / AMOUNT);
  const [ran, refused] = ["spent", "LEASH_LIMIT_EXCEEDED"].map((kind) => ends.filter((end) => end === kind).length);
  const others = [...new Set(ends)].filter((end) => end !== "spent" && end !== "LEASH_LIMIT_EXCEEDED");
  return [
    ...(spent.length === fitting ? [] : [`${spent.length} calls ran, and ${fitting} fit under the cap`]),
    ...(ran === fitting ? [] : [`${ran} calls were told that they ran`]),
    ...(refused === ends.length - fitting ? [] : [`${refused} of ${ends.length} calls were refused by the limit`]),
    ...others.map((end) => `a call ended in ${end}`),
  ];
}

/** `npm run torture -- cap --calls 100`. */
export async function runCap(options: RunOptions, report: Report): Promise<void> {
  const calls = Number(options.extra["calls"] ?? 100);
  const cap = calls * AMOUNT;
  const { milliseconds, spent, violations } = await withProgram("test/torture/cap-worker.ts", (worker) =>
    spendCap({ processes: 4, calls, cap, worker }),
  );
  report.table("Four processes that spend one cap over one embedded store", [
    { processes: 4, "calls each": calls, cap, spent, seconds: milliseconds / 1_000 },
  ]);
  for (const violation of violations) report.note(violation);
  report.target({ name: "spent of the cap", value: spent, mustBe: "exactly", limit: cap, unit: "units" });
  report.target({ name: "cap violations", value: violations.length, mustBe: "exactly", limit: 0, unit: "violations" });
}
