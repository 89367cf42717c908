import { describe, expect, it } from "vitest";
import type { Json } from "../../model/json.ts";
import type { PolicyIssue } from "../../model/policy.ts";
import { sampleCall } from "../call.fixture.ts";
import { createIssueList } from "../issues.ts";
import type { Located } from "../located.ts";
import type { CallInView } from "./bindings.ts";
import { condition } from "./condition.ts";

/** 2026-03-29T02:30:00.250Z: half past two does not exist on that day in zones that change to summer time. */
const NOW = Date.UTC(2026, 2, 29, 2, 30, 0, 250);

function callWith(input: Json, more: Partial<CallInView> = {}): CallInView {
  const call = sampleCall(input, { action: { labels: { "/to": ["untrusted"] } }, facts: { now: NOW } });
  return { ...call, counterparty: null, money: null, bindings: undefined, ...more };
}

function compile(text: string | boolean): {
  readonly test: ReturnType<typeof condition>;
  readonly issues: readonly PolicyIssue[];
} {
  const { report, list } = createIssueList(String(text));
  const node: Located = { kind: "scalar", value: text, place: { offset: 0, pointer: "/when" }, verbatimAt: 0 };
  return { test: condition(node, report), issues: list() };
}

/** True, false, or "unknown". */
function decide(text: string | boolean, input: Json = {}, more: Partial<CallInView> = {}): boolean | "unknown" {
  const { test, issues } = compile(text);
  expect(issues, String(text)).toEqual([]);
  return (test ?? expect.fail("not compiled")).holds(callWith(input, more)) ?? "unknown";
}

