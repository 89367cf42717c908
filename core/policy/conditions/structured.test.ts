import { describe, expect, it } from "vitest";
import type { Json } from "../../model/json.ts";
import { sampleCall } from "../call.fixture.ts";
import { createIssueList } from "../issues.ts";
import { readYaml } from "../yaml.ts";
import type { CallInView } from "./bindings.ts";
import { allOf, always, anyOf, comparison, not } from "./combine.ts";
import type { Condition } from "./condition.ts";
import { OPERATORS } from "./operators.ts";
import { parsePath, when } from "./structured.ts";

function callWith(input: Json, more: Partial<CallInView> = {}): CallInView {
  return { ...sampleCall(input), counterparty: null, money: null, bindings: undefined, ...more };
}

function read(text: string): { readonly found: Condition | undefined; readonly codes: readonly string[] } {
  const { report, list } = createIssueList(text);
  const node = readYaml(text, report) ?? expect.fail("no YAML");
  return { found: when(node, report), codes: list().map(({ code }) => code) };
}

function condition(text: string): Condition {
  const { found, codes } = read(text);
  expect(codes, text).toEqual([]);
  return found ?? expect.fail(text);
}

const decide = (text: string, input: Json, more?: Partial<CallInView>): boolean | "unknown" =>
  condition(text).holds(callWith(input, more)) ?? "unknown";

describe("a question", () => {
  it.each<readonly [question: string, a: Json, expected: boolean | "unknown"]>([
    ["eq: 1", 1, true],
    ["eq: 1", "1", false],
    ["eq: 1", null, false],
    ["eq: null", null, true],
    ["eq: { x: [1, 2] }", { x: [1, 2] }, true],
    ["eq: { x: [1, 2] }", { x: [2, 1] }, false],
    ["neq: 1", 1, false],
    ["neq: 1", "1", true],
    ["in: [1, x, null]", "x", true],
    ["in: [1, x, null]", "1", false],
    ["in: [1, x, null]", null, true],
    ["in: [[1]]", [1], true],
    ["nin: [1, x]", "x", false],
    ["nin: [1, x]", ["x"], true],
    ["lt: 5", 4, true],
    ["lt: 5", 5, false],
    ["lte: 5", 5, true],
    ["gt: 5", 5.5, true],
    ["gte: 5", 5, true],
    ["gte: 5", 4, false],
    ["lt: 5", "4", "unknown"],
    ["gte: 5", null, "unknown"],
    ["gt: 5", [6], "unknown"],
    ["gt: 5", true, "unknown"],
    ["matches: '^a+$'", "aaa", true],
    ["matches: '^a+$'", "aab", false],
    ["matches: '^1$'", 1, "unknown"],
    ["starts_with: ab", "abc", true],
    ["starts_with: ab", "cab", false],
    ["starts_with: ab", ["ab"], "unknown"],
    ["ends_with: bc", "abc", true],
    ["ends_with: bc", "abcd", false],
    ["ends_with: '1'", 1, "unknown"],
    ["contains: b", "abc", true],
    ["contains: x", "abc", false],
    ["contains: b", ["a", "b"], true],
    ["contains: b", ["ab"], false],
    ["contains: 1", [1], true],
    ["contains: 1", "1", "unknown"],
    ["contains: b", { b: 1 }, "unknown"],
    ["contains: b", null, "unknown"],
    ["exists: true", null, true],
    ["exists: true", 0, true],
    ["exists: false", 0, false],
  ])("A-A12: %s over %j is %s", (question, a, expected) => {
    expect(decide(`{ path: input.a, ${question} }`, { a })).toBe(expected);
  });

  it("A-A16: is unknown where its path leads nowhere, but for `exists`", () => {
    const operands: Readonly<Record<string, string>> = { in: "[1]", nin: "[1]", exists: "true", matches: "x" };
    const texts = ["starts_with", "ends_with", "contains"];
    for (const operator of OPERATORS) {
      const operand = operands[operator] ?? (texts.includes(operator) ? "x" : "1");
      const expected = operator === "exists" ? false : "unknown";
      for (const input of [{}, { a: 1 }, { a: "b" }, { a: ["b"] }, { a: null }, "a"]) {
        expect(decide(`{ path: input.a.b, ${operator}: ${operand} }`, input), operator).toBe(expected);
      }
    }
    expect(decide("{ path: input.a, exists: false }", {})).toBe(true);
  });

  it("A-A10: takes names for data", () => {
    expect(decide("{ path: input.constructor, exists: true }", {})).toBe(false);
    expect(decide("{ path: input.__proto__, eq: 1 }", JSON.parse('{"__proto__": 1}'))).toBe(true);
    expect(decide("{ path: input.a.length, eq: 0 }", { a: [] })).toBe("unknown");
  });

  it("asks everything that a call is known by", () => {
    const counterparty = { id: "a.com", trust: "HIGH" };
    const money = { amount: 500, currency: "USD" };
    expect(decide("{ path: agent, eq: shopper }", {})).toBe(true);
    expect(decide("{ path: subject, eq: ada }", {})).toBe(true);
    expect(decide("{ path: session, exists: true }", {})).toBe(false);
    expect(decide("{ path: session, eq: x }", {})).toBe("unknown");
    expect(decide("{ path: tool.name, eq: purchase }", {})).toBe(true);
    expect(decide("{ path: tool.origin, eq: host }", {})).toBe(true);
    expect(decide("{ path: tool.side_effect, eq: write }", {})).toBe(true);
    expect(decide("{ path: tool.idempotent, eq: false }", {})).toBe(true);
    for (const path of ["counterparty.id", "counterparty.trust", "money.amount", "money.currency"]) {
      expect(decide(`{ path: ${path}, neq: 1 }`, {})).toBe("unknown");
      expect(decide(`{ path: ${path}, exists: false }`, {})).toBe(true);
    }
    expect(decide("{ path: counterparty.id, eq: a.com }", {}, { counterparty })).toBe(true);
    expect(decide("{ path: counterparty.trust, in: [HIGH] }", {}, { counterparty })).toBe(true);
    expect(decide("{ path: money.amount, lte: 500 }", {}, { money })).toBe(true);
    expect(decide("{ path: money.currency, eq: USD }", {}, { money })).toBe(true);
  });

  it("knows no other path", () => {
    for (const path of [
      "",
      "input",
      "input.",
      "inptu.a",
      "agent.name",
      "tool",
      "tool.x",
      "money",
      "labels",
      "now",
      "a.b.c",
    ])
      expect(parsePath(path), path).toBeUndefined();
    expect(parsePath("input.a.b-c")).toEqual(["input", "a", "b-c"]);
  });
});

