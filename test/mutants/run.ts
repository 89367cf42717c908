import { cpus } from "node:os";
import { ROOT } from "../house/workspace.ts";
import { UsageError, type Report, type RunOptions } from "../report.ts";
import { runRegistry } from "../runs.ts";
import { judgeMutants, type Judged } from "./engine.ts";
import type { Mutant } from "./mutant.ts";
import { MUTANTS } from "./mutants.table.ts";

/**
 * `npm run mutants`: takes one guard after the other out of a copy of the code; each time the guard's own test must fail.
 * Options: `--only M3` or `--only M3,M7`, `--workers 2`. Exits with 1 when one survives or does not apply any more.
 */
async function mutants(options: RunOptions, report: Report): Promise<void> {
  const chosen = choose(options.extra["only"]);
  const workers = Number(options.extra["workers"] ?? Math.min(2, cpus().length));
  if (!Number.isSafeInteger(workers) || workers < 1)
    throw new UsageError("--workers takes a whole number, at least 1.");
  const judged = await judgeMutants(chosen, { root: ROOT, workers, budgetMs: options.budgetMs }, ({ mutant, fate }) => {
    if (!options.json) report.note(`${fate.padEnd(8)} ${mutant.id} ${mutant.removes}`);
  });
  report.table("Mutants", judged.map(toRow));
  report.target({ name: "mutants", value: judged.length, mustBe: "at least", limit: 1, unit: "mutants" });
  const unkilled = judged.filter(({ fate }) => fate !== "killed").length;
  report.target({ name: "mutants not killed", value: unkilled, mustBe: "exactly", limit: 0, unit: "mutants" });
}

function choose(only: string | undefined): readonly Mutant[] {
  if (only === undefined) return MUTANTS;
  const ids = only.split(",");
  const unknown = ids.filter((id) => MUTANTS.every((mutant) => mutant.id !== id));
  if (unknown.length > 0) throw new UsageError(`No mutant is called ${unknown.join(", ")}.`);
  return MUTANTS.filter(({ id }) => ids.includes(id));
}

function toRow({ mutant, fate, detail }: Judged): Readonly<Record<string, string>> {
  const { id, invariant, file, test } = mutant;
  return { id, invariant, fate, removes: mutant.removes, file, test: test.name, detail };
}

process.exitCode = await runRegistry(
  { title: "mutants", budgetSeconds: 600, extra: ["only", "workers"], runs: { mutants }, notInThisVersion: [] },
  ["--check", ...process.argv.slice(2)],
);
