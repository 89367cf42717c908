import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inspect, inspectCondition } from "../cel/inspect.ts";
import { jsonOf, settled } from "../cel/json.ts";
import { byLibrary } from "../cel/library.ts";
import { readSource } from "../cel/source.ts";
import { booleans, calls, operands } from "../expressions.fixture.ts";
import { compileHolds, compileReader } from "./compile.ts";
import { resetSteps } from "./steps.ts";

/** Calls that each condition is asked about. */
const CALLS = 20;

/** Conditions; a longer run is `LEASHKIT_RUNS=100000 npx vitest run core/policy/conditions/closures`. */
const RUNS = Number(process.env["LEASHKIT_RUNS"] ?? 1200);

const many = fc.array(calls, { minLength: CALLS, maxLength: CALLS });

class Histogram extends Map<string, number> {
  count(what: unknown): void {
    this.set(String(what), (this.get(String(what)) ?? 0) + 1);
  }
  share(what: unknown, ...all: readonly unknown[]): number {
    const sum = all.reduce<number>((total, each) => total + (this.get(String(each)) ?? 0), 0);
    return (this.get(String(what)) ?? 0) / sum;
  }
}

describe("closures", () => {
  it("A-A10: A-A12: A-A16: agree with CEL's library on random conditions over random calls", () => {
    const seen = new Histogram();
    const property = fc.property(booleans([], 3), many, (text, several) => {
      const { root } = readSource(text, inspectCondition);
      if (root === undefined) return seen.count("refused");
      const { holds, notes } = compileHolds(root);
      const evaluate = byLibrary(root);
      for (const call of several) {
        resetSteps();
        const mine = holds({ ...call });
        resetSteps();
        const value = evaluate({ ...call });
        const theirs = typeof value === "boolean" ? value : undefined;
        expect(mine, `${text} over ${JSON.stringify(call.action.input)}`).toBe(theirs);
        seen.count(notes.library ? "with the library" : mine);
      }
    });
    fc.assert(property, { numRuns: RUNS });
    console.log("compiled conditions gave", Object.fromEntries(seen));
    for (const each of [true, false, undefined]) expect(seen.share(each, true, false, undefined)).toBeGreaterThan(0.1);
    expect([true, false, undefined].reduce((sum, each) => sum + (seen.get(String(each)) ?? 0), 0)).toBeGreaterThan(
      RUNS * 14,
    );
  });

  it("A-A12: agree with CEL's library on the values of random expressions", () => {
    const seen = new Histogram();
    const property = fc.property(operands([], 2), many, (text, several) => {
      const { root } = readSource(text, inspect);
      const compiled = root && compileReader(root);
      if (root === undefined || compiled === undefined) return seen.count("left to the library");
      const evaluate = byLibrary(root);
      for (const call of several) {
        resetSteps();
        const mine = settled(compiled.read({ ...call }));
        resetSteps();
        const theirs = settled(jsonOf(evaluate({ ...call })));
        expect(mine, `${text} over ${JSON.stringify(call.action.input)}`).toEqual(theirs);
        seen.count(mine === undefined ? "unknown" : "a value");
      }
    });
    fc.assert(property, { numRuns: RUNS / 4 });
    expect(seen.share("unknown", "unknown", "a value")).toBeGreaterThan(0.1);
    expect(seen.share("a value", "unknown", "a value")).toBeGreaterThan(0.1);
  });
});
