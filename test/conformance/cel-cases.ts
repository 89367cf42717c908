import type { ExprValue } from "@bufbuild/cel-spec/cel/expr/eval_pb.js";
import type { SimpleTest } from "@bufbuild/cel-spec/cel/expr/conformance/test/simple_pb.js";
import type { Expr } from "@bufbuild/cel-spec/cel/expr/syntax_pb.js";
import type { Value } from "@bufbuild/cel-spec/cel/expr/value_pb.js";
import {
  getCheckingSuite,
  getComprehensionSuite,
  getConformanceSuite,
  getParsingSuite,
  type IncrementalTestSuite,
} from "@bufbuild/cel-spec/testdata/tests.js";
import type { Json } from "../../core/model/json.ts";
import { childrenOf, constantOf } from "../../core/policy/conditions/cel/syntax.ts";

/** One test of the specification. */
export interface CelCase {
  readonly file: string;
  readonly name: string;
  readonly test: SimpleTest;
}

/** Every test of the specification that is an expression, by the file it stands in. */
export function celCases(): readonly CelCase[] {
  const others = [getComprehensionSuite(), getParsingSuite(), getCheckingSuite()];
  return [...getConformanceSuite().suites, ...others].flatMap((suite) => casesOf(suite, suite.name));
}

function casesOf({ name, suites, tests }: IncrementalTestSuite, file: string): readonly CelCase[] {
  const own = tests.map((each) => ({ file, name: `${file}/${name}/${each.name}`, test: each.original }));
  return [...own, ...suites.flatMap((suite) => casesOf(suite, file))];
}

/** A test's variables as an input; undefined where one of them is no JSON. */
export function inputOf({ bindings }: SimpleTest): Json | undefined {
  const entries = Object.entries(bindings).map(([name, bound]) => [name, boundJson(bound)] as const);
  const known = entries.filter((entry): entry is readonly [string, Json] => entry[1] !== undefined);
  return known.length === entries.length ? Object.fromEntries(known) : undefined;
}

/** Whole doubles and uints are no values of an input: there they would be ints. */
function boundJson({ kind }: ExprValue): Json | undefined {
  if (kind.case !== "value" || kind.value.kind.case === "uint64Value") return undefined;
  if (kind.value.kind.case === "doubleValue" && Number.isInteger(kind.value.kind.value)) return undefined;
  return jsonOfValue(kind.value);
}

/** A value of the specification as JSON; undefined for what JSON has not. */
export function jsonOfValue({ kind }: Value): Json | undefined {
  switch (kind.case) {
    case "int64Value":
    case "uint64Value":
      return Number.isSafeInteger(Number(kind.value)) ? Number(kind.value) : undefined;
    case "doubleValue":
      return Number.isFinite(kind.value) ? kind.value + 0 : undefined;
    case "stringValue":
    case "boolValue":
      return kind.value;
    case "nullValue":
      return null;
    case "listValue": {
      const elements = kind.value.values.map(jsonOfValue).filter((element) => element !== undefined);
      return elements.length === kind.value.values.length ? elements : undefined;
    }
    case "mapValue": {
      const members = kind.value.entries.map(({ key, value }) => [
        key && jsonOfValue(key),
        value && jsonOfValue(value),
      ]);
      const known = members.every(([key, value]) => typeof key === "string" && value !== undefined);
      return known ? (Object.fromEntries(members) as Json) : undefined;
    }
    default:
      return undefined;
  }
}

/** Makes a test's free variables members of the input, where conditions find what is the call's. */
export function bindToInput(root: Expr, names: readonly string[]): void {
  for (const child of childrenOf(root)) bindToInput(child, names);
  if (root.exprKind.case !== "identExpr" || !names.includes(root.exprKind.value.name)) return;
  root.exprKind = memberOfInput(root.exprKind.value.name);
}

/**
 * Moves the literals of a tree to the input, where nothing is known about them before the call: `1 < 2` becomes
 * `input.moved0 < input.moved1`. Patterns stay, which must be literals.
 */
export function moveLiterals(root: Expr, moved: Map<string, Json>): void {
  const { exprKind } = root;
  if (exprKind.case === "callExpr" && exprKind.value.function === "matches") {
    if (exprKind.value.target !== undefined) moveLiterals(exprKind.value.target, moved);
    return;
  }
  if (exprKind.case === "comprehensionExpr") {
    // The rest is the macro's own.
    const { iterRange, loopStep } = exprKind.value;
    for (const part of [iterRange, loopStep]) if (part !== undefined) moveLiterals(part, moved);
    return;
  }
  const value = exprKind.case === "constExpr" ? constantOf(root) : undefined;
  if (value === undefined) {
    for (const child of childrenOf(root)) moveLiterals(child, moved);
    return;
  }
  const name = `moved${moved.size}`;
  moved.set(name, value);
  root.exprKind = memberOfInput(name);
}

function memberOfInput(field: string): Expr["exprKind"] {
  const operand: Expr = {
    $typeName: "cel.expr.Expr",
    id: 0n,
    exprKind: { case: "identExpr", value: { $typeName: "cel.expr.Expr.Ident", name: "input" } },
  };
  return { case: "selectExpr", value: { $typeName: "cel.expr.Expr.Select", operand, field, testOnly: false } };
}