describe("groups", () => {
  it("A-A16: follow three-valued logic for every pair of true, false and unknown", () => {
    const values = [true, false, undefined] as const;
    const as = (held: boolean | undefined): Condition =>
      held === undefined ? comparison(["input", "missing"], "eq", 1) : always(held);
    for (const a of values) {
      expect(not(as(a)).holds(callWith({}))).toBe(a === undefined ? undefined : !a);
      for (const b of values) {
        const both = a === false || b === false ? false : a === undefined || b === undefined ? undefined : true;
        const either = a === true || b === true ? true : a === undefined || b === undefined ? undefined : false;
        expect(allOf([as(a), as(b)]).holds(callWith({})), `${a} && ${b}`).toBe(both);
        expect(anyOf([as(a), as(b)]).holds(callWith({})), `${a} || ${b}`).toBe(either);
        for (const c of values) {
          for (const d of values) {
            const all = [a, b, c, d];
            const every = all.includes(false) ? false : all.includes(undefined) ? undefined : true;
            const some = all.includes(true) ? true : all.includes(undefined) ? undefined : false;
            expect(allOf(all.map(as)).holds(callWith({}))).toBe(every);
            expect(anyOf(all.map(as)).holds(callWith({}))).toBe(some);
            expect(allOf([as(b), as(c), as(d)]).holds(callWith({}))).toBe(
              allOf([as(b), allOf([as(c), as(d)])]).holds(callWith({})),
            );
          }
        }
      }
    }
    expect(allOf([]).holds(callWith({}))).toBe(true);
    expect(anyOf([]).holds(callWith({}))).toBe(false);
  });

  it("nest, and say what they hold", () => {
    const text = `all:
      - { path: input.a, lt: 5 }
      - any: [{ path: input.b, eq: x }, { path: input.b, in: [y, z] }]
      - not: { path: input.c, exists: true }`;
    const found = condition(text);
    expect([found.holds(callWith({ a: 1, b: "y" })), found.holds(callWith({ a: 1, b: "q" }))]).toEqual([true, false]);
    expect(found.holds(callWith({ a: 1, b: "x", c: null }))).toBe(false);
    expect(found.holds(callWith({ b: "x" }))).toBeUndefined();
    expect(found.source).toBe('input.a < 5 && (input.b == "x" || input.b in ["y","z"]) && !(has(input.c))');
    expect(found.parts.map(({ source, holds }) => [source, holds(callWith({ a: 9, b: "x" }))])).toEqual([
      ["input.a < 5", false],
      ['input.b == "x" || input.b in ["y","z"]', true],
      ["!(has(input.c))", true],
    ]);
    expect(found.comparisons).toEqual([
      { path: ["input", "a"], operator: "<", values: [5] },
      { path: ["input", "b"], operator: "==", values: ["x"] },
      { path: ["input", "b"], operator: "in", values: ["y", "z"] },
    ]);
    expect(found.compiled).toBe(true);
  });

  it("take CEL beside", () => {
    expect(decide("input.a == 1", { a: 1 })).toBe(true);
    expect(decide("true", {})).toBe(true);
    expect(allOf([condition("input.a || input.b"), always(true)]).source).toBe("(input.a || input.b) && true");
  });
});

