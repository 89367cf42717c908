import type { Constant, Expr, Expr_Call, Expr_CreateStruct } from "@bufbuild/cel-spec/cel/expr/syntax_pb.js";
import type { Json } from "../../../model/json.ts";

/** Functions that stand in a condition's tree where the library does something else; no policy can write their names. */
export const INNER = {
  /** Every comprehension's range passes through it. */
  bounded: "@bounded",
  /** What `in` looks through. */
  searched: "@searched",
  /** What `has` asks for a member: the library says that a list or a number has none, where CEL says error. */
  fielded: "@fielded",
  /** `a[b]`: the library takes `true` for 1 and stops everything at 1.5, where CEL says error. */
  at: "@at",
} as const;

/** A variable and the members below it: `input.a["b"]`. */
export interface Path {
  readonly variable: string;
  readonly steps: readonly string[];
}

export function callOf(name: string, args: Expr[], id: bigint, target?: Expr): Expr {
  const value: Expr_Call = { $typeName: "cel.expr.Expr.Call", function: name, args, ...(target && { target }) };
  return { $typeName: "cel.expr.Expr", id, exprKind: { case: "callExpr", value } };
}

/** The arguments of a call of this function; undefined for everything else. */
export function argumentsOf({ exprKind }: Expr, name: string): readonly Expr[] | undefined {
  return exprKind.case === "callExpr" && exprKind.value.function === name ? exprKind.value.args : undefined;
}

export function isCallOf(expression: Expr, name: string): boolean {
  return argumentsOf(expression, name) !== undefined;
}

export function nameOf({ exprKind }: Expr): string | undefined {
  return exprKind.case === "identExpr" ? exprKind.value.name : undefined;
}

/** The parts of an expression that are expressions. */
export function childrenOf({ exprKind }: Expr): readonly Expr[] {
  switch (exprKind.case) {
    case "selectExpr":
      return present([exprKind.value.operand]);
    case "callExpr":
      return present([exprKind.value.target, ...exprKind.value.args]);
    case "listExpr":
      return exprKind.value.elements;
    case "structExpr":
      return present(
        exprKind.value.entries.flatMap(({ keyKind, value }) => [
          keyKind.case === "mapKey" ? keyKind.value : undefined,
          value,
        ]),
      );
    case "comprehensionExpr": {
      const { iterRange, accuInit, loopCondition, loopStep, result } = exprKind.value;
      return present([iterRange, accuInit, loopCondition, loopStep, result]);
    }
    default:
      return [];
  }
}

function present(expressions: readonly (Expr | undefined)[]): readonly Expr[] {
  return expressions.filter((expression) => expression !== undefined);
}

/** True where some expression of the tree meets the test. */
export function anywhereIn(root: Expr, test: (expression: Expr) => boolean): boolean {
  return test(root) || childrenOf(root).some((child) => anywhereIn(child, test));
}

/** The operands of `&&` or `||`, however they are nested, in the order of the text. */
export function operandsOf(expression: Expr, operator: "_&&_" | "_||_"): readonly Expr[] {
  const operands = argumentsOf(expression, operator);
  return operands === undefined ? [expression] : operands.flatMap((operand) => operandsOf(operand, operator));
}

/** The path that an expression is; undefined where it is something else. */
export function pathOf(expression: Expr): Path | undefined {
  const { exprKind } = expression;
  if (exprKind.case === "identExpr") return { variable: exprKind.value.name, steps: [] };
  if (exprKind.case === "selectExpr") {
    const { operand, field, testOnly } = exprKind.value;
    return operand === undefined || testOnly ? undefined : oneFurther(pathOf(operand), field);
  }
  const [operand, index] = argumentsOf(expression, INNER.at) ?? [];
  const key = index && constantOf(index);
  return operand !== undefined && typeof key === "string" ? oneFurther(pathOf(operand), key) : undefined;
}

function oneFurther(path: Path | undefined, step: string): Path | undefined {
  return path && { variable: path.variable, steps: [...path.steps, step] };
}

/** The value of a literal, of a list of literals, or of a map of literals by text; undefined for what JSON cannot carry. */
export function constantOf(expression: Expr): Json | undefined {
  const { exprKind } = expression;
  switch (exprKind.case) {
    case "constExpr":
      return scalarOf(exprKind.value);
    case "listExpr":
      return allOrNothing(exprKind.value.elements.map(constantOf));
    case "structExpr":
      return mapOf(exprKind.value.entries);
    case "callExpr": {
      const [operand] = argumentsOf(expression, "-_") ?? [];
      const number = operand && constantOf(operand);
      return typeof number === "number" ? 0 - number : undefined;
    }
    default:
      return undefined;
  }
}

function scalarOf({ constantKind }: Constant): Json | undefined {
  switch (constantKind.case) {
    case "stringValue":
    case "boolValue":
      return constantKind.value;
    case "nullValue":
      return null;
    case "doubleValue":
      return Number.isFinite(constantKind.value) ? constantKind.value : undefined;
    case "int64Value": {
      const number = Number(constantKind.value);
      return Number.isSafeInteger(number) ? number : undefined;
    }
    default:
      return undefined;
  }
}

function allOrNothing(values: readonly (Json | undefined)[]): readonly Json[] | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === values.length ? known : undefined;
}

/** Keys that an object puts before all others, whatever their order in the text. */
const WHOLE = /^[0-9]+$/;

function mapOf(entries: Expr_CreateStruct["entries"]): Json | undefined {
  const members = new Map<string, Json>();
  for (const { keyKind, value } of entries) {
    const key = keyKind.case === "mapKey" ? constantOf(keyKind.value) : undefined;
    const held = value && constantOf(value);
    if (typeof key !== "string" || held === undefined || members.has(key) || WHOLE.test(key)) return undefined;
    members.set(key, held);
  }
  return Object.fromEntries(members);
}
