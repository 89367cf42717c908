import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packedAnswer, PACKED } from "./questions.ts";
import { textTable } from "./text-table.ts";

function holds(texts: readonly string[], text: string): boolean | undefined {
  const table = textTable(texts) ?? expect.fail("no character tells them apart");
  return packedAnswer(PACKED.amongTexts, text, table, 0, table.length);
}

describe("a table of texts", () => {
  it("holds its texts and no other", () => {
    const text = fc.string({
      unit: fc.constantFrom("a", "b", "c", "\u00e9", "\u{1f600}"),
      maxLength: 4,
    });
    let found = 0;
    fc.assert(
      fc.property(fc.uniqueArray(text, { minLength: 1, maxLength: 10 }), fc.array(text), (texts, others) => {
        const table = textTable(texts);
        if (table === undefined) return;
        found += 1;
        for (const each of [...texts, ...others, ""])
          expect(packedAnswer(PACKED.amongTexts, each, table, 0, table.length)).toBe(texts.includes(each));
      }),
      { numRuns: 2000 },
    );
    expect(found).toBeGreaterThan(500);
  });

  it("takes hosts that one character tells apart, and nothing that looks alike", () => {
    const hosts = Array.from({ length: 8 }, (_, index) => `api${index}.shop.example`);
    for (const host of hosts) expect(holds(hosts, host)).toBe(true);
    for (const other of ["api8.shop.example", "api0.shop.examplf", "api0.shop.example.", "api0", ""])
      expect(holds(hosts, other), other).toBe(false);
  });

  it("is none where no single character tells the texts apart, or where they are many", () => {
    expect(textTable(["aa", "ab", "ba", "bb", "cc", "cb"])).toBeUndefined();
    expect(textTable(Array.from({ length: 33 }, (_, index) => String.fromCharCode(65 + index)))).toBeUndefined();
  });
});
