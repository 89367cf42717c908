import { availableParallelism } from "node:os";
import type { Report, RunOptions } from "../report.ts";
import { UsageError } from "../report.ts";
import { runCrew } from "./crew.ts";
import { OUTCOMES, RARE, TROUBLE, unreached } from "./reached.ts";
import { type Summary, tellStory } from "./report.ts";

const PROGRESS_MS = 10_000;

/** Failing seeds that are told in full; the rest are named. */
const MOST_STORIES = 3;

/** From here on every kind of trouble has been met; fewer seeds are a look at single ones. */
const ENOUGH_SEEDS = 3_000;

/**
 * `npm run torture -- simulation --seeds 100000 --seed 1 --check`: the long run, on as many threads as there are cores. With
 * `--check` it exits with 1 when a seed fails, or fewer were run than wanted.
 */
export async function runSimulation(options: RunOptions, report: Report): Promise<void> {
  const wanted = wholeNumber(options, "seeds", 20_000);
  const workers = wholeNumber(options, "workers", availableParallelism());
  const start = performance.now();
  let toldAt = start;
  const summary = await runCrew({
    first: options.seed,
    seeds: wanted,
    workers,
    deadline: start + options.budgetMs,
    onPortion({ failing, seeds }) {
      if (performance.now() - toldAt < PROGRESS_MS) return;
      toldAt = performance.now();
      const [first] = failing;
      const found = first === undefined ? "none failing" : `${failing.length} failing, the first is ${first.seed}`;
      report.note(`simulation: ${seeds} of ${wanted} seeds, ${found}, ${perSecond(seeds, start)} a second`);
    },
  });
  await tellFailing(summary, report);
  const { counts, events, failing, seeds } = summary;
  const times = (names: readonly string[]) => names.map((what) => ({ what, times: counts.get(what) ?? 0 }));
  const runs = counts.get("tool started") ?? 0;
  report.table("Simulated processes over one store", [
    { seeds, threads: workers, events, "runs of tools": runs, "seeds a second": perSecond(seeds, start) },
  ]);
  report.table("Trouble", times(TROUBLE));
  report.table("What became of calls", times([...OUTCOMES, ...RARE]));
  report.target({ name: "seeds", value: seeds, mustBe: "at least", limit: wanted, unit: "seeds" });
  report.target({ name: "failing seeds", value: failing.length, mustBe: "exactly", limit: 0, unit: "seeds" });
  if (seeds < ENOUGH_SEEDS) return;
  const missing = unreached(counts, [...TROUBLE, ...OUTCOMES, ...RARE]);
  if (missing.length > 0) report.note(`never met: ${missing.join(", ")}`);
  report.target({
    name: "kinds of trouble never met",
    value: missing.length,
    mustBe: "exactly",
    limit: 0,
    unit: "kinds",
  });
}

async function tellFailing({ failing }: Summary, report: Report): Promise<void> {
  const [first] = failing;
  if (first === undefined) return;
  for (const simulated of failing.slice(0, MOST_STORIES)) report.note(await tellStory(simulated));
  report.note(`failing seeds: ${failing.map(({ seed }) => seed).join(", ")}`);
  report.note(`first failing seed: ${first.seed}`);
}

function wholeNumber({ extra }: RunOptions, name: string, otherwise: number): number {
  const value = Number(extra[name] ?? otherwise);
  if (!Number.isSafeInteger(value) || value < 1) throw new UsageError(`--${name} takes a whole number, at least 1.`);
  return value;
}

function perSecond(seeds: number, start: number): number {
  return Math.round((seeds * 1_000) / Math.max(1, performance.now() - start));
}
