import { describe, expect, it } from "vitest";
import { ABSENT, findVectors } from "./suite.ts";
import { SUITES } from "./suites.ts";

const folder = findVectors();
if (folder === undefined) console.warn(`The published vectors were not tried: ${ABSENT}.`);

describe("published vectors", () => {
  it.skipIf(folder === undefined).each(SUITES.map((suite) => [suite.name, suite] as const))("%s", (_name, suite) => {
    const outcomes = suite.run(folder ?? "");
    expect(outcomes.filter(({ standing }) => standing === "failed")).toEqual([]);
    expect(outcomes.filter(({ standing }) => standing === "passed").length).toBeGreaterThanOrEqual(suite.passesAtLeast);
    expect(outcomes.filter(({ standing, reason }) => standing !== "passed" && reason === "")).toEqual([]);
  });

  it("are found only where there is a folder of them", () => {
    expect(findVectors({ LEASHKIT_VECTORS: "/nowhere/to/be/found" })).toBeUndefined();
    expect(findVectors({ LEASHKIT_VECTORS: import.meta.dirname })).toBe(import.meta.dirname);
  });
});
