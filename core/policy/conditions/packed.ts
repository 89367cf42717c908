import type { Expr } from "@bufbuild/cel-spec/cel/expr/syntax_pb.js";
import type { Json, JsonObject } from "../../model/json.ts";
import { resetSteps } from "./closures/steps.ts";
import { compilePattern, matchBounded, type Pattern } from "./patterns/patterns.ts";
import { argumentsOf, constantOf, operandsOf, pathOf } from "./cel/syntax.ts";

/** What a packed question asks of a member of the input. */
export const PACKED = {
  equals: 0,
  differs: 1,
  less: 2,
  atMost: 3,
  more: 4,
  atLeast: 5,
  among: 6,
  startsWith: 7,
  matches: 8,
} as const;

export type PackedOperator = (typeof PACKED)[keyof typeof PACKED];

/** One question about a member of the input itself, with a fixed value: what most conditions consist of. */
export interface PackedTerm {
  readonly operator: PackedOperator;
  readonly member: string;
  readonly value: PackedValue;
}

type Simple = string | number | boolean | null;

/** A plain value; for `among` the set of them, for `matches` the compiled pattern. */
export type PackedValue = Simple | ReadonlySet<Simple> | Pattern;

/** More questions in one condition are asked by closures. */
const MOST_TERMS = 8;

const ORDERED: ReadonlyMap<string, readonly [operator: PackedOperator, mirrored: PackedOperator]> = new Map([
  ["_<_", [PACKED.less, PACKED.more]],
  ["_<=_", [PACKED.atMost, PACKED.atLeast]],
  ["_>_", [PACKED.more, PACKED.less]],
  ["_>=_", [PACKED.atLeast, PACKED.atMost]],
]);

/**
 * The questions of a condition that is nothing but such questions joined by `&&`; undefined for every other. Their answers are
 * those of the closures, member by member; being packed one behind the other they are read without a jump through memory,
 * which is what a decision by many cold rules costs.
 */
export function packedTerms(root: Expr): readonly PackedTerm[] | undefined {
  const operands = operandsOf(root, "_&&_");
  if (operands.length > MOST_TERMS) return undefined;
  const terms = operands.map(packedTerm);
  if (!terms.every((term) => term !== undefined)) return undefined;
  // Patterns of one condition share its steps: two of them are counted by closures.
  return terms.filter(({ operator }) => operator === PACKED.matches).length > 1 ? undefined : terms;
}

function packedTerm(expression: Expr): PackedTerm | undefined {
  const { exprKind } = expression;
  if (exprKind.case !== "callExpr") return undefined;
  const { function: name, args, target } = exprKind.value;
  if (target !== undefined && (name === "startsWith" || name === "matches")) return withText(name, target, args[0]);
  const [left, right] = args;
  if (left === undefined || right === undefined || args.length !== 2 || target !== undefined) return undefined;
  if (argumentsOf(expression, "@in") !== undefined) return amongValues(left, right);
  const [member, value, isMirrored] = sides(left, right);
  if (member === undefined || value === undefined || !isSimple(value)) return undefined;
  const ordered = ORDERED.get(name);
  if (ordered !== undefined)
    return typeof value === "number" ? { operator: ordered[isMirrored ? 1 : 0], member, value } : undefined;
  if (name === "_==_") return { operator: PACKED.equals, member, value: interned(value) };
  return name === "_!=_" ? { operator: PACKED.differs, member, value: interned(value) } : undefined;
}

function sides(
  left: Expr,
  right: Expr,
): readonly [member: string | undefined, value: Json | undefined, mirrored: boolean] {
  const member = memberOf(left);
  return member === undefined ? [memberOf(right), constantOf(left), true] : [member, constantOf(right), false];
}

/** `input.name`, and nothing deeper. */
function memberOf(expression: Expr): string | undefined {
  const path = pathOf(expression);
  return path?.variable === "input" && path.steps.length === 1 ? path.steps[0] : undefined;
}

/** Texts that are equal become one and the same object, which is compared without being read. */
function interned(value: Simple): Simple {
  return typeof value === "string" ? (Object.keys({ [value]: null })[0] ?? value) : value;
}

function isSimple(value: Json): value is Simple {
  return value === null || typeof value !== "object";
}

function withText(name: "startsWith" | "matches", target: Expr, argument: Expr | undefined): PackedTerm | undefined {
  const member = memberOf(target);
  const value = argument && constantOf(argument);
  if (member === undefined || typeof value !== "string") return undefined;
  return { operator: PACKED[name], member, value: name === "matches" ? compilePattern(value) : interned(value) };
}

function amongValues(left: Expr, right: Expr): PackedTerm | undefined {
  const member = memberOf(left);
  const [list] = argumentsOf(right, "@searched") ?? [right];
  const values = list && constantOf(list);
  if (member === undefined || !Array.isArray(values) || values.length === 0 || !values.every(isSimple))
    return undefined;
  return { operator: PACKED.among, member, value: new Set(values.map(interned)) };
}

/** The answer to one question about a map: true, false, or undefined for unknown. */
export function packedAnswer(
  operator: unknown,
  member: string,
  value: unknown,
  input: JsonObject,
): boolean | undefined {
  const found = Object.hasOwn(input, member) ? input[member] : undefined;
  if (found === undefined) return undefined;
  switch (operator) {
    case PACKED.equals:
      return found === value;
    case PACKED.differs:
      return found !== value;
    case PACKED.less:
      return typeof found === "number" ? found < (value as number) : undefined;
    case PACKED.atMost:
      return typeof found === "number" ? found <= (value as number) : undefined;
    case PACKED.more:
      return typeof found === "number" ? found > (value as number) : undefined;
    case PACKED.atLeast:
      return typeof found === "number" ? found >= (value as number) : undefined;
    case PACKED.among:
      return (value as ReadonlySet<unknown>).has(found);
    case PACKED.startsWith:
      return typeof found === "string" ? startsWith(found, value as string) : undefined;
    case PACKED.matches:
      return typeof found === "string" ? matchesPattern(value as Pattern, found) : undefined;
    default:
      return undefined;
  }
}

function matchesPattern(pattern: Pattern, text: string): boolean | undefined {
  resetSteps();
  return matchBounded(pattern, text);
}

function startsWith(text: string, start: string): boolean {
  const last = start.length - 1;
  return last < 0 || (text.charCodeAt(last) === start.charCodeAt(last) && text.lastIndexOf(start, 0) === 0);
}