describe("a condition", () => {
  it("A-A16: I6: follows three-valued logic for every pair of true, false and unknown", () => {
    const values = [true, false, "unknown"] as const;
    const text = { true: "input.t", false: "input.f", unknown: "input.missing" };
    const input = { t: true, f: false };
    for (const a of values) {
      expect(decide(`!${text[`${a}`]}`, input)).toBe(a === "unknown" ? a : !a);
      for (const b of values) {
        const [left, right] = [text[`${a}`], text[`${b}`]];
        const both = a === false || b === false ? false : a === "unknown" || b === "unknown" ? "unknown" : true;
        const either = a === true || b === true ? true : a === "unknown" || b === "unknown" ? "unknown" : false;
        expect(decide(`${left} && ${right}`, input), `${a} && ${b}`).toBe(both);
        expect(decide(`${left} || ${right}`, input), `${a} || ${b}`).toBe(either);
        for (const c of values) {
          const chosen = a === "unknown" ? a : a ? b : c;
          expect(decide(`${left} ? ${right} : ${text[`${c}`]}`, input), `${a} ? ${b} : ${c}`).toBe(chosen);
        }
      }
    }
  });

  it.each([
    ["input.a < 5", {}],
    ["input.a != 'x'", {}],
    ["!(input.a == 'x')", {}],
    ["!(input.a in ['x'])", {}],
    ["input.a.b == 1", { a: 1 }],
    ["input.a < 5", { a: "4" }],
    ["input.a < 5", { a: null }],
    ["input.a < 5", { a: [4] }],
    ["input.a + 1 == 2.5", { a: 1.5 }],
    ["input.a[3] == 1", { a: [1] }],
    ["input.a[1.5] == 1", { a: [1, 2] }],
    ["input.a.all(x, x > 0)", { a: "text" }],
    ["input.a.all(x, x > 0)", { a: [1, "2"] }],
    ["input.a", { a: "true" }],
    ["input.a", { a: 1 }],
    ["input.a / 0 == 1", { a: 1 }],
    ["{'a': 1, 'a': 1} == {'a': 1}", {}],
    ["has(input.a.b)", { a: [] }],
    ["has(input.a.b)", { a: "b" }],
    ["has(input.a.b)", {}],
    ["input.b == 1", "text"],
    ["counterparty.trust == 'HIGH'", {}],
    ["session == 'x'", {}],
  ])("A-A16: I6: %s over %j is unknown", (text, input) => {
    expect(decide(text, input)).toBe("unknown");
  });

  it.each([
    ["int(input.a) < 5000", ""],
    ["int(input.a) < 5000", " "],
    ["int(input.a) < 5000", "0x10"],
    ["int(input.a) < 5000", "1e2"],
    ["int(input.a) < 5000", "-99999999999999999999"],
    ["int(input.a) < 5000", "100,00"],
    ["double(input.a) < 5000.0", ""],
    ["double(input.a) < 5000.0", " "],
    ["double(input.a) < 5000.0", "0x10"],
    ["double(input.a) < 5000.0", "-Infinity"],
    ["double(input.a) < 5000.0", "-1e999"],
    ["uint(input.a) < 5000u", ""],
    ["bool(input.a)", ""],
    ["timestamp(input.a) < now", ""],
  ])("I6: a failed conversion is unknown and never nothing: %s of %j", (text, a) => {
    expect(decide(text, { a })).toBe("unknown");
  });

  it.each([
    ["int(input.a) == 42", { a: "42" }],
    ["int(input.a) == -42", { a: "-42" }],
    ["double(input.a) == 4.25", { a: "4.25" }],
    ["input.a == 1 && input.a == 1.0", { a: 1 }],
    ["input.a + 1 == 6", { a: 5 }],
    ["input.a > 1 && input.a < 2", { a: 1.5 }],
    ["has(input.a) && input.a == null", { a: null }],
    ["'a' in input", { a: null }],
    ["!has(input.b)", { a: 1 }],
    ["input.a.exists(x, x.n == 2)", { a: [{ n: 1 }, { n: 2 }] }],
    ["input.a.map(x, x * 2) == [2, 4]", { a: [1, 2] }],
    ["input['odd key'] == 1", { "odd key": 1 }],
    ["size(input.a) == 2", { a: ["x", "y"] }],
    ["input.a.matches('^[a-z]+$')", { a: "abc" }],
    ["agent == 'shopper' && subject == 'ada'", {}],
    ["tool.name == 'purchase' && tool.side_effect == 'write' && !tool.idempotent && tool.origin == 'host'", {}],
    ["'untrusted' in labels['/to']", {}],
    ["min(input.a, 100) == 7 && max(input.a, 100) == 100", { a: 7 }],
    ["min([3, 1, 2]) == 1 && max(1, 2.5) == 2.5", {}],
    ["{'b': 1, '1': 2}.map(k, k) == ['b', '1']", {}],
    ["{'USD': 100, 'EUR': 90}[input.a] == 90", { a: "EUR" }],
    ["!input.a.exists(google, google.protobuf.Timestamp == 1)", { a: [{ protobuf: { Timestamp: 1 } }] }],
  ])("is true: %s over %j", (text, input) => {
    expect(decide(text, input)).toBe(true);
  });

  it.each(["min('a', 1) == 1", "max([]) == 1", "min([1, 'x']) == 1", "max(input.a, 2) == 2"])(
    "I6: %s is unknown",
    (text) => {
      expect(decide(text)).toBe("unknown");
    },
  );

  it.each(["constructor", "toString", "__proto__", "hasOwnProperty", "valueOf", "prototype"])(
    "A-A10: finds no %s where the input has none, and takes it for data where it has",
    (name) => {
      expect(decide(`has(input.${name})`)).toBe(false);
      expect(decide(`input.${name} != 1`)).toBe("unknown");
      expect(decide(`input.a.${name} != 1`, { a: [] })).toBe("unknown");
      expect(decide(`input["${name}"] == 1`, JSON.parse(`{"${name}": 1}`))).toBe(true);
    },
  );

  it("knows the session and the counterparty where the call has them", () => {
    const call = callWith({});
    expect(decide("session == 's1'", {}, { action: { ...call.action, session: "s1" } })).toBe(true);
    const counterparty = { id: "a.com", trust: "HIGH" };
    expect(decide("counterparty.trust == 'HIGH' && counterparty.id == 'a.com'", {}, { counterparty })).toBe(true);
  });

  it("reads the time in UTC and in named zones, whatever zone the process lives in", () => {
    const zone = process.env["TZ"];
    try {
      for (const processZone of ["UTC", "Europe/Stockholm", "America/New_York", "Asia/Kolkata"]) {
        process.env["TZ"] = processZone;
        expect(decide("now.getHours() == 2 && now.getMinutes() == 30 && now.getMilliseconds() == 250")).toBe(true);
        expect(decide("now.getDayOfWeek() == 0 && now.getDate() == 29 && now.getDayOfMonth() == 28")).toBe(true);
        expect(decide("now.getFullYear() == 2026 && now.getMonth() == 2 && now.getDayOfYear() == 87")).toBe(true);
        expect(decide("now.getHours('Europe/Stockholm') == 4 && now.getHours('+05:30') == 8")).toBe(true);
        expect(decide("now.getHours('-03:00') == 23 && now.getDate('-03:00') == 28")).toBe(true);
      }
    } finally {
      if (zone === undefined) delete process.env["TZ"];
      else process.env["TZ"] = zone;
    }
  });

  it("counts timestamps in seconds as CEL does, and knows no zone that does not exist", () => {
    expect(decide("timestamp(1) == timestamp('1970-01-01T00:00:01Z')")).toBe(true);
    expect(decide("now - timestamp('2026-03-29T02:00:00Z') > duration('29m')")).toBe(true);
    expect(decide("now.getHours('Nowhere/Land') == 2")).toBe("unknown");
  });

  it("I6: a clock without a time makes what depends on it unknown", () => {
    expect(decide("now > timestamp(0)", {}, { facts: { now: Number.NaN, counterparty: null, probes: {} } })).toBe(
      "unknown",
    );
  });

  it("takes a plain true or false", () => {
    expect(decide(true)).toBe(true);
    expect(decide(false)).toBe(false);
  });
});

