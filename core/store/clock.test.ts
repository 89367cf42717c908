import { describe, expect, it } from "vitest";
import { fakeClock } from "../testing/clock.ts";
import { storeClock } from "./clock.ts";

describe("storeClock", () => {
  it("starts at the latest time known and follows the wall clock from there on", () => {
    const wall = fakeClock(1_000);
    const clock = storeClock(wall, 5_000);
    expect(clock.now()).toBe(5_000);
    wall.set(6_000.7);
    expect(clock.now()).toBe(6_000);
  });

  it("is never behind what was written or what it said", () => {
    const wall = fakeClock(1_000);
    const clock = storeClock(wall);
    clock.reached(3_000);
    clock.reached(2_000);
    expect(clock.now()).toBe(3_000);
    wall.set(4_000);
    expect(clock.now()).toBe(4_000);
    wall.set(0);
    expect(clock.now()).toBe(4_000);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])("I4: gives no time where the clock gives %s", (time) => {
    expect(() => storeClock({ now: () => time }).now()).toThrow(/gave no time/);
  });
});
