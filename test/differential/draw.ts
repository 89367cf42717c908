import { type SeededRandom, seededRandom } from "@leashkit/core/testing";

/** What generators draw from. */
export interface Draw extends SeededRandom {
  /** True once in so many: `chance(0.1)` in a tenth of the draws. */
  chance(share: number): boolean;
  /** One of the makers, by its weight. */
  weighted<Made>(...makers: readonly (readonly [weight: number, make: () => Made])[]): Made;
  /** From `least` to `most` things. */
  several<Made>(least: number, most: number, make: (index: number) => Made): readonly Made[];
  /** The members with this chance each, else nothing: for the keys that a block may leave out. */
  maybe<Members extends object>(share: number, make: () => Members): Partial<Members>;
}

export function draw(seed: number): Draw {
  const random = seededRandom(seed);
  const chance = (share: number): boolean => random.next() < share;
  return Object.assign(random, {
    chance,
    weighted<Made>(...makers: readonly (readonly [number, () => Made])[]): Made {
      let left = random.next() * makers.reduce((sum, [weight]) => sum + weight, 0);
      const chosen = makers.find(([weight]) => (left -= weight) < 0) ?? makers[0];
      if (chosen === undefined) throw new Error("nothing to choose from");
      return chosen[1]();
    },
    several: <Made>(least: number, most: number, make: (index: number) => Made): readonly Made[] =>
      Array.from({ length: least + random.integer(most - least + 1) }, (_, index) => make(index)),
    maybe: <Members extends object>(share: number, make: () => Members): Partial<Members> =>
      chance(share) ? make() : {},
  });
}
