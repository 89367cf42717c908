import type { Expr } from "@bufbuild/cel-spec/cel/expr/syntax_pb.js";
import type { Json } from "../../model/json.ts";
import { memberNumber } from "../members.ts";
import { argumentsOf, constantOf, operandsOf, pathOf } from "./cel/syntax.ts";
import { compilePattern } from "./patterns/patterns.ts";
import { PACKED, type PackedOperator, type PackedTerm, type Simple } from "./questions.ts";
import { textTable } from "./text-table.ts";

/** So many values are compared one by one: reading them costs less than looking one up. */
const FEW_VALUES = 4;

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
  if (terms.filter(({ operator }) => operator >= PACKED.matches).length > 1) return undefined;
  const numbered = terms.map(({ member, ...rest }) => ({ ...rest, member: memberNumber(member) }));
  return numbered.every(isNumbered) ? numbered : undefined;
}

function isNumbered(term: { readonly member: number | undefined } & Omit<PackedTerm, "member">): term is PackedTerm {
  return term.member !== undefined;
}

/** A question that asks for its member by name yet. */
type NamedTerm = Omit<PackedTerm, "member"> & { readonly member: string };

function packedTerm(expression: Expr): NamedTerm | undefined {
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
    return typeof value === "number" ? { operator: ordered[isMirrored ? 1 : 0], member, values: [value] } : undefined;
  if (name === "_==_") return { operator: PACKED.equals, member, values: [interned(value)] };
  return name === "_!=_" ? { operator: PACKED.differs, member, values: [interned(value)] } : undefined;
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

function withText(name: "startsWith" | "matches", target: Expr, argument: Expr | undefined): NamedTerm | undefined {
  const member = memberOf(target);
  const value = argument && constantOf(argument);
  if (member === undefined || typeof value !== "string") return undefined;
  if (name === "startsWith") return { operator: PACKED.startsWith, member, values: [interned(value)] };
  const pattern = compilePattern(value);
  const { parts } = pattern;
  return parts === undefined
    ? { operator: PACKED.matches, member, values: [pattern] }
    : { operator: PACKED.startsAndMatches, member, values: [interned(parts.start), parts.rest] };
}

function amongValues(left: Expr, right: Expr): NamedTerm | undefined {
  const member = memberOf(left);
  const [list] = argumentsOf(right, "@searched") ?? [right];
  const values = list && constantOf(list);
  if (member === undefined || !Array.isArray(values) || values.length === 0 || !values.every(isSimple))
    return undefined;
  const different = [...new Set(values.map(interned))];
  if (different.length <= FEW_VALUES) return { operator: PACKED.amongFew, member, values: different };
  const table = different.every((value) => typeof value === "string") ? textTable(different) : undefined;
  return table === undefined
    ? { operator: PACKED.among, member, values: [new Set(different)] }
    : { operator: PACKED.amongTexts, member, values: table };
}
