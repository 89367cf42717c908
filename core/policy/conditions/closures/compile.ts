import type { Expr, Expr_Call, Expr_Select } from "@bufbuild/cel-spec/cel/expr/syntax_pb.js";
import { byLibrary } from "../cel/library.ts";
import { argumentsOf, constantOf, INNER, operandsOf, pathOf } from "../cel/syntax.ts";
import { equality, membership, ordering, ORDERINGS } from "./comparisons.ts";
import {
  elementAt,
  larger,
  memberOfVariablePresent,
  memberPresent,
  size,
  smaller,
  textTest,
} from "./json-functions.ts";
import { choice, every, not, some } from "./logic.ts";
import { type Cell, exactlyOne, type Loop, mapped, quantifier, readLoop } from "./loops.ts";
import {
  below,
  boolean,
  constant,
  type Holds,
  holdsOf,
  pathReader,
  type ReadValue,
  readerOf,
  type Term,
  anyValue,
} from "./terms.ts";
import { wholeNumberComparison } from "./whole-numbers.ts";

/** What turned out about an expression while it was compiled. */
export interface Notes {
  /** Parts of it are left to CEL's library. */
  library: boolean;
  /** It takes steps. */
  counts: boolean;
}

interface Scope {
  /** Variables of the comprehensions around. */
  readonly locals: ReadonlyMap<string, Cell>;
  readonly notes: Notes;
}

/**
 * Compiles an inspected expression to closures over the call's own JSON. Whole numbers are CEL's ints and the others doubles,
 * so what would have to tell `1` from `1.0`, or to hold more than 53 bits, is not compiled: the library evaluates it.
 */
export function compileHolds(expression: Expr): { readonly holds: Holds; readonly notes: Notes } {
  const notes: Notes = { library: false, counts: false };
  const holds = holdsIn(expression, { locals: new Map(), notes });
  return { holds: holds ?? (() => undefined), notes };
}

/** Undefined where only the library can tell the value. */
export function compileReader(expression: Expr): { readonly read: ReadValue; readonly notes: Notes } | undefined {
  const notes: Notes = { library: false, counts: false };
  const term = termIn(expression, { locals: new Map(), notes });
  return term && { read: readerOf(term), notes };
}

/** What is not compiled is left to the library. Undefined only inside of comprehensions, whose variables it cannot see. */
function holdsIn(expression: Expr, scope: Scope): Holds | undefined {
  const compiled = isLogic(expression) ? logicIn(expression, scope) : plainHolds(expression, scope);
  if (compiled !== undefined || scope.locals.size > 0) return compiled;
  scope.notes.library = true;
  scope.notes.counts = true;
  const evaluate = byLibrary(expression);
  const asked: Holds = (call) => {
    const found = evaluate(call);
    return typeof found === "boolean" ? found : undefined;
  };
  return wholeNumberComparison(expression, asked) ?? asked;
}

function plainHolds(expression: Expr, scope: Scope): Holds | undefined {
  const term = termIn(expression, scope);
  return term && holdsOf(term);
}

const LOGIC: ReadonlySet<string> = new Set(["_&&_", "_||_", "!_", "_?_:_"]);

function isLogic({ exprKind }: Expr): boolean {
  return exprKind.case === "callExpr" && LOGIC.has(exprKind.value.function);
}

/** Operand by operand: one that is left to the library does not slow down the others. */
function logicIn(expression: Expr, scope: Scope): Holds | undefined {
  for (const [operator, join] of [["_&&_", every] as const, ["_||_", some] as const]) {
    if (argumentsOf(expression, operator) === undefined) continue;
    const operands = allOrNone(operandsOf(expression, operator), (operand) => holdsIn(operand, scope));
    return operands && join(operands);
  }
  const [a, b, c] =
    allOrNone(argumentsOf(expression, "!_") ?? argumentsOf(expression, "_?_:_") ?? [], (operand) =>
      holdsIn(operand, scope),
    ) ?? [];
  if (a === undefined) return undefined;
  return b === undefined || c === undefined ? not(a) : choice(a, b, c);
}

/** Undefined where one of them cannot be compiled. */
function allOrNone<T>(expressions: readonly Expr[], compile: (expression: Expr) => T | undefined): T[] | undefined {
  const compiled = expressions.map(compile).filter((each) => each !== undefined);
  return compiled.length === expressions.length ? compiled : undefined;
}

