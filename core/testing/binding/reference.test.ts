import { describe, expect, it } from "vitest";
import { bindingCases, denyAllCases } from "./cases.ts";
import { reference } from "./reference.ts";
import { SCENARIOS } from "./scenarios.ts";

describe("the binding suite", () => {
  it("has scenarios with names of their own", () => {
    expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length);
  });
});

describe("core alone passes what every adapter must pass", () => {
  for (const { name, run } of bindingCases(reference)) it(name, run);
  for (const { name, run } of denyAllCases(reference)) it(name, run);
});
