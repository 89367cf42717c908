import * as fc from "fast-check";
import type { Report, RunOptions } from "../report.ts";
import { oracle } from "./oracle.ts";
import { decide, document, INPUT, target } from "./policies.ts";

const BATCH = 1_000;

/** Random policies and calls, decided by the engine and by a plain reading of the design that shares no code with it. */
export async function runPolicyDifferential(options: RunOptions, report: Report): Promise<void> {
  const wanted = Number(options.extra["cases"] ?? 50_000);
  const deadline = Date.now() + options.budgetMs;
  const reached: Record<string, number> = {};
  let cases = 0;
  let differences = 0;
  for (let seed = options.seed; cases < wanted && Date.now() < deadline; seed += 1) {
    const numRuns = Math.min(BATCH, wanted - cases);
    for (const [policy, tool] of fc.sample(fc.tuple(document, target), { seed, numRuns })) {
      const { effect, reasonCode } = decide(policy, tool, INPUT);
      const result = `${effect}, ${reasonCode}`;
      reached[result] = (reached[result] ?? 0) + 1;
      cases += 1;
      if (effect === oracle(policy, tool)) continue;
      differences += 1;
      report.note(`seed ${seed}: ${JSON.stringify({ policy, tool })}`);
    }
  }
  const rows = Object.entries(reached).sort(([a], [b]) => (a < b ? -1 : 1));
  const share = (count: number): string => `${((100 * count) / cases).toFixed(1)} %`;
  report.table(
    "Results",
    rows.map(([result, count]) => ({ result, count, share: share(count) })),
  );
  report.target({ name: "cases", value: cases, mustBe: "at least", limit: wanted, unit: "cases" });
  report.target({ name: "differences", value: differences, mustBe: "exactly", limit: 0, unit: "differences" });
}
