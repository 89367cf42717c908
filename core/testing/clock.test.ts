import { describe, expect, it } from "vitest";
import { fakeClock } from "./clock.ts";

describe("fakeClock", () => {
  it("stands still until it is moved, and may jump back", () => {
    const clock = fakeClock();
    expect(new Date(clock.now()).toISOString()).toBe("2026-01-01T00:00:00.000Z");
    clock.advance(1_500);
    expect(new Date(clock.now()).toISOString()).toBe("2026-01-01T00:00:01.500Z");
    clock.set(7);
    expect(clock.now()).toBe(7);
  });

  it.each([-1, 0.5, Number.NaN])("does not advance by %s", (ms) => {
    expect(() => fakeClock().advance(ms)).toThrow(/whole milliseconds/);
  });
});
