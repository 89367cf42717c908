import { quantile } from "../measure.ts";

/** One thing that is done again and again, and how long a part of it took each time. */
export interface Sampled {
  readonly name: string;
  /** Does it once. Gives nanoseconds. */
  readonly once: () => Promise<number>;
}

export interface SampleOptions {
  readonly rounds: number;
  /** Of each candidate in a round. */
  readonly samples: number;
  readonly budgetMs: number;
}

/** Nanoseconds by name. */
export type Samples = ReadonlyMap<string, { readonly median: number; readonly p25: number; readonly p75: number }>;

/** Milliseconds that each candidate runs before anything is measured, so that it is compiled as far as it ever is. */
const WARM_UP_MS = 2_000;

async function warmUp({ once }: Sampled): Promise<void> {
  const end = Date.now() + WARM_UP_MS;
  while (Date.now() < end) await once();
}

/** Takes them in turns, warm, so that a noisy moment of the machine hits all of them; the first round is thrown away. */
export async function sample(candidates: readonly Sampled[], options: SampleOptions): Promise<Samples> {
  for (const candidate of candidates) await warmUp(candidate);
  const found = new Map(candidates.map(({ name }) => [name, [] as number[]]));
  const deadline = Date.now() + options.budgetMs;
  for (let round = 0; round <= options.rounds && (round < 3 || Date.now() < deadline); round += 1) {
    for (const { name, once } of candidates) {
      for (let count = 0; count < options.samples; count += 1) {
        const took = await once();
        if (round > 0) found.get(name)?.push(took);
      }
    }
  }
  const at = (values: readonly number[], part: number): number => quantile(values, part);
  return new Map(
    [...found].map(([name, values]) => [
      name,
      { median: at(values, 0.5), p25: at(values, 0.25), p75: at(values, 0.75) },
    ]),
  );
}

/** Nanoseconds that a piece of work takes. */
export async function timed(work: () => unknown): Promise<number> {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start);
}

/** A median in microseconds, for a table; NaN, which meets no target, for what was not measured. */
export function medianOf(samples: Samples, name: string): number {
  return samples.get(name)?.median ?? Number.NaN;
}
