import type { Expr } from "@bufbuild/cel-spec/cel/expr/syntax_pb.js";
import { isVariable } from "../bindings.ts";
import { MIRRORED, ORDERINGS } from "../closures/comparisons.ts";
import type { Comparison } from "../made.ts";
import { argumentsOf, childrenOf, constantOf, pathOf } from "./syntax.ts";

type Operator = Comparison["operator"];

const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ["_==_", "=="],
  ["_!=_", "!="],
  ["@in", "in"],
  ...ORDERINGS,
]);

/** Every comparison of a path with literals in an expression. `locals` are the comprehensions' variables around it. */
export function comparisonsIn(expression: Expr, locals: readonly string[] = []): readonly Comparison[] {
  const { exprKind } = expression;
  const own = exprKind.case === "callExpr" ? comparisonOf(expression, exprKind.value.function, locals) : undefined;
  if (own !== undefined) return [own];
  const inner = exprKind.case === "comprehensionExpr" ? [...locals, exprKind.value.iterVar] : locals;
  return childrenOf(expression).flatMap((child) => comparisonsIn(child, inner));
}

function comparisonOf(expression: Expr, name: string, locals: readonly string[]): Comparison | undefined {
  const operator = OPERATORS.get(name);
  const [left, right] = argumentsOf(expression, name) ?? [];
  if (operator === undefined || left === undefined || right === undefined) return undefined;
  const [path, value] = [pathOfCall(left, locals), constantOf(right)];
  if (operator === "in") return path && Array.isArray(value) ? { path, operator, values: value } : undefined;
  if (path !== undefined && value !== undefined) return { path, operator, values: [value] };
  const [mirroredPath, mirroredValue] = [pathOfCall(right, locals), constantOf(left)];
  if (mirroredPath === undefined || mirroredValue === undefined) return undefined;
  const mirrored = operator === "==" || operator === "!=" ? operator : MIRRORED[operator];
  return { path: mirroredPath, operator: mirrored, values: [mirroredValue] };
}

function pathOfCall(expression: Expr, locals: readonly string[]): readonly string[] | undefined {
  const path = pathOf(expression);
  if (path === undefined || locals.includes(path.variable) || !isVariable(path.variable)) return undefined;
  return [path.variable, ...path.steps];
}

/** A text of CEL, a comment, an operator, a bracket, or one other character. */
const TOKEN =
  /[bB]?[rR][bB]?(?:"""[^]*?"""|'''[^]*?'''|"[^"\n]*"|'[^'\n]*')|"""(?:\\[^]|[^\\])*?"""|'''(?:\\[^]|[^\\])*?'''|"(?:\\[^]|[^"\\\n])*"|'(?:\\[^]|[^'\\\n])*'|\/\/[^\n]*|&&|\|\||[^]/gu;

/** The texts of the operands of the outermost `&&`, without the brackets around them; the whole text where there is none. */
export function conjunctsOf(source: string): readonly string[] {
  const pieces: string[] = [];
  let depth = 0;
  let start = 0;
  for (const { 0: token, index } of source.matchAll(TOKEN)) {
    if ("([{".includes(token)) depth += 1;
    else if (")]}".includes(token)) depth -= 1;
    else if (depth > 0) continue;
    // What binds less than `&&` makes the whole one operand.
    else if (token === "||" || token === "?") return [source.trim()];
    else if (token === "&&") {
      pieces.push(source.slice(start, index));
      start = index + token.length;
    }
  }
  if (pieces.length > 0) return [...pieces, source.slice(start)].flatMap(conjunctsOf);
  const bare = withoutBrackets(source.trim());
  return bare === undefined ? [source.trim()] : conjunctsOf(bare);
}

/** What stands between brackets that enclose the whole text; undefined where none do. */
function withoutBrackets(text: string): string | undefined {
  if (!text.startsWith("(") || !text.endsWith(")")) return undefined;
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token === "(") depth += 1;
    else if (token === ")") depth -= 1;
    if (depth === 0 && index < text.length - 1) return undefined;
  }
  return text.slice(1, -1);
}
