import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { startsWith } from "./start.ts";

const letters = fc.string({ unit: fc.constantFrom("a", "b", "/", "\u00e9", "\ud83d"), maxLength: 6 });
/** Short texts, and some on either side of the length from which another search is used. */
const text = fc
  .tuple(letters, letters, fc.constantFrom(0, 0, 100, 505, 520))
  .map(([first, last, filler]) => first + "a".repeat(filler) + last);

describe("startsWith", () => {
  it("says what the platform's own says, for texts of every length", () => {
    fc.assert(
      fc.property(text, letters, fc.nat(600), (whole, other, length) => {
        for (const start of [other, whole.slice(0, length), whole.slice(1, length), `${whole.slice(0, length)}b`])
          expect(startsWith(whole, start)).toBe(whole.startsWith(start));
      }),
      { numRuns: 500 },
    );
  });

  it("A-A14: reads no long text to its end only to see that it starts otherwise", () => {
    const whole = "a".repeat(4_000_000);
    const start = `b${"a".repeat(50)}`;
    let found = 0;
    const began = performance.now();
    for (let round = 0; round < 10_000; round += 1) if (startsWith(whole, start)) found += 1;
    expect(performance.now() - began).toBeLessThan(200);
    expect(found).toBe(0);
  });
});
