import { type Simulated, simulate } from "./simulate.ts";

/** What became of a row of seeds. */
export interface Summary {
  readonly seeds: number;
  readonly events: number;
  readonly failing: readonly Simulated[];
  /** How often what was reached, over all seeds. */
  readonly counts: ReadonlyMap<string, number>;
}

/** Runs seeds one after the other, until the deadline at most. */
export async function runSeeds(options: {
  readonly first: number;
  readonly seeds: number;
  /** As `performance.now()` tells it. */
  readonly deadline: number;
  readonly onSeed?: (done: number, failing: number) => void;
}): Promise<Summary> {
  const counts = new Map<string, number>();
  const failing: Simulated[] = [];
  let [seeds, events] = [0, 0];
  while (seeds < options.seeds && performance.now() < options.deadline) {
    const simulated = await simulate(options.first + seeds);
    seeds += 1;
    events += simulated.events;
    for (const [what, times] of simulated.counts) counts.set(what, (counts.get(what) ?? 0) + times);
    if (simulated.violations.length > 0) failing.push(simulated);
    options.onSeed?.(seeds, failing.length);
  }
  return { seeds, events, failing, counts };
}

/** A failing seed for people: what was broken, what happened, and how to see it again. */
export async function tellStory({ seed }: Pick<Simulated, "seed">): Promise<string> {
  const { trace, violations } = await simulate(seed, { isTraced: true });
  const broken = violations.map(({ invariant, problem }) => `  ${invariant}: ${problem}`);
  return [
    `seed ${seed} (again: npm run torture -- simulation --seeds 1 --seed ${seed})`,
    ...broken,
    ...trace.map((line) => `    ${line}`),
  ].join("\n");
}
