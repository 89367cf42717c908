import * as fc from "fast-check";
import { RE2JS } from "re2js";
import { describe, expect, it } from "vitest";
import { boundedParts, matchesParts } from "./bounded-pattern.ts";

const PATTERNS = [
  "^make -C project-7 (build|test|lint)( [a-z]+)?$",
  "^(npm|pnpm) (run|test) [a-z]+$",
  "^git (status|diff( --stat)?|log)$",
  "^a?b?c?d*$",
  "^[a-c_]{2}x+",
  "^\\d{4}-\\d{2}$",
  "^v\\.(a|b)\\w*$",
  "^(?:a|ab)(c|bcd)(d?)$",
  "^x$",
  "^",
  "^$",
];

describe("a pattern that the platform's engine runs", () => {
  it.each(PATTERNS)("%s means what RE2 says it means", (pattern) => {
    const { start, rest } = boundedParts(pattern) ?? expect.fail("it is left to RE2");
    const oracle = RE2JS.compile(pattern);
    const alphabet = [...new Set(Array.from(`${pattern} abcdx019_-\n\u00e9\u{1f600}`))];
    const random = fc.array(fc.constantFrom(...alphabet), { maxLength: 12 }).map((letters) => letters.join(""));
    const near = fc.constantFrom(
      "make -C project-7 build",
      "make -C project-7 lint all",
      "npm run x",
      "git diff --stat",
      "abcd",
      "aax",
      "2024-01",
      "v.a_9",
      "abcd\n",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          random,
          near,
          fc.tuple(near, random).map((parts) => parts.join("")),
        ),
        (text) => {
          expect(matchesParts(start, rest, text)).toBe(oracle.test(text));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("B-H13, A-A14: takes no time on a text that it does not match", () => {
    for (const [pattern, text] of [
      ["^(a|ab)?(a|b)a*$", "a".repeat(50_000) + "!"],
      ["^a?a?a?a?a?a*$", "a".repeat(50_000) + "!"],
    ] as const) {
      const { start, rest } = boundedParts(pattern) ?? expect.fail("it is left to RE2");
      const began = performance.now();
      expect(matchesParts(start, rest, text)).toBe(false);
      expect(performance.now() - began).toBeLessThan(200);
    }
  });

  it.each([
    ["two repetitions without end", "^a*b*$"],
    ["a repeated group", "^(a+)+$"],
    ["a counted group", "^(ab){3}$"],
    ["a pattern that may begin anywhere", "abc"],
    ["alternatives outside of a group", "^a|b$"],
    ["too many ways", "^(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)$"],
    ["a dot, which differs between engines", "^a.c$"],
    ["what the platform calls blank", "^a\\sc$"],
    ["brackets that exclude", "^[^a]$"],
    ["flags", "^(?i)a$"],
    ["a look ahead", "^(?=a)a$"],
    ["letters beyond ASCII", "^\u00e9$"],
    ["as few as possible", "^a+?$"],
    ["groups deep inside one another", "^((((a))))$"],
    ["a boundary", "^a\\b$"],
    ["a range that runs backwards", "^[z-a]$"],
  ])("is none with %s", (_what, pattern) => {
    let matcher: unknown;
    try {
      matcher = boundedParts(pattern);
    } catch {
      matcher = undefined;
    }
    expect(matcher).toBeUndefined();
  });
});
