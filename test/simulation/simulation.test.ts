import { describe, expect, it } from "vitest";
import { OUTCOMES, TROUBLE, unreached } from "./reached.ts";
import { runSeeds, tellStory } from "./report.ts";
import { simulate } from "./simulate.ts";

const FIRST = 1;
const SEEDS = 250;

describe("processes, people and tools over a store that fails, by one seed", () => {
  it("I1, I2, I3, I5, I7: no crash, race, lost answer, late click or forged resume breaks an invariant, a limit or wedges a call", async () => {
    console.info(`simulation: seeds ${FIRST} to ${FIRST + SEEDS - 1}`);
    const { counts, failing, seeds } = await runSeeds({
      first: FIRST,
      seeds: SEEDS,
      deadline: performance.now() + 85_000,
    });
    const [first] = failing;
    expect(first === undefined ? "" : await tellStory(first)).toBe("");
    expect(failing.map(({ seed }) => seed)).toEqual([]);
    expect(seeds).toBe(SEEDS);
    expect(unreached(counts, [...TROUBLE, ...OUTCOMES])).toEqual([]);
  }, 100_000);

  it("one seed is one story, however often it is told", async () => {
    const [once, again] = [await simulate(7, { isTraced: true }), await simulate(7, { isTraced: true })];
    expect(once.trace.length).toBeGreaterThan(10);
    expect(again).toEqual(once);
    expect((await simulate(8, { isTraced: true })).trace).not.toEqual(once.trace);
  });

  it("leaves time, timers and the process as they were", async () => {
    const names = ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "setImmediate", "clearImmediate"];
    const look = () => [
      ...names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name)?.value as unknown),
      Object.getOwnPropertyDescriptor(process, "kill")?.value,
      Object.getOwnPropertyDescriptor(process, "pid"),
      Error.stackTraceLimit,
    ];
    const before = look();
    await simulate(9);
    expect(look()).toEqual(before);
  });
});
