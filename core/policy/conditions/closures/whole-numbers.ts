import type { Expr } from "@bufbuild/cel-spec/cel/expr/syntax_pb.js";
import { argumentsOf, constantOf, pathOf } from "../cel/syntax.ts";
import { type Ordering, ORDERINGS } from "./comparisons.ts";
import { type Holds, pathReader, type ReadValue } from "./terms.ts";
import { sizeOf } from "./values.ts";

/** A whole number, or undefined where it takes more than whole numbers up to 2^53-1 to tell. */
type ReadWhole = (call: Parameters<ReadValue>[0]) => number | undefined;

const OPERATIONS: ReadonlyMap<string, (a: number, b: number) => number> = new Map([
  ["_+_", (a: number, b: number) => a + b],
  ["_-_", (a: number, b: number) => a - b],
  ["_*_", (a: number, b: number) => a * b],
  // Towards zero; by zero it gives no number.
  ["_/_", (a: number, b: number) => (a - (a % b)) / b],
  ["_%_", (a: number, b: number) => a % b],
  ["min", Math.min],
  ["max", Math.max],
]);

const COMPARISONS: Readonly<Record<Ordering | "==" | "!=", (a: number, b: number) => boolean>> = {
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
};

/**
 * A comparison that calculates: `input.price * input.quantity <= 10000`. Undefined for other expressions. Where a value is no
 * whole number, or becomes too large, `otherwise` decides.
 */
export function wholeNumberComparison(expression: Expr, otherwise: Holds): Holds | undefined {
  for (const [name, sign] of [...ORDERINGS, ["_==_", "=="] as const, ["_!=_", "!="] as const]) {
    const operands = argumentsOf(expression, name);
    if (operands === undefined) continue;
    const [left, right] = operands.map(wholeNumber);
    if (left === undefined || right === undefined) return undefined;
    const compare = COMPARISONS[sign];
    return (call) => {
      const a = left(call);
      const b = a === undefined ? undefined : right(call);
      return a === undefined || b === undefined ? otherwise(call) : compare(a, b);
    };
  }
  return undefined;
}

function wholeNumber(expression: Expr): ReadWhole | undefined {
  const { exprKind } = expression;
  if (exprKind.case === "constExpr") {
    const fixed = exprKind.value.constantKind.case === "int64Value" ? constantOf(expression) : undefined;
    return typeof fixed === "number" ? () => fixed : undefined;
  }
  const path = pathOf(expression);
  if (path !== undefined) return wholeOf(pathReader(path));
  if (exprKind.case !== "callExpr") return undefined;
  const { function: name, target, args } = exprKind.value;
  const [first, second] = target === undefined ? args : [target, ...args];
  if (name === "size" && first !== undefined && second === undefined) return sizeAt(first);
  const operation = OPERATIONS.get(name);
  const [a, b] = [first && wholeNumber(first), second && wholeNumber(second)];
  return operation && a && b && calculated(operation, a, b);
}

function wholeOf(read: ReadValue | undefined): ReadWhole | undefined {
  return (
    read &&
    ((call) => {
      const found = read(call);
      return typeof found === "number" && Number.isSafeInteger(found) ? found : undefined;
    })
  );
}

function sizeAt(expression: Expr): ReadWhole | undefined {
  const path = pathOf(expression);
  const read = path && pathReader(path);
  return read && ((call) => sizeOf(read(call)));
}

function calculated(operation: (a: number, b: number) => number, left: ReadWhole, right: ReadWhole): ReadWhole {
  return (call) => {
    const a = left(call);
    const b = a === undefined ? undefined : right(call);
    const result = a === undefined || b === undefined ? undefined : operation(a, b);
    return Number.isSafeInteger(result) ? result : undefined;
  };
}
