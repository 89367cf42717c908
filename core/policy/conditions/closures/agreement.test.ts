import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sampleCall } from "../../call.fixture.ts";
import { calls } from "../calls.fixture.ts";
import { inspect, inspectCondition } from "../cel/inspect.ts";
import { jsonOf, settled } from "../cel/json.ts";
import { byLibrary } from "../cel/library.ts";
import { readSource } from "../cel/source.ts";
import { booleans, operands } from "../expressions.fixture.ts";
import { compileHolds, compileReader } from "./compile.ts";
import { resetSteps } from "./steps.ts";

/** Calls that each condition is asked about. */
const CALLS = 20;

/** Conditions; a longer run is `LEASHKIT_RUNS=100000 npx vitest run core/policy/conditions/closures`. */
const RUNS = Number(process.env["LEASHKIT_RUNS"] ?? 1400);

const many = fc.array(calls, { minLength: CALLS, maxLength: CALLS });

function count(seen: Map<unknown, number>, what: unknown): void {
  seen.set(what, (seen.get(what) ?? 0) + 1);
}

/** How often each of them was seen. */
function times(seen: ReadonlyMap<unknown, number>, ...what: readonly unknown[]): number {
  return what.reduce<number>((sum, each) => sum + (seen.get(each) ?? 0), 0);
}

describe("closures", () => {
  it("A-A10: A-A12: A-A16: agree with CEL's library on random conditions over random calls", () => {
    const seen = new Map<unknown, number>();
    const property = fc.property(booleans([], 3), many, (text, several) => {
      const { root } = readSource(text, inspectCondition);
      if (root === undefined) return count(seen, "refused");
      const { holds, notes } = compileHolds(root);
      const evaluate = byLibrary(root);
      for (const call of several) {
        resetSteps();
        const mine = holds({ ...call });
        resetSteps();
        const value = evaluate({ ...call });
        const theirs = typeof value === "boolean" ? value : undefined;
        expect(mine, `${text} over ${JSON.stringify(call.action.input)}`).toBe(theirs);
        count(seen, notes.library ? "with the library" : mine);
      }
    });
    fc.assert(property, { numRuns: RUNS });
    const decided = times(seen, true, false, undefined);
    console.log(
      "compiled conditions gave",
      Object.fromEntries([...seen].map(([what, often]) => [String(what), often])),
    );
    for (const each of [true, false, undefined]) expect(times(seen, each), String(each)).toBeGreaterThan(decided / 10);
    expect(decided).toBeGreaterThanOrEqual(20_000);
  }, 600_000);

  it("A-A12: calculate as CEL's library does, at the edges of whole numbers too", () => {
    const numbers = fc.constantFrom(
      "input.a",
      "input.b",
      "0",
      "1",
      "-1",
      "2",
      "3",
      "7",
      "9007199254740991",
      "1.0",
      "size(input.c)",
    );
    const terms = fc.letrec<{ term: string }>((tie) => ({
      term: fc.oneof(
        { depthSize: "small" },
        numbers,
        fc.tuple(tie("term"), fc.constantFrom("+", "-", "*", "/", "%"), tie("term")).map((all) => `(${all.join(" ")})`),
        fc.tuple(fc.constantFrom("min", "max"), tie("term"), tie("term")).map(([name, a, b]) => `${name}(${a}, ${b})`),
      ),
    })).term;
    const comparisons = fc.tuple(terms, fc.constantFrom("==", "!=", "<", "<=", ">", ">="), terms);
    const edges = fc.constantFrom(
      0,
      -0,
      1,
      -1,
      2,
      3,
      10,
      -7,
      2 ** 53 - 1,
      -(2 ** 53 - 1),
      94_906_267,
      2 ** 31,
      1.5,
      "1",
      null,
    );
    const inputs = fc.record({ a: edges, b: edges, c: fc.constantFrom([], [1, 2], "text", 5) });
    const seen = new Map<unknown, number>();
    const property = fc.property(comparisons, fc.array(inputs, { minLength: 10, maxLength: 10 }), (parts, several) => {
      const { root } = readSource(parts.join(" "), inspectCondition);
      if (root === undefined) return;
      const { holds } = compileHolds(root);
      const evaluate = byLibrary(root);
      for (const input of several) {
        const call = { ...sampleCall(input), counterparty: null, money: null, bindings: undefined };
        const [mine, value] = [holds({ ...call }), evaluate({ ...call })];
        expect(mine, `${parts.join(" ")} over ${JSON.stringify(input)}`).toBe(
          typeof value === "boolean" ? value : undefined,
        );
        count(seen, mine);
      }
    });
    fc.assert(property, { numRuns: RUNS / 2 });
    for (const each of [true, false, undefined]) expect(times(seen, each), String(each)).toBeGreaterThan(RUNS / 2);
  }, 600_000);

  it("A-A12: agree with CEL's library on the values of random expressions", () => {
    const seen = new Map<unknown, number>();
    const property = fc.property(operands([], 2), many, (text, several) => {
      const { root } = readSource(text, inspect);
      const compiled = root && compileReader(root);
      if (root === undefined || compiled === undefined) return count(seen, "left to the library");
      const evaluate = byLibrary(root);
      for (const call of several) {
        resetSteps();
        const mine = settled(compiled.read({ ...call }));
        resetSteps();
        const theirs = settled(jsonOf(evaluate({ ...call })));
        expect(mine, `${text} over ${JSON.stringify(call.action.input)}`).toEqual(theirs);
        count(seen, mine === undefined ? "unknown" : "a value");
      }
    });
    fc.assert(property, { numRuns: RUNS / 4 });
    const compared = times(seen, "unknown", "a value");
    for (const each of ["unknown", "a value"]) expect(times(seen, each), each).toBeGreaterThan(compared / 10);
    expect(compared).toBeGreaterThan(1000);
  });
});
