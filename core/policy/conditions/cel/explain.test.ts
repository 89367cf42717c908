import { describe, expect, it } from "vitest";
import { sampleCall } from "../../call.fixture.ts";
import { createIssueList } from "../../issues.ts";
import { condition, type Condition } from "../condition.ts";

function read(value: string): Condition {
  const { report, list } = createIssueList(value);
  const found = condition({ kind: "scalar", value, place: { offset: 0, pointer: "" }, verbatimAt: 0 }, report);
  expect(list(), value).toEqual([]);
  return found ?? expect.fail(value);
}

describe("the parts of a condition", () => {
  it.each<readonly [source: string, parts: readonly string[]]>([
    ["input.a == 1", ["input.a == 1"]],
    ["  input.a == 1  ", ["input.a == 1"]],
    ["input.a == 1 && input.b == 2", ["input.a == 1", "input.b == 2"]],
    ["input.a&&input.b&&input.c&&input.d", ["input.a", "input.b", "input.c", "input.d"]],
    ["(input.a && input.b) && (input.c || input.d)", ["input.a", "input.b", "input.c || input.d"]],
    ["((input.a && input.b))", ["input.a", "input.b"]],
    ["(input.a) && (input.b)", ["input.a", "input.b"]],
    ["input.a && input.b || input.c", ["input.a && input.b || input.c"]],
    ["input.a && input.b ? input.c : input.d", ["input.a && input.b ? input.c : input.d"]],
    ["!(input.a && input.b)", ["!(input.a && input.b)"]],
    ["(input.a && input.b || input.c) && input.d", ["input.a && input.b || input.c", "input.d"]],
    ["input.a == 'x && (y' && input.b", ["input.a == 'x && (y'", "input.b"]],
    ['input.a == "\\"&&" && input.b', ['input.a == "\\"&&"', "input.b"]],
    ["input.a == r'\\' && input.b", ["input.a == r'\\'", "input.b"]],
    ["input.a == '''a'&&'b''' && input.b", ["input.a == '''a'&&'b'''", "input.b"]],
    ["input.c.all(x, x > 1 && x < 3) && input.b", ["input.c.all(x, x > 1 && x < 3)", "input.b"]],
    ["input.a in [1, 2] && input['a && b'] == 1", ["input.a in [1, 2]", "input['a && b'] == 1"]],
    ["input.a // first && second\n && input.b", ["input.a // first && second", "input.b"]],
    ["true", ["true"]],
  ])("of %j are cut from its text", (source, parts) => {
    expect(read(source).parts.map((part) => part.source)).toEqual(parts);
  });

  it("hold each by itself", () => {
    const { parts, holds } = read("input.a < 5 && input.b == 'x' && input.c + 1 == 2");
    const call = { ...sampleCall({ a: 9, b: "x", c: 1 }), counterparty: null, money: null, bindings: undefined };
    expect(parts.map((part) => part.holds(call))).toEqual([false, true, true]);
    expect(holds(call)).toBe(false);
    const poor = { ...sampleCall({}), counterparty: null, money: null, bindings: undefined };
    expect(parts.map((part) => part.holds(poor))).toEqual([undefined, undefined, undefined]);
  });
});

describe("the comparisons of a condition", () => {
  it.each([
    ["input.a < 5", [["input.a", "<", 5]]],
    ["5 < input.a", [["input.a", ">", 5]]],
    ["5 >= input.a", [["input.a", "<=", 5]]],
    ["'x' == input.a.b", [["input.a.b", "==", "x"]]],
    ["input['odd key'] != null", [["input.odd key", "!=", null]]],
    ["input.a in ['x', 2, true]", [["input.a", "in", "x", 2, true]]],
    [
      "!(input.a in ['x']) || input.b == -1",
      [
        ["input.a", "in", "x"],
        ["input.b", "==", -1],
      ],
    ],
    ["input.c.exists(x, x == 1 && input.a == 2)", [["input.a", "==", 2]]],
    [
      "counterparty.trust == 'HIGH' ? money.amount <= 5 : agent == 'a'",
      [
        ["counterparty.trust", "==", "HIGH"],
        ["money.amount", "<=", 5],
        ["agent", "==", "a"],
      ],
    ],
    ["size(input.a) > 1 && input.a == input.b && input.a + 1 > 2", []],
    ["1 in input.a && input.a in {'x': 1}", []],
    [
      "input.a == 1.5 && input.a == [1, {'b': 2}]",
      [
        ["input.a", "==", 1.5],
        ["input.a", "==", [1, { b: 2 }]],
      ],
    ],
  ])("are all that %s holds", (source, expected) => {
    const found = read(source).comparisons.map(({ path, operator, values }) => [path.join("."), operator, ...values]);
    expect(found).toEqual(expected);
  });
});

describe("a condition", () => {
  it("is frozen, keeps its text and says whether it is compiled", () => {
    const plain = read("input.a < 5");
    expect(Object.isFrozen(plain)).toBe(true);
    expect(plain.source).toBe("input.a < 5");
    expect([plain.compiled, read("input.a + 1 < 5").compiled]).toEqual([true, false]);
    expect(plain.parts).toBe(plain.parts);
    expect(read("input.a < 5")).toBe(plain);
  });
});
