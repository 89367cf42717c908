import { type CelValue, isCelError, plan } from "@bufbuild/cel";
import type { Expr } from "@bufbuild/cel-spec/cel/expr/syntax_pb.js";
import { bindingsOf, type CallInView, isVariable, type Variable } from "../bindings.ts";
import { ENVIRONMENT } from "./inspect.ts";
import { childrenOf, nameOf } from "./syntax.ts";

/** What an expression gives for a call; undefined for an error. */
type Evaluation = (call: CallInView) => CelValue | undefined;

/**
 * An inspected expression as CEL's own library evaluates it: every form of the language, some microseconds each. Planned when
 * it is first needed. The caller resets the steps.
 */
export function byLibrary(expression: Expr): Evaluation {
  let planned: Evaluation | undefined;
  return (call) => {
    try {
      planned ??= planFor(expression);
      return planned(call);
    } catch {
      return undefined;
    }
  };
}

function planFor(expression: Expr): Evaluation {
  const variables = [...variablesOf(expression)];
  const evaluate = plan(ENVIRONMENT, expression);
  return (call) => {
    const value = evaluate(bindingsOf(call, variables));
    return isCelError(value) ? undefined : value;
  };
}

/** The variables it may need: a comprehension's own variable of the same name costs time and changes nothing. */
function variablesOf(expression: Expr, found: Set<Variable> = new Set()): Set<Variable> {
  const name = nameOf(expression);
  if (name !== undefined && isVariable(name)) found.add(name);
  for (const child of childrenOf(expression)) variablesOf(child, found);
  return found;
}
