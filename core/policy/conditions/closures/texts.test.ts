import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { resetSteps } from "./steps.ts";
import { containsText } from "./texts.ts";

/** Texts of few letters repeat themselves, which is what makes searching hard. */
const letters = (longest: number): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom("a", "a", "a", "b"), { maxLength: longest }).map((all) => all.join(""));

describe("searching for a text", () => {
  it("finds what the built-in search finds", () => {
    const found = { true: 0, false: 0 };
    fc.assert(
      fc.property(letters(40), letters(40), letters(40), fc.nat(6), fc.boolean(), (start, part, end, times, cut) => {
        const repeated = part.repeat(times);
        const text = start + (cut ? repeated.slice(1) : repeated) + end;
        resetSteps();
        expect(containsText(text, repeated), JSON.stringify([text, repeated])).toBe(text.includes(repeated));
        if (repeated.length > 32) found[`${text.includes(repeated)}`] += 1;
      }),
      { numRuns: 5000 },
    );
    expect(Math.min(found.true, found.false)).toBeGreaterThan(50);
  });

  it("goes back no further than it must", () => {
    const part = `${"ab".repeat(20)}c`;
    for (const [text, expected] of [
      [`${"ab".repeat(21)}c`, true],
      [`a${part}`, true],
      [`${"ab".repeat(20)}a${part}`, true],
      [part.slice(1), false],
      [`${"ab".repeat(19)}c${"ab".repeat(20)}`, false],
    ] as const) {
      expect(containsText(text, part), text).toBe(expected);
    }
  });
});