describe("what a condition may cost", () => {
  it("A-A14: matches in linear time", () => {
    const started = performance.now();
    expect(decide("input.a.matches('^(a+)+$')", { a: `${"a".repeat(50_000)}!` })).toBe(false);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it("walks through lists of 1,000 elements and no longer ones", () => {
    const list = (length: number): Json => ({ a: Array.from({ length }, (_, index) => index) });
    expect(decide("input.a.all(x, x >= 0)", list(1000))).toBe(true);
    expect(decide("input.a.all(x, x >= 0)", list(1001))).toBe("unknown");
    expect(decide("input.a.exists(x, x == 0)", list(1001))).toBe("unknown");
    expect(
      decide("input.all(x, true)", Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`k${index}`, 1]))),
    ).toBe("unknown");
  });

  it("stops nested walks before they take long, and starts each evaluation anew", () => {
    const input = { a: Array.from({ length: 1000 }, (_, index) => index) };
    const text = "input.a.all(x, input.a.all(y, x + y >= 0))";
    expect(decide(text, input)).toBe("unknown");
    expect(decide(text, { a: input.a.slice(0, 300) })).toBe(true);
    expect(decide(text, { a: input.a.slice(0, 300) })).toBe(true);
  });

  it.each([
    ["three comprehensions inside one another", "input.a.all(x, input.a.all(y, input.a.all(z, true)))"],
    ["a text of more than 4 KiB", `input.a == "${"x".repeat(4096)}"`],
    ["more than 64 brackets", `${"(".repeat(65)}true${")".repeat(65)}`],
    ["a tree that is too deep", `input${".a".repeat(1500)}`],
    ["brackets hidden behind a text", `")))" == ${"(".repeat(3000)}1`],
  ])("refuses %s at load", (_what, text) => {
    const { test, issues } = compile(text);
    expect(test).toBeUndefined();
    expect(issues.map(({ code }) => code)).toEqual(["bad_condition"]);
  });

  it("lets comprehensions follow each other and nest twice", () => {
    expect(decide("input.a.filter(x, x > 1).map(x, x * 2).exists(y, y == 6)", { a: [1, 2, 3] })).toBe(true);
    expect(decide("input.a.all(x, input.a.exists(y, y == x))", { a: [1, 2] })).toBe(true);
  });
});

describe("a condition that can never mean anything", () => {
  it.each([
    ["inptu.a == 1", 1, "did you mean `input`?"],
    ["input.a == 1 && agnt == 'x'", 17, "did you mean `agent`?"],
    ["counterparty.trsut == 'HIGH'", 13, "did you mean `trust`?"],
    ["tool.nam == 'x'", 5, "did you mean `name`?"],
    ["agent.name == 'x'", 6, "`agent` is a text"],
    ["input.a.startWith('x')", 8, "did you mean `startsWith`?"],
    ["input.a.exsts(x, x == 1)", 8, "did you mean `exists`?"],
  ])("A-P2: %s is refused where it stands, with a hint", (text, column, hint) => {
    expect(compile(text).issues[0]).toMatchObject({ code: "bad_condition", line: 1, column, hint });
  });

  it.each([
    ["nothing", ""],
    ["half a comparison", "input.a <"],
    ["three ampersands", "input.a &&& input.b"],
    ["a number", "1 + 1"],
    ["a text", "'true'"],
    ["a list", "[true]"],
    ["a map", "{'a': true}"],
    ["a size", "size(input.a)"],
    ["a smallest number", "min(1, 2)"],
    ["a comprehension without its variable", "input.a.exists(true)"],
    ["has without a member", "has(input)"],
    ["a function with too many arguments", "input.a.startsWith('a', 'b')"],
    ["a function called as a method", "input.a.int() == 1"],
    ["a method called as a function", "matches(input.a, 'x')"],
    ["a message", "google.protobuf.Timestamp{seconds: 1} == now"],
    ["a built message alone", "Timestamp{} == now"],
    ["a broken regular expression", "input.a.matches('(')"],
    ["a back reference, which no linear engine has", "input.a.matches('(a)\\\\1')"],
    ["a pattern from the call", "input.a.matches(input.b)"],
    ["the inner name of the bound", "@bounded(input.a)"],
    ["optional selection", "input.?a == 1"],
    ["an assignment", "input.a = 1"],
    ["JavaScript", "input.a === 1"],
  ])("A-P2: is refused: %s", (_what, text) => {
    expect(compile(text).issues.map(({ code }) => code)).toContain("bad_condition");
  });

  it("knows the variable of a comprehension inside and not outside of it", () => {
    expect(compile("input.a.all(x, x > 0) && x > 0").issues).toMatchObject([{ column: 26 }]);
  });

  it("is no condition when it is a list, a number or nothing", () => {
    const { report, list } = createIssueList("");
    const place = { offset: 0, pointer: "" };
    condition({ kind: "list", items: [], place }, report);
    condition({ kind: "scalar", value: 1, place, verbatimAt: undefined }, report);
    condition({ kind: "scalar", value: null, place, verbatimAt: undefined }, report);
    expect(list().map(({ code }) => code)).toEqual(["wrong_type", "wrong_type", "wrong_type"]);
  });
});
