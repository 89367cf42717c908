import { EFFECTS } from "../../core/model/effect.ts";
import type { Report, RunOptions } from "../report.ts";
import { compare } from "./compare.ts";

/** Each effect, and rules that could not be decided and counted all the same, must make a fair part of what is compared. */
const LEAST_PERCENT = 10;

/**
 * Random policies and calls, decided by the engine and by a plain reading of the language that shares no code with it.
 * `--seed` and `--cases 50` repeat the calls of one policy.
 */
export async function runPolicyDifferential(options: RunOptions, report: Report): Promise<void> {
  const wanted = Number(options.extra["cases"] ?? 1_000_000);
  const started = Date.now();
  const extent = { seed: options.seed, cases: wanted, deadline: started + options.budgetMs };
  const { cases, unloadable, differences, reached } = compare(extent);
  const seconds = (Date.now() - started) / 1000;
  report.note(`${cases} cases in ${seconds.toFixed(1)} s, ${(cases / seconds).toFixed(0)} a second`);
  for (const line of [...unloadable.slice(0, 10), ...differences.slice(0, 10)]) report.note(line);

  const percent = (name: string): number => (100 * (reached.get(name) ?? 0)) / cases;
  const rows = [...reached].sort(([a], [b]) => (a < b ? -1 : 1));
  report.table(
    "Results",
    rows.map(([result, count]) => ({ result, count, share: `${percent(result).toFixed(1)} %` })),
  );
  report.target({ name: "cases", value: cases, mustBe: "at least", limit: wanted, unit: "cases" });
  report.target({ name: "differences", value: differences.length, mustBe: "exactly", limit: 0, unit: "differences" });
  report.target({ name: "not loaded", value: unloadable.length, mustBe: "exactly", limit: 0, unit: "policies" });
  for (const name of [...EFFECTS.map((effect) => `effect ${effect}`), "reason rule_unknown"]) {
    report.target({ name, value: percent(name), mustBe: "at least", limit: LEAST_PERCENT, unit: "%" });
  }
}
