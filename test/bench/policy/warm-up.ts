import type { Engine } from "./engine.ts";

/** Nanoseconds of one candidate's share of a round. */
const ROUND_NS = 5_000_000;
const FEWEST_CALLS = 4;

/** Nanoseconds that a candidate runs before anything is measured, so that it is compiled as far as it ever is. */
const WARM_UP_NS = 300_000_000;

/** Runs a candidate for a while. Returns how many of its calls fill milliseconds, judged by its quickest moment. */
export async function warmUp(engine: Pick<Engine, "run">): Promise<number> {
  const start = process.hrtime.bigint();
  let cheapest = Number.POSITIVE_INFINITY;
  let calls = FEWEST_CALLS;
  for (;;) {
    const before = process.hrtime.bigint();
    await engine.run(calls);
    const now = process.hrtime.bigint();
    cheapest = Math.min(cheapest, Math.max(1, Number(now - before)) / calls);
    const fitting = Math.max(FEWEST_CALLS, Math.round(ROUND_NS / cheapest));
    if (Number(now - start) > WARM_UP_NS) return fitting;
    // A step at a time: the first few calls tell little.
    calls = Math.min(fitting, calls * 4);
  }
}
