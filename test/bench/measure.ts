import type { SeededRandom } from "@leashkit/core/testing";

/** One of several ways to do the same, as a benchmark sees it. */
export interface Candidate {
  readonly name: string;
  /** Does it `calls` times. Owns its loop, so that a synchronous candidate pays for no promise. */
  run(calls: number): void | Promise<void>;
  /** Calls in one round: enough that a round takes milliseconds. */
  readonly calls: number;
}

/** Nanoseconds for one call, over the rounds. */
export interface Measured {
  readonly name: string;
  readonly rounds: number;
  readonly median: number;
  readonly p25: number;
  readonly p75: number;
}

export interface MeasureOptions {
  /** Measured rounds, at least 3. Default 15. */
  readonly rounds?: number;
  /** Rounds before those, thrown away. Default 2. */
  readonly warmUp?: number;
  /** Milliseconds after which no further round begins, once 3 are measured. Default: none. */
  readonly budgetMs?: number;
  /** Order of the candidates within each round. Default: as given. */
  readonly shuffle?: <T>(list: readonly T[]) => readonly T[];
  /** Nanoseconds. Default: the process's monotonic clock. */
  readonly now?: () => bigint;
}

/**
 * Measures candidates against one another in the same run: every round runs each of them once, in a new order. A noisy moment
 * of the machine then hits all of them, which makes ratios within one result trustworthy and absolute numbers less so.
 */
export async function measure(
  candidates: readonly Candidate[],
  options: MeasureOptions = {},
): Promise<readonly Measured[]> {
  const { rounds = 15, warmUp = 2, shuffle = <T>(list: readonly T[]): readonly T[] => list } = options;
  const now = options.now ?? ((): bigint => process.hrtime.bigint());
  if (rounds < 3) throw new RangeError("A measurement takes at least 3 rounds.");
  const samples = new Map(candidates.map(({ name }) => [name, [] as number[]]));
  if (samples.size < candidates.length) throw new RangeError("Every candidate needs a name of its own.");
  const deadline = options.budgetMs === undefined ? undefined : now() + BigInt(options.budgetMs) * 1_000_000n;
  for (let round = -warmUp; round < rounds; round += 1) {
    if (round >= 3 && deadline !== undefined && now() > deadline) break;
    for (const candidate of shuffle(candidates)) {
      const start = now();
      await candidate.run(candidate.calls);
      const elapsed = Number(now() - start);
      if (round >= 0) samples.get(candidate.name)?.push(elapsed / candidate.calls);
    }
  }
  return [...samples].map(([name, values]) => ({
    name,
    rounds: values.length,
    median: quantile(values, 0.5),
    p25: quantile(values, 0.25),
    p75: quantile(values, 0.75),
  }));
}

/** The value below which the given part of all values lies, between two of them by linear interpolation; NaN of none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * part;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

/**
 * How many times the median of one is that of another. NaN, which meets no target, where either was not measured.
 * @param by another quantile: the lower quarter is what a busy machine disturbs least.
 */
export function ratio(
  measured: readonly Measured[],
  name: string,
  baseline: string,
  by: "median" | "p25" = "median",
): number {
  const time = (wanted: string): number => measured.find((entry) => entry.name === wanted)?.[by] ?? Number.NaN;
  return time(name) / time(baseline);
}

/** Each element drawn from those left, as by Fisher and Yates. */
export function shuffled<T>(list: readonly T[], random: SeededRandom): readonly T[] {
  const left = [...list];
  return list.flatMap(() => left.splice(random.integer(left.length), 1));
}
