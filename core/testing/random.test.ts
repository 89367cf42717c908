import { describe, expect, it } from "vitest";
import { seededRandom } from "./random.ts";

describe("seededRandom", () => {
  it("gives the numbers of Mulberry32", () => {
    const random = seededRandom(0);
    expect([random.next(), random.next(), random.next()]).toEqual([
      0.26642920868471265, 0.0003297457005828619, 0.2232720274478197,
    ]);
  });

  it("repeats everything for one seed and differs for another", () => {
    const draw = (seed: number): unknown[] => {
      const random = seededRandom(seed);
      return [random(16), random.integer(1_000), random.pick(["a", "b", "c"]), random.next()];
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  it("gives as many bytes as asked for, of all values", () => {
    expect(seededRandom(1)(0)).toEqual(new Uint8Array(0));
    expect(new Set(seededRandom(1)(10_000)).size).toBe(256);
  });

  it("picks every element and no other", () => {
    const random = seededRandom(3);
    const picked = new Set(Array.from({ length: 200 }, () => random.pick(["a", "b", "c"])));
    expect([...picked].sort()).toEqual(["a", "b", "c"]);
    expect(() => random.pick([])).toThrow(/from 1/);
  });
});
