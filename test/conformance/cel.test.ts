import { celEnv, isCelError, parse, plan } from "@bufbuild/cel";
import type { Expr } from "@bufbuild/cel-spec/cel/expr/syntax_pb.js";
import { describe, expect, it } from "vitest";
import { canonicalText } from "../../core/canonical.ts";
import type { Json, JsonObject } from "../../core/model/json.ts";
import { sampleCall } from "../../core/policy/call.fixture.ts";
import { bindingsOf, type CallInView } from "../../core/policy/conditions/bindings.ts";
import { inspect } from "../../core/policy/conditions/cel/inspect.ts";
import { jsonOf, settled } from "../../core/policy/conditions/cel/json.ts";
import { byLibrary } from "../../core/policy/conditions/cel/library.ts";
import { compileHolds, compileReader } from "../../core/policy/conditions/closures/compile.ts";
import { resetSteps } from "../../core/policy/conditions/closures/steps.ts";
import { bindToInput, type CelCase, celCases, inputOf, jsonOfValue, moveLiterals } from "./cel-cases.ts";

type Outcome = "not expressible" | "not parsed" | "refused" | "compiled" | "library";

interface Finding {
  readonly outcome: Outcome;
  /** What the closures give; undefined for unknown. */
  readonly mine?: Json | undefined;
  /** What the library gives for the same tree. */
  readonly theirs?: Json | undefined;
  /** What the library gives by itself, without our functions. */
  readonly bare?: Json | undefined;
}

const BARE = celEnv();

function treeOf({ test }: CelCase): Expr | undefined {
  try {
    const { expr } = parse(test.expr);
    if (expr !== undefined) bindToInput(expr, Object.keys(test.bindings));
    return expr;
  } catch {
    return undefined;
  }
}

function examine(one: CelCase, change: (tree: Expr) => JsonObject): Finding {
  const bound = inputOf(one.test);
  const { disableMacros, container } = one.test;
  if (bound === undefined || disableMacros || container !== "") return { outcome: "not expressible" };
  const [tree, bareTree] = [treeOf(one), treeOf(one)];
  if (tree === undefined || bareTree === undefined) return { outcome: "not parsed" };
  change(bareTree);
  const input = { ...(bound as JsonObject), ...change(tree) };
  if (inspect(tree).length > 0) return { outcome: "refused" };
  const call: CallInView = { ...sampleCall(input), counterparty: null, money: null, bindings: undefined };
  resetSteps();
  const given = byLibrary(tree)({ ...call });
  const theirs = settled(jsonOf(given));
  const bare = bareValue(bareTree, call);
  const { holds } = compileHolds(tree);
  resetSteps();
  expect(holds({ ...call }), one.name).toBe(typeof given === "boolean" ? given : undefined);
  const compiled = compileReader(tree);
  if (compiled === undefined) return { outcome: "library", mine: theirs, theirs, bare };
  resetSteps();
  const mine = settled(compiled.read({ ...call }));
  return { outcome: compiled.notes.library ? "library" : "compiled", mine, theirs, bare };
}

function bareValue(tree: Expr, call: CallInView): Json | undefined {
  const value = plan(BARE, tree)(bindingsOf({ ...call }, ["input"]));
  return isCelError(value) ? undefined : settled(jsonOf(value));
}

/** What the specification says: JSON, or undefined for an error. No entry where it says nothing that could be compared. */
function expected({ test: { resultMatcher } }: CelCase): readonly [Json | undefined] | readonly [] {
  if (resultMatcher.case === "evalError") return [undefined];
  const value = resultMatcher.case === "value" ? settled(jsonOfValue(resultMatcher.value)) : undefined;
  return value === undefined ? [] : [value];
}

const cases = celCases();
const findings = cases.map((one) => ({ one, ...examine(one, () => ({})) }));
const moved = cases.map((one) => ({
  one,
  ...examine(one, (tree) => {
    const literals = new Map<string, Json>();
    moveLiterals(tree, literals);
    return Object.fromEntries(literals);
  }),
}));

function count(list: readonly { readonly outcome: Outcome }[], outcome: Outcome): number {
  return list.filter((each) => each.outcome === outcome).length;
}

const evaluated = ({ outcome }: Finding): boolean => outcome === "compiled" || outcome === "library";

describe("the specification's own tests of CEL", () => {
  it("are all looked at, and enough of them can be expressed, file by file", () => {
    const files = [...new Set(cases.map(({ file }) => file))];
    const table = files.map((file) => {
      const [own, ownMoved] = [findings, moved].map((list) => list.filter(({ one }) => one.file === file));
      const outcomes: readonly Outcome[] = ["compiled", "library", "refused", "not parsed", "not expressible"];
      const counts = Object.fromEntries(outcomes.map((outcome) => [outcome, count(own ?? [], outcome)]));
      return { file, ...counts, "compiled with moved literals": count(ownMoved ?? [], "compiled") };
    });
    console.table(table);
    expect(cases.length).toBeGreaterThan(2700);
    expect(count(findings, "compiled")).toBeGreaterThanOrEqual(500);
    expect(count(findings, "library")).toBeGreaterThanOrEqual(600);
    expect(count(moved, "compiled")).toBeGreaterThanOrEqual(450);
    const least = { basic: 25, comparisons: 170, fields: 15, lists: 20, logic: 20, macros: 25, parse: 100, string: 30 };
    for (const [file, most] of Object.entries(least)) {
      expect(
        count(
          findings.filter(({ one }) => one.file === file),
          "compiled",
        ),
        file,
      ).toBeGreaterThanOrEqual(most);
    }
  });

  it.each([
    ["as they are", findings],
    ["with their literals moved to the input", moved],
  ])("A-A16: %s: closures and library never disagree", (_how, list) => {
    for (const { one, mine, theirs } of list) expect(mine, `${one.name}: ${one.test.expr}`).toEqual(theirs);
  });

  it.each([
    ["as they are", findings],
    ["with their literals moved to the input", moved],
  ])("%s: our functions change nothing but what they are there for", (_how, list) => {
    const changed = list.filter((each) => evaluated(each) && !same(each.theirs, each.bare));
    // Texts are not converted to uint: the library would read "" as 0.
    expect(changed.map(({ one }) => one.test.expr)).toEqual(["uint('300')", 'int(1u) + int(uint("1"))']);
  });

  it("A-A12: closures give what the specification says; the library fails where it is named here", () => {
    const compared = findings.filter((each) => evaluated(each) && expected(each.one).length > 0);
    const wrong = compared.filter((each) => !same(each.mine, expected(each.one)[0]));
    expect(wrong.filter(({ outcome }) => outcome === "compiled")).toEqual([]);
    // The first is ours: texts are not converted to uint. The second is the library's: a key may not stand twice.
    expect(wrong.map(({ one }) => one.test.expr)).toEqual(["uint('300')", "{0: 1, 0u: 2}[0.0]"]);
    expect(compared.length).toBeGreaterThan(800);
  });
});

/** Whatever the order of members. */
function same(a: Json | undefined, b: Json | undefined): boolean {
  return a === undefined || b === undefined ? a === b : canonicalText(a) === canonicalText(b);
}
