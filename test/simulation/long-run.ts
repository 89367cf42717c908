import type { Report, RunOptions } from "../report.ts";
import { UsageError } from "../report.ts";
import { OUTCOMES, RARE, TROUBLE, unreached } from "./reached.ts";
import { runSeeds, tellStory } from "./report.ts";

const PROGRESS_MS = 10_000;

/** Failing seeds that are told in full; the rest are named. */
const MOST_STORIES = 3;

/** From here on every kind of trouble has been met; fewer seeds are a look at single ones. */
const ENOUGH_SEEDS = 3_000;

/** `npm run torture -- simulation --seeds 100000 --seed 1`: the long run. */
export async function runSimulation(options: RunOptions, report: Report): Promise<void> {
  const wanted = Number(options.extra["seeds"] ?? 20_000);
  if (!Number.isSafeInteger(wanted) || wanted < 1) throw new UsageError("--seeds takes a whole number, at least 1.");
  const start = performance.now();
  let toldAt = start;
  const summary = await runSeeds({
    first: options.seed,
    seeds: wanted,
    deadline: start + options.budgetMs,
    onSeed(done, failing) {
      if (performance.now() - toldAt < PROGRESS_MS) return;
      toldAt = performance.now();
      report.note(`simulation: ${done} of ${wanted} seeds, ${failing} failing, ${perSecond(done, start)} a second`);
    },
  });
  const { counts, events, failing, seeds } = summary;
  for (const simulated of failing.slice(0, MOST_STORIES)) report.note(await tellStory(simulated));
  if (failing.length > MOST_STORIES) report.note(`failing seeds: ${failing.map(({ seed }) => seed).join(", ")}`);
  const times = (names: readonly string[]) => names.map((what) => ({ what, times: counts.get(what) ?? 0 }));
  report.table("Simulated processes over one store", [
    { seeds, events, "runs of tools": counts.get("tool started") ?? 0, "seeds a second": perSecond(seeds, start) },
  ]);
  report.table("Trouble", times(TROUBLE));
  report.table("What became of calls", times([...OUTCOMES, ...RARE]));
  report.target({ name: "seeds", value: seeds, mustBe: "at least", limit: wanted, unit: "seeds" });
  report.target({ name: "failing seeds", value: failing.length, mustBe: "exactly", limit: 0, unit: "seeds" });
  if (seeds < ENOUGH_SEEDS) return;
  const missing = unreached(counts, [...TROUBLE, ...OUTCOMES, ...RARE]).length;
  report.target({ name: "kinds of trouble never met", value: missing, mustBe: "exactly", limit: 0, unit: "kinds" });
}

function perSecond(seeds: number, start: number): number {
  return Math.round((seeds * 1_000) / Math.max(1, performance.now() - start));
}
