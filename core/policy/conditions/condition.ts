import type { Expr } from "@bufbuild/cel-spec/cel/expr/syntax_pb.js";
import { describe, type Located } from "../located.ts";
import type { Reader } from "../readers.ts";
import { comparisonsIn, conjunctsOf } from "./cel/explain.ts";
import { inspectCondition } from "./cel/inspect.ts";
import { type ReadSource, readSource, reportProblems } from "./cel/source.ts";
import { operandsOf } from "./cel/syntax.ts";
import { compileHolds } from "./closures/compile.ts";
import { resetSteps } from "./closures/steps.ts";
import type { Holds } from "./closures/terms.ts";
import { type Condition, makeCondition, type Part } from "./made.ts";
import { packedTerms } from "./packed.ts";

export type { Comparison, Condition, Part } from "./made.ts";

/** Conditions that are kept by their text, for rules that say the same; with more, the memory starts anew. */
const MOST_KEPT = 1_024;

const kept = new Map<string, Condition>();

/**
 * Reads a CEL condition: a text, or plainly `true` or `false`. What cannot be parsed, or could never mean anything, is
 * reported where it stands.
 */
export const condition: Reader<Condition> = (node, report) => {
  const source = sourceOf(node);
  if (source === undefined || node.kind !== "scalar") {
    report("wrong_type", node.place, `\`when\` must be a condition, not ${describe(node)}`);
    return undefined;
  }
  const known = kept.get(source);
  if (known !== undefined) return known;
  const { root, problems } = readSource(source, inspectCondition);
  reportProblems(problems, node, report);
  if (root === undefined) return undefined;
  if (kept.size >= MOST_KEPT) kept.clear();
  const made = fromCel(source, root);
  kept.set(source, made);
  return made;
};

function sourceOf(node: Located): string | undefined {
  if (node.kind !== "scalar") return undefined;
  return typeof node.value === "boolean" ? String(node.value) : typeof node.value === "string" ? node.value : undefined;
}

/** The tree is not kept: what explains a condition is made of its text once more. */
function fromCel(source: string, root: Expr): Condition {
  const { holds, library } = ready(root);
  const again = (): ReadSource => readSource(source, inspectCondition);
  return makeCondition({
    holds,
    source,
    compiled: !library,
    packed: packedTerms(root),
    parts: () => partsOf(source, holds, again().root),
    comparisons: () => {
      const { root: tree } = again();
      return tree === undefined ? [] : comparisonsIn(tree);
    },
  });
}

function ready(root: Expr): { readonly holds: Holds; readonly library: boolean } {
  const { holds, notes } = compileHolds(root);
  if (!notes.counts) return { holds, library: notes.library };
  return {
    library: notes.library,
    holds: (call) => {
      resetSteps();
      return holds(call);
    },
  };
}

function partsOf(source: string, holds: Holds, root: Expr | undefined): readonly Part[] {
  const texts = conjunctsOf(source);
  const operands = root === undefined ? [] : operandsOf(root, "_&&_");
  if (texts.length < 2 || texts.length !== operands.length) return [{ source: source.trim(), holds }];
  return operands.map((operand, index) => ({ source: texts[index] ?? "", holds: ready(operand).holds }));
}
