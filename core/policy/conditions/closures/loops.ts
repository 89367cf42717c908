import type { Expr } from "@bufbuild/cel-spec/cel/expr/syntax_pb.js";
import type { Json } from "../../../model/json.ts";
import { argumentsOf, INNER, isCallOf, nameOf } from "../cel/syntax.ts";
import { walk } from "./steps.ts";
import { boolean, type Holds, type ReadValue, type Term, anyValue } from "./terms.ts";
import { isList, isMap } from "./values.ts";

/** Where a comprehension keeps the element it looks at. Conditions are synchronous and no loop runs inside itself. */
export interface Cell {
  element: Json | undefined;
}

/** A comprehension, read back from what the parser made of `all`, `exists`, `exists_one`, `filter` or `map`. */
export interface Loop {
  readonly kind: "all" | "exists" | "exists_one" | "map";
  readonly range: Expr;
  readonly variable: string;
  /** What each element is asked; undefined for a `map` of every element. */
  readonly test: Expr | undefined;
  /** What a `map` or `filter` makes of each element. */
  readonly made: Expr | undefined;
}

const RESULT = "@result";

/** Undefined for what none of the macros gives. */
export function readLoop({ exprKind }: Expr): Loop | undefined {
  if (exprKind.case !== "comprehensionExpr") return undefined;
  const { iterVar: variable, iterVar2, accuVar, iterRange, loopStep, accuInit, result } = exprKind.value;
  const [range] = (iterRange && argumentsOf(iterRange, INNER.bounded)) ?? [];
  if (range === undefined || loopStep === undefined || accuVar !== RESULT || iterVar2 !== "") return undefined;
  const shared = { range, variable, made: undefined };
  const [, all] = argumentsOf(loopStep, "_&&_") ?? [];
  if (all !== undefined) return { ...shared, kind: "all", test: all };
  const [, exists] = argumentsOf(loopStep, "_||_") ?? [];
  if (exists !== undefined) return { ...shared, kind: "exists", test: exists };
  const [test, taken] = argumentsOf(loopStep, "_?_:_") ?? [];
  if (accuInit?.exprKind.case === "listExpr") {
    const made = addedTo(taken ?? loopStep);
    return made === undefined ? undefined : { ...shared, kind: "map", test, made };
  }
  return test !== undefined && result !== undefined && isCallOf(result, "_==_")
    ? { ...shared, kind: "exists_one", test }
    : undefined;
}

/** `element` of `@result + [element]`. */
function addedTo(step: Expr): Expr | undefined {
  const [list, added] = argumentsOf(step, "_+_") ?? [];
  if (list === undefined || nameOf(list) !== RESULT || added?.exprKind.case !== "listExpr") return undefined;
  return added.exprKind.value.elements[0];
}

/** The elements that are walked through: of a list, or the keys of a map. Undefined for other values and for too many. */
function elementsOf(range: Json | undefined): readonly Json[] | undefined {
  const elements = isList(range) ? range : isMap(range) ? Object.keys(range) : undefined;
  return elements !== undefined && walk(elements.length) ? elements : undefined;
}

/** `decisive` ends the walk: one false for `all`, one true for `exists`. */
export function quantifier(range: ReadValue, cell: Cell, test: Holds, decisive: boolean): Term {
  return boolean((call) => {
    const elements = elementsOf(range(call));
    if (elements === undefined) return undefined;
    let known: boolean | undefined = !decisive;
    for (const element of elements) {
      cell.element = element;
      const held = test(call);
      if (held === decisive) return decisive;
      if (held === undefined) known = undefined;
    }
    return known;
  });
}

/** True where exactly one element passes; one that cannot be told makes all unknown. */
export function exactlyOne(range: ReadValue, cell: Cell, test: Holds): Term {
  return boolean((call) => {
    const elements = elementsOf(range(call));
    if (elements === undefined) return undefined;
    let passed = 0;
    let known = true;
    // To the end also where nothing can be told any more: the steps count as in the library.
    for (const element of elements) {
      cell.element = element;
      const held = test(call);
      if (held === undefined) known = false;
      if (held === true) passed += 1;
    }
    return known ? passed === 1 : undefined;
  });
}

/** The list of what is made of each element that passes; undefined where one cannot be told or made. */
export function mapped(range: ReadValue, cell: Cell, test: Holds | undefined, made: ReadValue): Term {
  return anyValue((call) => {
    const elements = elementsOf(range(call));
    if (elements === undefined) return undefined;
    let list: Json[] | undefined = [];
    for (const element of elements) {
      cell.element = element;
      const held = test === undefined ? true : test(call);
      if (held === undefined) list = undefined;
      if (held !== true || list === undefined) continue;
      const next = made(call);
      if (next === undefined) list = undefined;
      else list.push(next);
    }
    return list;
  });
}
