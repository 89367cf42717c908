import { describe, expect, it } from "vitest";
import type { Located } from "../located.ts";
import { duration } from "./durations.ts";

function read(value: string | number | boolean | null, longestSeconds?: number): number | string | undefined {
  const node: Located = { kind: "scalar", value, place: { offset: 0, pointer: "" }, verbatimAt: undefined };
  let code: string | undefined;
  const result = duration("it", longestSeconds)(node, (found) => {
    code = found;
  });
  return result ?? code;
}

describe("duration", () => {
  it.each([
    [3600, 3_600_000],
    ["90s", 90_000],
    ["15m", 900_000],
    ["24h", 86_400_000],
    ["7d", 604_800_000],
  ])("reads %s", (written, milliseconds) => {
    expect(read(written)).toBe(milliseconds);
  });

  it.each([0, -1, "0s", "-5m", "5", "5 m", "1.5h", "5M", "1h30m", "m", "", "99999999999d", "367d", true, null])(
    "refuses %s",
    (written) => {
      expect(read(written)).toBe("bad_duration");
    },
  );

  it("keeps the key's own bound", () => {
    expect(read("1h", 3600)).toBe(3_600_000);
    expect(read(3601, 3600)).toBe("bad_duration");
  });
});