describe("a structured condition that means nothing", () => {
  it.each([
    ["{}", "missing_key"],
    ["{ path: input.a }", "missing_key"],
    ["{ eq: 1 }", "missing_key"],
    ["{ path: input.a, eq: 1, neq: 2 }", "misplaced_key"],
    ["{ path: input.a, equals: 1 }", "unknown_key"],
    ["{ path: input.a, eq: 1, note: x }", "unknown_key"],
    ["{ path: inptu.a, eq: 1 }", "bad_path"],
    ["{ path: 1, eq: 1 }", "bad_path"],
    ["{ path: agent.name, eq: 1 }", "bad_path"],
    ["{ all: [] }", "bad_value"],
    ["{ any: [] }", "bad_value"],
    ["{ all: { path: input.a, eq: 1 } }", "bad_value"],
    ["{ all: [{ path: input.a, eq: 1 }], any: [] }", "misplaced_key"],
    ["{ not: [] }", "wrong_type"],
    ["{ not: true }", "wrong_type"],
    ["{ all: [input.a == 1] }", "wrong_type"],
    ["[]", "wrong_type"],
    ["{ path: input.a, lt: '5' }", "bad_value"],
    ["{ path: input.a, in: x }", "bad_value"],
    ["{ path: input.a, in: [] }", "bad_value"],
    ["{ path: input.a, matches: '(' }", "bad_value"],
    ["{ path: input.a, matches: 1 }", "bad_value"],
    ["{ path: input.a, starts_with: 1 }", "bad_value"],
    ["{ path: input.a, exists: 1 }", "bad_value"],
  ])("A-P2: %s is refused: %s", (text, code) => {
    const { found, codes } = read(text);
    expect(found).toBeUndefined();
    expect(codes).toContain(code);
  });

  it("is one that is too large, which is said once", () => {
    const leaf = "{ path: input.a, eq: 1 }";
    expect(read(`{ all: [${Array.from({ length: 255 }, () => leaf).join(", ")}] }`).codes).toEqual([]);
    expect(read(`{ all: [${Array.from({ length: 400 }, () => leaf).join(", ")}] }`).codes).toEqual(["bad_condition"]);
    expect(read(`${"{ not: ".repeat(31)}${leaf}${" }".repeat(31)}`).codes).toEqual([]);
    expect(read(`${"{ not: ".repeat(32)}${leaf}${" }".repeat(32)}`).codes).toEqual(["bad_condition"]);
    const values = (count: number): string => Array.from({ length: count }, (_, index) => index).join(", ");
    expect(read(`{ path: input.a, in: [${values(1000)}] }`).codes).toEqual([]);
    expect(read(`{ path: input.a, in: [${values(1001)}] }`).codes).toEqual(["bad_value"]);
    expect(read(`{ path: input.a, contains: ${"x".repeat(4097)} }`).codes).toEqual(["bad_value"]);
  });

  it("throws where code builds it", () => {
    expect(() => comparison(["input", "a"], "matches", "(")).toThrow("matches");
    expect(() => comparison(["nowhere"], "eq", 1)).toThrow("path");
    expect(() => comparison(["input", "a"], "lt", "5")).toThrow("number");
  });
});
