import { type CelEnv, type CelFunc, celEnv, CelScalar } from "@bufbuild/cel";
import type { Expr, Expr_Call, Expr_Comprehension, Expr_Select } from "@bufbuild/cel-spec/cel/expr/syntax_pb.js";
import { suggest } from "../../suggest.ts";
import { isVariable, MEMBERS, VARIABLES } from "../bindings.ts";
import { compilePattern } from "../patterns/patterns.ts";
import { FUNCTIONS, TYPE_NAMES } from "./functions.ts";
import { callOf, INNER, nameOf } from "./syntax.ts";

/** Levels of a condition's syntax tree. */
const MAXIMUM_DEPTH = 256;

/** Comprehensions (`all`, `exists`, `filter`, `map` …) inside one another. */
const MAXIMUM_LOOPS = 2;

/** Everything conditions are planned and evaluated with. */
export const ENVIRONMENT: CelEnv = celEnv({ funcs: [...FUNCTIONS] });

/** One thing wrong with a condition; `id` is the expression's, for its place. */
export interface ConditionProblem {
  readonly id: bigint;
  readonly message: string;
  readonly hint?: string;
}

interface Scope {
  readonly problems: ConditionProblem[];
  /** Variables of the comprehensions around. */
  readonly locals: readonly string[];
  readonly loops: number;
  readonly depth: number;
}

/**
 * Finds what a parsed expression says that can never mean anything: unknown names, members, functions and signatures, patterns
 * that are no literals or no regular expressions. On the way it puts our own functions into the tree where the library's are
 * not bounded or not CEL's: ranges of comprehensions and of `in`, `has`, `a[b]`.
 */
export function inspect(root: Expr): readonly ConditionProblem[] {
  const problems: ConditionProblem[] = [];
  visit(root, { problems, locals: [], loops: 0, depth: 0 });
  return problems;
}

/** Finds as well a value that is never true or false. */
export function inspectCondition(root: Expr): readonly ConditionProblem[] {
  const problems = inspect(root);
  if (problems.length > 0 || mayBeBoolean(root)) return problems;
  return [{ id: root.id, message: "a condition must be true or false" }];
}

function visit(expression: Expr | undefined, outer: Scope): void {
  if (expression === undefined) return;
  const scope = { ...outer, depth: outer.depth + 1 };
  if (scope.depth > MAXIMUM_DEPTH) {
    // Reported once: what lies deeper is not visited.
    if (!scope.problems.some(({ message }) => message === TOO_DEEP))
      scope.problems.push({ id: expression.id, message: TOO_DEEP });
    return;
  }
  const { id, exprKind } = expression;
  switch (exprKind.case) {
    case "identExpr":
      return visitName(id, exprKind.value.name, scope);
    case "selectExpr":
      return visitSelect(id, exprKind.value, scope);
    case "callExpr":
      return visitCall(id, exprKind.value, scope);
    case "listExpr":
      return exprKind.value.elements.forEach((element) => visit(element, scope));
    case "structExpr":
      if (exprKind.value.messageName !== "")
        scope.problems.push({ id, message: "messages are not built in conditions" });
      return exprKind.value.entries.forEach((entry) => {
        if (entry.keyKind.case === "mapKey") visit(entry.keyKind.value, scope);
        visit(entry.value, scope);
      });
    case "comprehensionExpr":
      return visitComprehension(id, exprKind.value, scope);
    default:
  }
}

const TOO_DEEP = `a condition nests at most ${MAXIMUM_DEPTH} levels`;

function visitName(id: bigint, name: string, { locals, problems }: Scope): void {
  if (locals.includes(name) || TYPE_NAMES.includes(name) || isVariable(name)) return;
  const known = [...locals.filter((local) => !local.startsWith("@")), ...VARIABLES];
  problems.push({ id, message: `conditions know no \`${name}\``, hint: suggest(name, known) });
}

function visitSelect(id: bigint, select: Expr_Select, scope: Scope): void {
  const { operand, field } = select;
  if (operand === undefined) return;
  visit(operand, scope);
  const variable = nameOf(operand);
  const members = variable === undefined || scope.locals.includes(variable) ? undefined : MEMBERS.get(variable);
  // Whether a call has a counterparty at all is a fair question: `has(counterparty.id)` is false where it has none.
  if (select.testOnly && members === undefined) select.operand = callOf(INNER.fielded, [operand], operand.id);
  if (members === undefined || members.includes(field)) return;
  const hint = members.length === 0 ? `\`${variable}\` is a text` : suggest(field, members);
  scope.problems.push({ id, message: `\`${variable}\` has no member \`${field}\``, hint });
}

