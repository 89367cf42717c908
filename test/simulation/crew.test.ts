import { expect, it } from "vitest";
import { runCrew } from "./crew.ts";
import { runSeeds } from "./report.ts";

it("says the same of many seeds on several threads as on one", async () => {
  const [first, seeds] = [40, 8];
  const deadline = Number.POSITIVE_INFINITY;
  const portions: number[] = [];
  const many = await runCrew({ first, seeds, workers: 2, deadline, onPortion: (sofar) => portions.push(sofar.seeds) });
  const one = await runSeeds({ first, seeds, deadline });
  expect([many.seeds, many.events, many.failing]).toEqual([one.seeds, one.events, one.failing]);
  expect(new Map(many.counts)).toEqual(new Map(one.counts));
  expect(portions.at(-1)).toBe(seeds);
}, 60_000);

it("hands out nothing any more once its time is over, and says how little it ran", async () => {
  const late = await runCrew({ first: 1, seeds: 60, workers: 2, deadline: performance.now() });
  expect([late.seeds, late.events]).toEqual([0, 0]);
}, 60_000);
