import type { Expr } from "@bufbuild/cel-spec/cel/expr/syntax_pb.js";
import { describe } from "../located.ts";
import type { Reader } from "../readers.ts";
import { inspect } from "./cel/inspect.ts";
import { jsonOf, settled } from "./cel/json.ts";
import { byLibrary } from "./cel/library.ts";
import { readSource, reportProblems } from "./cel/source.ts";
import { compileReader } from "./closures/compile.ts";
import { resetSteps } from "./closures/steps.ts";
import type { ReadValue } from "./closures/terms.ts";

/** A value that is computed from a call. Pure and total: what goes wrong is unknown. */
export interface Expression {
  readonly source: string;
  /** Undefined for *unknown*: an error, a missing member, or something that is no JSON (a time, bytes, a number beyond 2^53-1). */
  readonly value: ReadValue;
}

/**
 * Reads what a `compute` sets: a CEL text that gives any JSON, or a number, `true` or `false` as they are.
 * @example `min(input.limit, 100)`
 */
export const expression: Reader<Expression> = (node, report) => {
  if (node.kind !== "scalar" || node.value === null) {
    report("wrong_type", node.place, `a computed value must be an expression, not ${describe(node)}`);
    return undefined;
  }
  const { value: written } = node;
  if (typeof written !== "string") return Object.freeze({ source: String(written), value: () => written });
  const { root, problems } = readSource(written, inspect);
  reportProblems(problems, node, report);
  return root === undefined ? undefined : Object.freeze({ source: written, value: valueOf(root) });
};

function valueOf(root: Expr): ReadValue {
  const compiled = compileReader(root);
  const byItself = byLibrary(root);
  const read: ReadValue = compiled === undefined ? (call) => jsonOf(byItself(call)) : compiled.read;
  return (call) => {
    resetSteps();
    return settled(read(call));
  };
}
