import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { canonicalText, DEFAULT_LIMITS, type Limits } from "./canonical.ts";
import { isLeashError } from "./errors.ts";

/** The message of the refusal; fails when the value is accepted or the error is another one. */
function refusal(value: unknown, limits?: Partial<Limits>): string {
  try {
    canonicalText(value, limits);
  } catch (error) {
    if (isLeashError(error, "LEASH_INPUT_INVALID")) return error.message;
    throw error;
  }
  throw new Error("the value was accepted");
}

describe("canonicalText writes RFC 8785", () => {
  it("orders members by UTF-16 units, not by code points and not by locale", () => {
    // U+1F600 begins with the unit D83D, which comes before U+FB33.
    const value = { "\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\u{1F600}": 5, "\u0080": 6, "\u00f6": 7, a: 8, Z: 9 };
    expect(Object.keys(JSON.parse(canonicalText(value)))).toHaveLength(9);
    expect(canonicalText(value)).toBe(
      '{"\\r":2,"1":4,"Z":9,"a":8,"\u0080":6,"\u00f6":7,"\u20ac":1,"\u{1F600}":5,"\ufb33":3}',
    );
  });

  it("orders nested objects and leaves arrays as they are", () => {
    expect(canonicalText({ b: [{ d: 1, c: 2 }, "z", "a"], a: {} })).toBe('{"a":{},"b":[{"c":2,"d":1},"z","a"]}');
  });

  it("orders names whatever their number", () => {
    for (let count = 0; count <= 30; count += 1) {
      // Multiples of a number that has no part in 31 come in every order but their own.
      const names = Array.from({ length: count }, (_, index) => `n${String((index * 12) % 31).padStart(2, "0")}`);
      const text = canonicalText(Object.fromEntries(names.map((name) => [name, 0])));
      expect(text).toBe(
        `{${names
          .toSorted()
          .map((name) => `"${name}":0`)
          .join(",")}}`,
      );
    }
  });

  it("does not order names that look like numbers by their value", () => {
    expect(canonicalText({ "10": 1, "9": 2, "1": 3 })).toBe('{"1":3,"10":1,"9":2}');
  });

  it.each([
    [0, "0"],
    [-0, "0"],
    [0.1, "0.1"],
    [4.5, "4.5"],
    [2e-3, "0.002"],
    [1e-7, "1e-7"],
    [5e-324, "5e-324"],
    [333333333.3333332, "333333333.3333332"],
    [Number.MAX_SAFE_INTEGER, "9007199254740991"],
    [Number.MIN_SAFE_INTEGER, "-9007199254740991"],
  ])("writes the number %d as ECMAScript does", (value, text) => {
    expect(canonicalText(value)).toBe(text);
  });

  it("escapes only what must be escaped, in the short form where there is one", () => {
    expect(canonicalText('\b\t\n\f\r"\\/\u0000\u001f\u007f\u2028\u20ac')).toBe(
      '"\\b\\t\\n\\f\\r\\"\\\\/\\u0000\\u001f\u007f\u2028\u20ac"',
    );
  });

  it("drops members that are undefined and keeps those that are null", () => {
    expect(canonicalText({ a: undefined, b: null, c: { d: undefined } })).toBe('{"b":null,"c":{}}');
  });

  it("takes names that mean something to JavaScript as data", () => {
    expect(canonicalText({ constructor: 1, toString: 2, prototype: { hasOwnProperty: 3 } })).toBe(
      '{"constructor":1,"prototype":{"hasOwnProperty":3},"toString":2}',
    );
  });

  it("keeps characters that Unicode could compose as they are: two spellings are two texts", () => {
    expect(canonicalText("\u00e9")).not.toBe(canonicalText("e\u0301"));
  });
});

describe("canonicalText takes plain data wherever it was made", () => {
  it("accepts plain objects and arrays of another realm", () => {
    const foreign: unknown = runInNewContext('({ b: [1, { c: "x" }], a: Object.create(null) })');
    expect(canonicalText(foreign)).toBe('{"a":{},"b":[1,{"c":"x"}]}');
  });

  it("accepts objects without a prototype, frozen ones and the same object twice", () => {
    const shared = Object.freeze({ x: 1 });
    expect(canonicalText(Object.assign(Object.create(null), { a: shared, b: shared }))).toBe(
      '{"a":{"x":1},"b":{"x":1}}',
    );
  });

  it("reads every member of a Proxy exactly once, without asking for its value", () => {
    const reads: string[] = [];
    const target = { b: 1, a: { c: 2 } };
    const watched = new Proxy(target, {
      get: (_, key) => {
        reads.push(`get ${String(key)}`);
        return "another face";
      },
      getOwnPropertyDescriptor: (object, key) => {
        reads.push(`descriptor ${String(key)}`);
        return Reflect.getOwnPropertyDescriptor(object, key);
      },
    });
    expect(canonicalText(watched)).toBe('{"a":{"c":2},"b":1}');
    expect(reads).toEqual(["descriptor a", "descriptor b"]);
  });

  it("takes one face of a Proxy that answers differently each time", () => {
    let looks = 0;
    const shifty = new Proxy(
      {},
      {
        ownKeys: () => ["to"],
        getOwnPropertyDescriptor: () => ({ value: (looks += 1), enumerable: true, configurable: true, writable: true }),
      },
    );
    expect(canonicalText(shifty)).toBe('{"to":1}');
  });
});

