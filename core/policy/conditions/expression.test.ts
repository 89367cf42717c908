import { describe, expect, it } from "vitest";
import type { Json } from "../../model/json.ts";
import { sampleCall } from "../call.fixture.ts";
import { createIssueList } from "../issues.ts";
import type { Located } from "../located.ts";
import { expression } from "./expression.ts";

function read(value: string | number | boolean | null) {
  const { report, list } = createIssueList(String(value));
  const node: Located = { kind: "scalar", value, place: { offset: 0, pointer: "" }, verbatimAt: 0 };
  return { found: expression(node, report), issues: list() };
}

function compute(written: string | number | boolean, input: Json): Json | undefined {
  const { found, issues } = read(written);
  expect(issues, String(written)).toEqual([]);
  const call = { ...sampleCall(input), counterparty: null, money: null, bindings: undefined };
  return (found ?? expect.fail("not read")).value(call);
}

describe("a computed value", () => {
  it.each<readonly [written: string | number | boolean, input: Json, expected: Json]>([
    ["min(input.limit, 100)", { limit: 500 }, 100],
    ["min(input.limit, 100)", { limit: 7 }, 7],
    ["max(input.limit, 1.5)", { limit: 1 }, 1.5],
    ["min([input.a, input.b, 3])", { a: 9, b: 4 }, 3],
    ["input.a + 1", { a: 1 }, 2],
    ["input.a * 0.5", { a: 1.5 }, 0.75],
    ["input.a / 2", { a: 5 }, 2],
    ["input.a + '!'", { a: "x" }, "x!"],
    ["input.a > 1 ? 'many' : 'one'", { a: 2 }, "many"],
    ["input.list.filter(x, x > 1)", { list: [1, 2, 3] }, [2, 3]],
    ["input.list.map(x, x + 1)", { list: [1, 2] }, [2, 3]],
    ["{'a': input.a, 'b': [1u, null]}", { a: { c: true } }, { a: { c: true }, b: [1, null] }],
    ["input", { a: 1 }, { a: 1 }],
    ["size(input.a)", { a: "é😀" }, 2],
    ["int('42')", {}, 42],
    ["input.a in ['x']", { a: "x" }, true],
    ["agent", {}, "shopper"],
    ["-input.a", { a: 0 }, 0],
    ["9007199254740991", {}, 9007199254740991],
    [5, {}, 5],
    [true, {}, true],
  ])("%s over %j is %j", (written, input, expected) => {
    expect(compute(written, input)).toStrictEqual(expected);
  });

  it.each<readonly [written: string, input: Json]>([
    ["input.missing", {}],
    ["min(input.limit, 100)", {}],
    ["min(input.limit, 100)", { limit: "7" }],
    ["min(input.limit, 100)", { limit: [7] }],
    ["input.a + 1", { a: 1.5 }],
    ["input.a + 1", { a: 9007199254740991 }],
    ["input.a * input.a", { a: 9007199254740991 }],
    ["9007199254740992", {}],
    ["[9007199254740992]", {}],
    ["1.0 / 0.0", {}],
    ["[0.0 / 0.0]", {}],
    ["1e300", {}],
    ["now", {}],
    ["[now]", {}],
    ["duration('1s')", {}],
    ["b'abc'", {}],
    ["{'a': b'abc'}", {}],
    ["type(1)", {}],
    ["int", {}],
    ["{1: 'a'}", {}],
    ["input.a[5]", { a: [1] }],
    ["counterparty.id", {}],
    ["money.amount", {}],
    ["[1, input.missing]", {}],
    ["input.list.map(x, x / 0)", { list: [1] }],
  ])("I6: %s over %j is unknown", (written, input) => {
    expect(compute(written, input)).toBeUndefined();
  });

  it("takes the steps of a condition and no more", () => {
    const list = (length: number): Json => ({ list: Array.from({ length }, (_, index) => index) });
    expect(compute("size(input.list.filter(x, x > 1))", list(1000))).toBe(998);
    expect(compute("size(input.list.filter(x, x > 1))", list(1001))).toBeUndefined();
    expect(compute("input.list.map(x, input.list.filter(y, y == x))", list(400))).toBeUndefined();
    expect(compute("size(input.list.map(x, input.list.filter(y, y == x)))", list(300))).toBe(300);
  });

  it.each(["", "input.a +", "inptu.a", "input.a.matches(input.b)", "nothing(1)", "session.x"])(
    "A-P2: refuses %j",
    (text) => {
      expect(read(text).issues.map(({ code }) => code)).toEqual(["bad_condition"]);
    },
  );

  it("refuses what is no scalar", () => {
    const { report, list } = createIssueList("");
    expect(expression({ kind: "list", items: [], place: { offset: 0, pointer: "" } }, report)).toBeUndefined();
    expect(list().map(({ code }) => code)).toEqual(["wrong_type"]);
    expect(read(null).issues.map(({ code }) => code)).toEqual(["wrong_type"]);
  });
});
