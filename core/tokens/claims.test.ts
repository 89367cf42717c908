import { describe, expect, it } from "vitest";
import { isLeashError } from "../errors.ts";
import { PURPOSES } from "../model/keys.ts";
import { implicitAssertion, isoTime, parseIsoTime } from "./claims.ts";

describe("times in tokens", () => {
  it("are written as ISO 8601 in UTC with milliseconds, and read back", () => {
    const times = {
      0: "1970-01-01T00:00:00.000Z",
      1_767_225_600_001: "2026-01-01T00:00:00.001Z",
      253_402_300_799_999: "9999-12-31T23:59:59.999Z",
    };
    for (const [at, text] of Object.entries(times)) {
      expect(isoTime(Number(at))).toBe(text);
      expect(parseIsoTime(text)).toBe(Number(at));
    }
  });

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 253_402_300_800_000])("are not written for %d", (at) => {
    expect(() => isoTime(at)).toThrow(expect.toSatisfy((error) => isLeashError(error, "LEASH_INPUT_INVALID")));
  });

  it.each([
    "2026-02-30T00:00:00.000Z",
    "2026-02-28T24:00:00.000Z",
    "2026-13-01T00:00:00.000Z",
    "2026-02-28T00:00:60.000Z",
    "1969-12-31T23:59:59.999Z",
    "+012026-01-01T00:00:00.000Z",
    "2026-02-28T00:00:00.000z",
    "2026-02-28T00:00:00.000+00:00",
    "2026-02-28T00:00:00Z",
    "2026-02-28T00:00:00.000Z ",
    "2026-02-28",
    "x",
    "",
  ])("B-H9: are not read from %j", (text) => {
    expect(parseIsoTime(text)).toBeUndefined();
  });

  it("B-H9: are not read from what is not a text", () => {
    for (const value of [0, null, undefined, true, {}, ["2026-01-01T00:00:00.000Z"]]) {
      expect(parseIsoTime(value)).toBeUndefined();
    }
  });
});

describe("implicit assertions", () => {
  it("I8: differ from purpose to purpose, and only proofs have none", () => {
    const assertions = PURPOSES.map(implicitAssertion);
    expect(new Set(assertions).size).toBe(PURPOSES.length);
    expect(implicitAssertion("proof")).toBe("");
    expect(implicitAssertion("approval")).toBe("leashkit/approval/1");
  });
});