function termIn(expression: Expr, scope: Scope): Term | undefined {
  const fixed = constantOf(expression);
  if (fixed !== undefined) return constant(fixed);
  const path = pathOf(expression);
  if (path !== undefined) {
    const cell = scope.locals.get(path.variable);
    return cell === undefined ? optionalValue(pathReader(path)) : anyValue(cellReader(cell, path.steps));
  }
  const { exprKind } = expression;
  switch (exprKind.case) {
    case "selectExpr":
      return selectIn(exprKind.value, scope);
    case "callExpr":
      return isLogic(expression) ? logicTerm(expression, scope) : callIn(exprKind.value, scope);
    case "listExpr": {
      const elements = allOrNone(exprKind.value.elements, (element) => readerIn(element, scope));
      return elements && listOf(elements);
    }
    case "comprehensionExpr": {
      const loop = readLoop(expression);
      return loop && loopIn(loop, scope);
    }
    default:
      return undefined;
  }
}

function readerIn(expression: Expr | undefined, scope: Scope): ReadValue | undefined {
  const term = expression && termIn(expression, scope);
  return term && readerOf(term);
}

function optionalValue(read: ReadValue | undefined): Term | undefined {
  return read && anyValue(read);
}

function cellReader(cell: Cell, steps: readonly string[]): ReadValue {
  const element: ReadValue = () => cell.element;
  return steps.length === 0 ? element : below(element, steps);
}

/** `?:` may give any value, the others are booleans. */
function logicTerm(expression: Expr, scope: Scope): Term | undefined {
  const [test, whenTrue, whenFalse] = argumentsOf(expression, "_?_:_") ?? [];
  if (test === undefined) {
    const holds = logicIn(expression, scope);
    return holds && boolean(holds);
  }
  const holds = holdsIn(test, scope);
  const [a, b] = [readerIn(whenTrue, scope), readerIn(whenFalse, scope)];
  return holds && a && b && anyValue(choice(holds, a, b));
}

function listOf(elements: readonly ReadValue[]): Term {
  return anyValue((call) => {
    const list = [];
    for (const element of elements) {
      const found = element(call);
      if (found === undefined) return undefined;
      list.push(found);
    }
    return list;
  });
}

function selectIn({ operand, field, testOnly }: Expr_Select, scope: Scope): Term | undefined {
  if (operand === undefined) return undefined;
  const [fielded] = argumentsOf(operand, INNER.fielded) ?? [];
  const container = readerIn(fielded ?? operand, scope);
  if (container === undefined) return undefined;
  if (!testOnly) return anyValue(below(container, [field]));
  return fielded === undefined ? memberOfVariablePresent(container, field) : memberPresent(container, field);
}

function callIn({ function: name, target, args }: Expr_Call, scope: Scope): Term | undefined {
  const operands = allOrNone([...(target === undefined ? [] : [target]), ...args], (operand) => termIn(operand, scope));
  const [a, b] = operands ?? [];
  if (a === undefined) return undefined;
  if (name === "dyn") return a;
  if (name === "size") return size(readerOf(a));
  if (name === INNER.searched) return a;
  if (b === undefined) return undefined;
  const order = ORDERINGS.get(name);
  if (order !== undefined) return boolean(ordering(order, a, b));
  switch (name) {
    case "_==_":
      return boolean(equality(a, b));
    case "_!=_":
      return boolean(not(equality(a, b)));
    case "@in": {
      const counted = args[1] !== undefined && argumentsOf(args[1], INNER.searched) !== undefined;
      if (counted) scope.notes.counts = true;
      return boolean(membership(a, b, counted));
    }
    case INNER.at:
      return elementAt(readerOf(a), readerOf(b));
    case "min":
      return smaller(readerOf(a), readerOf(b));
    case "max":
      return larger(readerOf(a), readerOf(b));
    default:
      if (name === "contains" || name === "matches") scope.notes.counts = true;
      return target === undefined ? undefined : textTest(name, a, b);
  }
}

function loopIn({ kind, range, variable, test, made }: Loop, scope: Scope): Term | undefined {
  // The library finds its own types below a variable of this name.
  if (variable === "google") return undefined;
  scope.notes.counts = true;
  const elements = readerIn(range, scope);
  const cell: Cell = { element: undefined };
  const inner: Scope = { ...scope, locals: new Map([...scope.locals, [variable, cell]]) };
  const holds = test && holdsIn(test, inner);
  if (elements === undefined || (test !== undefined && holds === undefined)) return undefined;
  if (kind === "map") {
    const make = readerIn(made, inner);
    return make && mapped(elements, cell, holds, make);
  }
  if (holds === undefined) return undefined;
  return kind === "exists_one"
    ? exactlyOne(elements, cell, holds)
    : quantifier(elements, cell, holds, kind === "exists");
}