function visitCall(id: bigint, call: Expr_Call, scope: Scope): void {
  visit(call.target, scope);
  for (const argument of call.args) visit(argument, scope);
  const [first, second] = call.args;
  if (call.function === "_[_]") call.function = INNER.at;
  if (call.function === "@in" && first !== undefined && second !== undefined && second.exprKind.case !== "listExpr") {
    call.args = [first, callOf(INNER.searched, [second], second.id)];
  }
  if (SPECIAL_FORMS.has(call.function)) return;
  const overloads = overloadsOf(call.function);
  if (overloads.length === 0) {
    const known = [...new Set([...ENVIRONMENT.funcs].map(({ name }) => name).filter((name) => /^[a-zA-Z]/.test(name)))];
    scope.problems.push({
      id,
      message: `conditions know no function \`${call.function}\``,
      hint: suggest(call.function, [...known, ...MACROS]),
    });
    return;
  }
  const callable = overloads.some(
    (overload) =>
      (overload.target === undefined) === (call.target === undefined) && overload.arguments.length === call.args.length,
  );
  if (!callable) {
    scope.problems.push({ id, message: `the function \`${call.function}\` is not called like this` });
  } else if (call.function === "matches") {
    visitPattern(id, call.args[0], scope);
  }
}

const OVERLOADS = new Map<string, readonly CelFunc[]>();
for (const overload of ENVIRONMENT.funcs) OVERLOADS.set(overload.name, [...overloadsOf(overload.name), overload]);

function overloadsOf(name: string): readonly CelFunc[] {
  return OVERLOADS.get(name) ?? [];
}

/** Forms of the language that the evaluator knows without a function of that name. */
const SPECIAL_FORMS: ReadonlySet<string> = new Set([
  "_&&_",
  "_||_",
  "_?_:_",
  "@not_strictly_false",
  "__not_strictly_false__",
]);

const MACROS: readonly string[] = ["has", "all", "exists", "exists_one", "filter", "map"];

/** A pattern is the policy author's, never the call's, and is known to compile before anything is decided. */
function visitPattern(id: bigint, pattern: Expr | undefined, { problems }: Scope): void {
  if (pattern?.exprKind.case !== "constExpr" || pattern.exprKind.value.constantKind.case !== "stringValue") {
    problems.push({ id, message: "the pattern of `matches` must be written out as a text" });
    return;
  }
  try {
    compilePattern(pattern.exprKind.value.constantKind.value);
  } catch (error) {
    const hint = error instanceof Error ? error.message.slice(0, LONGEST_HINT) : "";
    problems.push({ id: pattern.id, message: "this is no regular expression (RE2 syntax)", hint });
  }
}

const LONGEST_HINT = 200;

function visitComprehension(id: bigint, loop: Expr_Comprehension, scope: Scope): void {
  visit(loop.iterRange, scope);
  if (scope.loops >= MAXIMUM_LOOPS) {
    scope.problems.push({
      id,
      message: `at most ${MAXIMUM_LOOPS} of all, exists, filter and map stand inside one another`,
    });
    return;
  }
  const inner = { ...scope, loops: scope.loops + 1, locals: [...scope.locals, loop.iterVar, loop.accuVar] };
  for (const part of [loop.accuInit, loop.loopCondition, loop.loopStep, loop.result]) visit(part, inner);
  if (loop.iterRange !== undefined) loop.iterRange = callOf(INNER.bounded, [loop.iterRange], loop.iterRange.id);
}

/** False where the outermost form alone shows that no evaluation can give a boolean. */
function mayBeBoolean({ exprKind }: Expr): boolean {
  switch (exprKind.case) {
    case "constExpr":
      return exprKind.value.constantKind.case === "boolValue";
    case "listExpr":
    case "structExpr":
      return false;
    case "callExpr": {
      const overloads = overloadsOf(exprKind.value.function);
      const boolean = ({ result }: (typeof overloads)[number]): boolean =>
        result === CelScalar.BOOL || (result === CelScalar.DYN && !NUMERIC.has(exprKind.value.function));
      return overloads.length === 0 || overloads.some(boolean);
    }
    default:
      return true;
  }
}

const NUMERIC: ReadonlySet<string> = new Set(["min", "max"]);
