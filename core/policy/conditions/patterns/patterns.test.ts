import { celEnv, isCelError, parse, plan } from "@bufbuild/cel";
import * as fc from "fast-check";
import { RE2JS } from "re2js";
import { describe, expect, it } from "vitest";
import { resetSteps } from "../closures/steps.ts";
import { compilePattern, LONGEST_SUBJECT, matchBounded } from "./patterns.ts";
import { plainMatcher } from "./plain-matcher.ts";

const ATOMS = ["a", "b", "c", "\\.", "/", "[a-c]", "[^a]", "[^/\\n]", "\\d", "\\w", "\\s", ".", "[0-9_-]", "(a|b)"];
const MORE_ATOMS = [
  "(?:ab|c|)",
  "-",
  "[-a]",
  "[a$]",
  "\\$",
  "A",
  "[.\\]]",
  "[\\d/]",
  "[a-c-]",
  "[^-]",
  "https://",
  "é",
];
const ODD_ATOMS = ["^", "$", "[]a]", "[[:alpha:]]", "[a-z&&b]", "[^]a]", "x{,2}", "[b-a]", "\\b", "(?i)a", "\\pL"];
const REPEATS = [
  "",
  "",
  "",
  "*",
  "+",
  "?",
  "{2}",
  "{1,2}",
  "{0,}",
  "{1,}",
  "{2,3}",
  "*?",
  "{0}",
  "{1}",
  "**",
  "{1001}",
];

const patterns = fc
  .tuple(
    fc.constantFrom("", "^", "^"),
    fc.array(fc.tuple(fc.constantFrom(...ATOMS, ...MORE_ATOMS, ...ODD_ATOMS), fc.constantFrom(...REPEATS)), {
      maxLength: 5,
    }),
    fc.constantFrom("", "$"),
  )
  .map(([start, items, end]) => start + items.map(([atom, repeat]) => atom + repeat).join("") + end);

const CHARACTERS = ["a", "b", "c", "/", ".", "-", "0", "9", "_", " ", "\n", "é", "😀", "A", "\t", "]", "$", "https://"];
const subjects = fc
  .array(fc.constantFrom("a", "b", "c", "/", ...CHARACTERS), { maxLength: 7 })
  .map((all) => all.join(""));

const engine = (pattern: string): RE2JS | undefined => {
  try {
    return RE2JS.compile(pattern);
  } catch {
    return undefined;
  }
};

describe("patterns without an engine", () => {
  it("agree with RE2 on random patterns and texts, and read nothing that is no pattern", () => {
    let compared = 0;
    fc.assert(
      fc.property(patterns, fc.array(subjects, { minLength: 20, maxLength: 20 }), (pattern, several) => {
        const matches = plainMatcher(pattern);
        if (matches === undefined) return;
        const compiled = engine(pattern) ?? expect.fail(`no pattern: ${pattern}`);
        for (const text of several) expect(matches(text), JSON.stringify([pattern, text])).toBe(compiled.test(text));
        compared += several.length;
      }),
      { numRuns: 4000 },
    );
    expect(compared).toBeGreaterThan(10_000);
  });

  it.each([
    "^https://",
    "\\.(env|pem|key)$",
    "^(GET|HEAD)$",
    "^[a-z0-9_-]+$",
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "^https://.*\\.example\\.com$",
    "^https://.*\\.example\\.com/",
    "^a[^/]+/b",
    "[;&|]",
    "^$",
  ])("are what policies say: %s", (pattern) => {
    expect(plainMatcher(pattern)).toBeDefined();
  });

  it.each(["^(a+)+$", "(?i)a", "^a*ab?a$", "a|b", "^.{3}$", "[0-9]+$", "\\bx", "^[^/]{2}$", "a{,2}", "{a"])(
    "are not what needs an engine: %s",
    (pattern) => {
      expect(plainMatcher(pattern)).toBeUndefined();
    },
  );
});

describe("patterns", () => {
  it("mean what they mean to CEL's library, whose engine is another one", () => {
    const environment = celEnv();
    let compared = 0;
    fc.assert(
      fc.property(patterns, fc.array(subjects, { minLength: 5, maxLength: 5 }), (pattern, several) => {
        if (engine(pattern) === undefined) return;
        const evaluate = plan(environment, parse("text.matches(pattern)").expr ?? expect.fail("not parsed"));
        for (const text of several) {
          const theirs = evaluate({ text, pattern });
          compared += 1;
          expect(compilePattern(pattern).matches(text), JSON.stringify([pattern, text])).toBe(
            isCelError(theirs) ? "error" : theirs,
          );
        }
      }),
      { numRuns: 1000 },
    );
    expect(compared).toBeGreaterThan(2000);
  });

  it.each(["(", "[a", "a**", "(a)\\1", "(?=a)", "(?<!a)b", "\\", "a{2,1}", "[b-a]"])("refuse %s", (pattern) => {
    expect(() => compilePattern(pattern)).toThrow();
  });

  it("refuse what would take long on every text", () => {
    expect(() => compilePattern("((a{0,100}){0,20}x{0,100}){0,2}")).toThrow();
    expect(() => compilePattern("^.{0,500}x")).not.toThrow();
  });

  it("A-A14: B-H13: match in linear time", () => {
    for (const pattern of ["^(a+)+$", "(a|a)*$", "^(a|aa)+$", "^(a|a)*$", "(x+x+)+y"]) {
      const { matches } = compilePattern(pattern);
      const text = `${"a".repeat(50_000)}!`;
      const taken = [1, 2, 3].map(() => {
        const started = performance.now();
        matches(text);
        return performance.now() - started;
      });
      expect(Math.min(...taken), pattern).toBeLessThan(200);
    }
  });

  it("leave a text that is too long unknown", () => {
    const pattern = compilePattern("^a");
    resetSteps();
    expect(matchBounded(pattern, "a".repeat(LONGEST_SUBJECT))).toBe(true);
    expect(matchBounded(pattern, "a".repeat(LONGEST_SUBJECT + 1))).toBeUndefined();
  });

  it("A-A14: leave a long text unknown to a large pattern, where even linear time is long", () => {
    const pattern = compilePattern("a.{0,400}[cd]");
    const text = Array.from({ length: 65_536 }, (_, index) => ((index * index) % 7 > 3 ? "a" : "b")).join("");
    const started = performance.now();
    resetSteps();
    expect(matchBounded(pattern, text.slice(0, 5000))).toBe(false);
    resetSteps();
    expect(matchBounded(pattern, text)).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it("stop after many long texts", () => {
    const matches = compilePattern("b");
    resetSteps();
    const text = "a".repeat(LONGEST_SUBJECT);
    const results = Array.from({ length: 100 }, () => matchBounded(matches, text));
    expect(results[0]).toBe(false);
    expect(results.at(-1)).toBeUndefined();
    resetSteps();
    expect(matchBounded(matches, text)).toBe(false);
  });
});
