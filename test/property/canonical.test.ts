import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalText, isLeashError, parseStrictJson, type Json } from "@leashkit/core";

/** Names that JavaScript gives a meaning, beside whatever strings there are. */
const name = fc
  .oneof(
    fc.string({ unit: "grapheme" }),
    fc.constantFrom("constructor", "toString", "prototype", "length", "10", "9", "\u{1F600}", "\ufb33"),
  )
  .filter((text) => text !== "__proto__");

const number = fc
  .oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.maxSafeInteger(),
    fc.constantFrom(0, -0, 5e-324, 1e-7, 0.1 + 0.2),
  )
  .filter((value) => !Number.isInteger(value) || Number.isSafeInteger(value));

/** Any JSON value that is not refused. */
const json = fc.letrec<{ value: Json; leaf: Json; list: Json[]; object: Record<string, Json> }>((tie) => ({
  value: fc.oneof({ depthSize: "small", withCrossShrink: true }, tie("leaf"), tie("list"), tie("object")),
  leaf: fc.oneof(fc.string({ unit: "grapheme" }), number, fc.boolean(), fc.constant(null)),
  list: fc.array(tie("value"), { maxLength: 5 }),
  object: fc.dictionary(name, tie("value"), { maxKeys: 5, noNullPrototype: true }),
})).value;

/** The same value with the members of every object put in another order. */
function shuffled(value: Json, salt: number): Json {
  if (Array.isArray(value)) return value.map((element: Json) => shuffled(element, salt + 1));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, member]): [string, Json] => [key, shuffled(member, salt + 1)]);
  for (let index = entries.length - 1; index > 0; index -= 1) {
    const other = (salt * 31 + index * 17) % (index + 1);
    [entries[index], entries[other]] = [entries[other] ?? ["", null], entries[index] ?? ["", null]];
  }
  return Object.fromEntries(entries);
}

/** JSON has one zero. */
function withoutNegativeZero(value: Json): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

const accepted = (text: string): boolean => {
  try {
    parseStrictJson(text);
    return true;
  } catch (error) {
    if (isLeashError(error, "LEASH_INPUT_INVALID")) return false;
    throw error;
  }
};

describe("canonicalText over all JSON values", () => {
  it("is a text that JSON.parse turns back into the same value", () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(JSON.parse(canonicalText(value))).toEqual(withoutNegativeZero(value));
      }),
    );
  });

  it("is a text that the strict reader takes for the same value", () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(parseStrictJson(canonicalText(value))).toEqual(withoutNegativeZero(value));
      }),
    );
  });

  it("is a fixed point: writing what was read changes nothing", () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = canonicalText(value);
        expect(canonicalText(JSON.parse(text))).toBe(text);
      }),
    );
  });

  it("does not depend on the order in which members were put in", () => {
    fc.assert(
      fc.property(json, fc.nat(), (value, salt) => {
        expect(canonicalText(shuffled(value, salt))).toBe(canonicalText(value));
      }),
    );
  });

  it("is equal for equal values and different for different ones", () => {
    const equal = (left: Json, right: Json): boolean => {
      try {
        expect(left).toStrictEqual(right);
        return true;
      } catch {
        return false;
      }
    };
    fc.assert(
      fc.property(json, json, (left, right) => {
        const [one, other] = [withoutNegativeZero(left), withoutNegativeZero(right)];
        expect(canonicalText(one) === canonicalText(other)).toBe(equal(one, other));
      }),
    );
  });

  it("has the members of every object in the order of their UTF-16 units", () => {
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 8 }), (names) => {
        const written = canonicalText(Object.fromEntries(names.map((key) => [key, 0])));
        const sorted = [...names].sort((a, b) => (a < b ? -1 : 1));
        expect(written).toBe(`{${sorted.map((key) => `${JSON.stringify(key)}:0`).join()}}`);
      }),
    );
  });

  it("gives a text or LEASH_INPUT_INVALID for anything at all", () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
      withNullPrototype: true,
      withObjectString: true,
    });
    fc.assert(
      fc.property(anything, (value) => {
        try {
          expect(typeof canonicalText(value)).toBe("string");
        } catch (error) {
          expect(isLeashError(error, "LEASH_INPUT_INVALID")).toBe(true);
        }
      }),
    );
  });
});

describe("parseStrictJson beside JSON.parse", () => {
  it("reads what JSON.stringify writes, with any blanks between", () => {
    fc.assert(
      fc.property(json, fc.constantFrom(undefined, " ", "\t", 4), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(parseStrictJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it("never accepts what JSON.parse refuses, and never reads it as something else", () => {
    const parts = [
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"',
      '"a"',
      "\\",
      "\\u0061",
      "1",
      "-",
      "0",
      ".",
      "e",
      "1e400",
      "true",
      "nul",
      "null",
      " ",
      "\n",
      "\ufeff",
      "'",
    ];
    const rubbish = fc.oneof(
      fc.array(fc.constantFrom(...parts), { maxLength: 12 }).map((pieces) => pieces.join("")),
      fc.string({ unit: "binary" }),
    );
    fc.assert(
      fc.property(rubbish, (text) => {
        if (accepted(text)) expect(parseStrictJson(text)).toEqual(withoutNegativeZero(JSON.parse(text) as Json));
      }),
      { numRuns: 1_000 },
    );
  });

  it("never accepts what one damaged character makes of a valid text, unless JSON.parse does too", () => {
    fc.assert(
      fc.property(json, fc.nat(), fc.constantFrom("", '"', ",", "{", "]", "\\", "0", "\u0000"), (value, at, damage) => {
        const text = JSON.stringify(value);
        const place = at % text.length;
        const damaged = text.slice(0, place) + damage + text.slice(place + 1);
        if (accepted(damaged)) expect(() => JSON.parse(damaged) as unknown).not.toThrow();
      }),
      { numRuns: 1_000 },
    );
  });

  it("refuses a name that occurs twice, wherever and however it is spelled", () => {
    const escaped = (text: string): string =>
      `"${Array.from({ length: text.length }, (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, "0")}`).join("")}"`;
    fc.assert(
      fc.property(name, json, json, (key, first, second) => {
        const twice = `{${JSON.stringify(key)}:${JSON.stringify(first)},${escaped(key)}:${JSON.stringify(second)}}`;
        expect(accepted(twice)).toBe(false);
        expect(accepted(`[0,${twice}]`)).toBe(false);
      }),
    );
  });
});
