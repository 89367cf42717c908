import { describe, expect, it } from "vitest";
import { measure, quantile, ratio, type Candidate, type Measured } from "./measure.ts";

/** Candidates on a clock of their own: each call takes as long as it says, plus what the round adds. */
function timed(costs: Readonly<Record<string, (round: number) => number>>): {
  readonly candidates: readonly Candidate[];
  readonly order: readonly string[];
  readonly now: () => bigint;
} {
  let time = 0n;
  const order: string[] = [];
  const candidates = Object.entries(costs).map(([name, cost]) => {
    let round = 0;
    return {
      name,
      calls: 10,
      run(calls: number) {
        order.push(name);
        time += BigInt(cost(round) * calls);
        round += 1;
      },
    };
  });
  return { candidates, order, now: () => time };
}

describe("measuring", () => {
  it("gives nanoseconds for one call: median and quartiles over the rounds", async () => {
    const { candidates, now } = timed({ a: (round) => [1, 2, 3, 4, 5][round] ?? 0, b: () => 6 });
    expect(await measure(candidates, { rounds: 5, warmUp: 0, now })).toEqual([
      { name: "a", rounds: 5, median: 3, p25: 2, p75: 4 },
      { name: "b", rounds: 5, median: 6, p25: 6, p75: 6 },
    ]);
  });

  it("throws the first rounds away", async () => {
    const { candidates, now } = timed({ a: (round) => (round < 2 ? 1000 : 7) });
    expect((await measure(candidates, { rounds: 3, now }))[0]).toMatchObject({ rounds: 3, median: 7, p75: 7 });
  });

  it("runs every candidate once in each round, in the order the shuffle gives", async () => {
    const { candidates, order, now } = timed({ a: () => 1, b: () => 1 });
    let reversed = false;
    const shuffle = <T>(list: readonly T[]): readonly T[] => {
      reversed = !reversed;
      return reversed ? list.toReversed() : list;
    };
    await measure(candidates, { rounds: 3, warmUp: 1, shuffle, now });
    expect(order.join("")).toBe("baabbaab");
  });

  it("ends early when its budget is used up, with 3 rounds at the least", async () => {
    const { candidates, now } = timed({ a: () => 1_000_000 });
    expect((await measure(candidates, { rounds: 9, warmUp: 1, budgetMs: 1, now }))[0]?.rounds).toBe(3);
    expect((await measure(candidates, { rounds: 9, warmUp: 1, budgetMs: 55, now }))[0]?.rounds).toBe(5);
  });

  it("waits for what is asynchronous", async () => {
    const wait: Candidate = { name: "wait", calls: 1, run: () => new Promise((resolve) => setTimeout(resolve, 5)) };
    const [measured] = await measure([wait], { rounds: 3, warmUp: 0 });
    expect(measured?.median).toBeGreaterThan(1_000_000);
  });

  it("refuses too few rounds and two candidates of one name", async () => {
    const { candidates } = timed({ a: () => 1 });
    await expect(measure(candidates, { rounds: 2 })).rejects.toThrow(RangeError);
    await expect(measure([...candidates, ...candidates])).rejects.toThrow(RangeError);
  });
});

describe("statistics", () => {
  it("takes quantiles between values, in any order, and NaN of none", () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([10, 1], 0.25)).toBe(3.25);
    expect(quantile([5], 0.75)).toBe(5);
    expect(quantile([], 0.5)).toBeNaN();
  });

  it("compares medians, and nothing with what was not measured", () => {
    const measured = (name: string, median: number): Measured => ({ name, rounds: 3, median, p25: 0, p75: 0 });
    const all = [measured("slow", 30), measured("fast", 10)];
    expect(ratio(all, "slow", "fast")).toBe(3);
    expect(ratio(all, "slow", "missing")).toBeNaN();
    expect(ratio(all, "missing", "fast")).toBeNaN();
  });
});
