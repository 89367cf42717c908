import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS, type Limits } from "./canonical.ts";
import { isLeashError } from "./errors.ts";
import { parseStrictJson } from "./strict-json.ts";

function refusal(text: string, limits?: Partial<Limits>): string {
  try {
    parseStrictJson(text, limits);
  } catch (error) {
    if (isLeashError(error, "LEASH_INPUT_INVALID")) return error.message;
    throw error;
  }
  throw new Error("the text was accepted");
}

describe("parseStrictJson", () => {
  it.each([
    "null",
    "true",
    " false ",
    "0",
    "-1.5e3",
    "9007199254740991",
    "1E-7",
    '""',
    '"\\u00e9\\n\\"\\\\\\/ \u2028"',
    '"\\ud83d\\ude00"',
    "[]",
    "{ }",
    '[1 ,\t[2,\r\n[{"a":[null]}]]]',
    '{"a":{"b":{}},"constructor":1,"toString":[],"":0}',
  ])("reads %s as JSON.parse does", (text) => {
    expect(parseStrictJson(text)).toEqual(JSON.parse(text));
  });

  it("reads -0 as 0, since the canonical text knows no other zero", () => {
    expect(Object.is(parseStrictJson("-0"), 0)).toBe(true);
    expect(Object.is(parseStrictJson("-0.0e5"), 0)).toBe(true);
  });

  it.each([
    ["a duplicate name", '{"to":"ok","to":"evil"}', "occurs twice"],
    ["a duplicate name spelled with an escape", '{"to":1,"\\u0074o":2}', "occurs twice"],
    ["a duplicate name deep inside", '[{"a":{"b":1,"b":1}}]', "occurs twice"],
    ["a __proto__ member", '{"__proto__":{"admin":true}}', "named __proto__"],
    ["a __proto__ member spelled with an escape", '{"\\u005f_proto__":1}', "named __proto__"],
    ["a lone surrogate", '"\\ud800"', "lone surrogate"],
    ["an unescaped lone surrogate", '"\ud800"', "lone surrogate"],
    ["2^53", "9007199254740992", "beyond 2^53-1"],
    ["2^53+1, which a double cannot hold", "9007199254740993", "beyond 2^53-1"],
    ["a large integer written with an exponent", "1e16", "beyond 2^53-1"],
    ["a number that overflows", "1e400", "too large"],
    ["a number that vanishes", "1e-400", "too small"],
    ["a byte order mark", "\ufeff{}", "malformed"],
    ["nothing", "", "missing or malformed"],
    ["only blanks", " \n", "missing or malformed"],
    ["two values", "1 2", "after the value"],
    ["a trailing comma in an array", "[1,]", "missing or malformed"],
    ["a trailing comma in an object", '{"a":1,}', "name is missing"],
    ["a comment", "/* x */ 1", "missing or malformed"],
    ["single quotes", "'a'", "missing or malformed"],
    ["a name without quotes", "{a:1}", "name is missing"],
    ["a leading zero", "01", "after the value"],
    ["a leading plus", "+1", "missing or malformed"],
    ["a bare point", "1.", "after the value"],
    ["NaN", "NaN", "missing or malformed"],
    ["a word cut short", "tru", "malformed"],
    ["a string not closed", '"abc', "not closed"],
    ["a raw line feed in a string", '"a\nb"', "malformed"],
    ["an unknown escape", '"\\x41"', "malformed"],
    ["an array not closed", "[1", 'a "," is missing'],
    ["an object not closed", '{"a":1', 'a "," is missing'],
    ["a blank that JSON does not know", "\u00a01", "missing or malformed"],
  ])("refuses %s", (_, text, problem) => {
    expect(refusal(text)).toContain(problem);
  });

  it("never accepts __proto__ into the prototype of what it returns", () => {
    expect(refusal('{"a":{"__proto__":{"polluted":1}}}')).toContain("__proto__");
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });

  it("says where, and quotes nothing of the text", () => {
    const message = refusal('{"secret":"hunter2","secret":"hunter3"}');
    expect(message).toContain("offset 28");
    expect(message).not.toMatch(/hunter|secret/);
  });

  it("refuses by length before it reads anything", () => {
    expect(refusal("[".repeat(DEFAULT_LIMITS.length + 1))).toContain("too long");
  });

  it("takes what is nested as deeply as the limit and refuses one level more, without running out of stack", () => {
    const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
    expect(parseStrictJson(nested(DEFAULT_LIMITS.depth))).toEqual(JSON.parse(nested(DEFAULT_LIMITS.depth)));
    expect(refusal(nested(DEFAULT_LIMITS.depth + 1))).toContain("nested too deeply");
    expect(refusal("[".repeat(100_000))).toContain("nested too deeply");
    expect(refusal('{"a":'.repeat(100_000))).toContain("nested too deeply");
  });

  it("gives depth back when a value ends: a long list of shallow values is not deep", () => {
    const shallow = `[${Array.from({ length: 500 }, () => "[{}]").join()}]`;
    expect(parseStrictJson(shallow, { depth: 3 })).toHaveLength(500);
  });

  it("counts the members of all levels", () => {
    expect(parseStrictJson("[[1],[2]]", { members: 8 })).toEqual([[1], [2]]);
    expect(refusal("[[1],[2]]", { members: 4 })).toContain("too many members");
  });
});
