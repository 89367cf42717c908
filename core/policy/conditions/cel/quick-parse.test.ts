import { parse } from "@bufbuild/cel";
import type { Expr } from "@bufbuild/cel-spec/cel/expr/syntax_pb.js";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { booleans } from "../expressions.fixture.ts";
import { quickParse } from "./quick-parse.ts";

/** The tree without ids, as text. */
function shown(expression: Expr | undefined): string {
  return JSON.stringify(expression, (key, value: unknown) => {
    if (key === "id") return undefined;
    if (typeof value === "bigint") return `${value}n`;
    if (Object.is(value, -0)) return "-0";
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** The library's tree, or undefined for what it refuses. */
function byLibrary(text: string): string | undefined {
  try {
    return shown(parse(text).expr);
  } catch {
    return undefined;
  }
}

const PIECES = [
  "input",
  "a",
  "b",
  ".",
  ".a",
  " ",
  "(",
  ")",
  "[",
  "]",
  ",",
  "!",
  "-",
  "0",
  "1",
  "12",
  "1.5",
  '"x"',
  "'y'",
  '"',
];
const MORE = [
  "==",
  "<",
  ">=",
  " in ",
  "in",
  "&&",
  "||",
  "true",
  "null",
  "has(",
  "size(",
  ".f(",
  "\n",
  "//",
  "\\",
  "as",
  "é",
  "u",
  "e",
];

describe("the quick parser", () => {
  it("gives the library's tree for every condition that it reads", () => {
    let read = 0;
    fc.assert(
      fc.property(booleans([], 3), (text) => {
        const quick = quickParse(text);
        if (quick === undefined) return;
        read += 1;
        expect(shown(quick), text).toBe(byLibrary(text));
      }),
      { numRuns: 2000 },
    );
    expect(read).toBeGreaterThan(500);
  });

  it("reads nothing that the library refuses, and nothing otherwise, of texts of random pieces", () => {
    let read = 0;
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...PIECES, ...MORE), { maxLength: 9 }), (pieces) => {
        const text = pieces.join("");
        const quick = quickParse(text);
        if (quick === undefined) return;
        read += 1;
        expect(shown(quick), text).toBe(byLibrary(text));
      }),
      { numRuns: 20_000 },
    );
    expect(read).toBeGreaterThan(100);
  });

  it.each([
    'input.amount < 5000 && input.currency in ["USD", "EUR"]',
    'input.url.startsWith("https://")',
    "has(input.a) && !(input.b.c == -1) || counterparty.trust != 'HIGH'",
    'input["odd key"][0].size() >= 2.5',
    "a && b && c && d && e || f || g || h",
  ])("reads %s", (text) => {
    expect(shown(quickParse(text))).toBe(byLibrary(text));
  });

  it.each([
    "a.exists(x, x == 1)",
    "a + 1",
    "1 - 2",
    '"\\n"',
    "a ? b : c",
    "{}",
    "1u",
    "size( ) == 1",
    "1e3",
    "0x1",
    "!!a",
    "a < b < c",
    'r"a"',
  ])("leaves %s to the library", (text) => {
    expect(quickParse(text)).toBeUndefined();
  });
});