class Money {
  readonly amount = 1;
}

const cyclic: Record<string, unknown> = {};
cyclic["self"] = cyclic;

describe("canonicalText refuses whatever is not strict, plain JSON", () => {
  it.each<[string, unknown, string]>([
    ["undefined", undefined, "a undefined is not JSON"],
    ["a function", () => 1, "a function is not JSON"],
    ["a symbol", Symbol("x"), "a symbol is not JSON"],
    ["a bigint", 1n, "a bigint is not JSON"],
    ["NaN", { x: Number.NaN }, "not finite"],
    ["an infinity", [Number.POSITIVE_INFINITY], "not finite"],
    ["2^53", 2 ** 53, "beyond 2^53-1"],
    ["-2^53", -(2 ** 53), "beyond 2^53-1"],
    ["1e300", 1e300, "beyond 2^53-1"],
    ["a lone surrogate", "a\ud800", "lone surrogate"],
    ["a lone surrogate in a name", { "\udc00": 1 }, "lone surrogate"],
    ["a Date", new Date(0), "not plain"],
    ["a Map", new Map([["a", 1]]), "not plain"],
    ["a Set in a member", { tags: new Set(["a"]) }, "not plain"],
    ["a regular expression", /x/, "not plain"],
    ["bytes", new Uint8Array([1]), "not plain"],
    ["a boxed string", Object("text"), "not plain"],
    ["a promise", Promise.resolve(1), "not plain"],
    ["a class instance", new Money(), "not plain"],
    ["an object that inherits members", Object.create({ amount: 1 }), "not plain"],
    ["a Date of another realm", runInNewContext("new Date(0)"), "not plain"],
    ["a class instance of another realm", runInNewContext("new (class Money { amount = 1 })()"), "not plain"],
    ["a member with a symbol for a name", { [Symbol("x")]: 1 }, "a symbol"],
    ["a __proto__ member", JSON.parse('{"__proto__":{"admin":true}}'), "named __proto__"],
    ["a hidden member", Object.defineProperty({}, "x", { value: 1, enumerable: false }), "hidden"],
    ["a sparse array", Object.assign([], { 1: "x", length: 2 }), "sparse"],
    ["an array with a further member", Object.assign([1], { extra: 2 }), "extra members"],
    ["an array of undefined", [undefined], "element is undefined"],
    ["a cycle", cyclic, "nested too deeply"],
  ])("refuses %s", (_, value, problem) => {
    expect(refusal(value)).toContain(problem);
  });

  it("refuses an accessor without running it", () => {
    let runs = 0;
    const computed = Object.defineProperty({}, "to", { get: () => (runs += 1), enumerable: true });
    expect(refusal({ deep: [computed] })).toContain("computed when read");
    expect(runs).toBe(0);
  });

  it("never calls toJSON, toString or valueOf of what it reads", () => {
    const trap = (): never => {
      throw new Error("ran code of the value");
    };
    expect(refusal({ x: { toJSON: trap, toString: trap, valueOf: trap } })).toContain("a function is not JSON");
  });

  it("names the place of what it refuses and never the value", () => {
    const message = refusal({ payment: [{ secret: "hunter2", iban: Symbol("hunter2") }] });
    expect(message).toContain('"/payment/0/iban"');
    expect(message).not.toContain("hunter2");
  });

  it("gives no text for a revoked Proxy", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(() => canonicalText(proxy)).toThrow();
  });
});

describe("canonicalText keeps its limits", () => {
  const nested = (depth: number): unknown => JSON.parse("[".repeat(depth) + "]".repeat(depth));

  it("takes what is nested as deeply as the limit and refuses one level more", () => {
    expect(canonicalText(nested(DEFAULT_LIMITS.depth))).toHaveLength(2 * DEFAULT_LIMITS.depth);
    expect(refusal(nested(DEFAULT_LIMITS.depth + 1))).toContain("nested too deeply");
  });

  it("counts members of all levels together", () => {
    const value = { a: [1, 2], b: { c: 3 } };
    expect(canonicalText(value, { members: 10 })).toContain("a");
    expect(refusal(value, { members: 3 })).toContain("too many members");
    expect(refusal(Array.from({ length: 20_000 }, () => ({})))).toContain("too many members");
  });

  it("refuses a text over the limit, whether one string or many small parts make it long", () => {
    expect(refusal("x".repeat(DEFAULT_LIMITS.length + 1))).toContain("too long");
    expect(refusal(Array.from({ length: 9_000 }, () => "x".repeat(200)))).toContain("too long");
    expect(refusal({ ["n".repeat(50)]: 1 }, { length: 20 })).toContain("too long");
  });
});
