import type { Json } from "../../core/model/json.ts";
import type { Compute, Condition, Document, Leaf, Term, Tree } from "./language.ts";

/** A condition's tree as CEL. Of the structured form it takes what CEL has too: neither `contains` nor `exists`. */
export function cel(tree: Tree): string {
  if ("all" in tree) return `(${tree.all.map(cel).join(" && ")})`;
  if ("any" in tree) return `(${tree.any.map(cel).join(" || ")})`;
  if ("not" in tree) return `!(${cel(tree.not)})`;
  if ("text" in tree) return `(${tree.text})`;
  if ("has" in tree) return `has(${tree.has})`;
  if (!("if" in tree)) return celLeaf(tree);
  const [chosen, yes, no] = tree.if.map(cel);
  return `(${chosen} ? ${yes} : ${no})`;
}

const BETWEEN: Readonly<Record<string, string>> = {
  eq: "==",
  neq: "!=",
  in: "in",
  lt: "<",
  lte: "<=",
  gt: ">",
  gte: ">=",
};

const METHODS: Readonly<Record<string, string>> = {
  matches: "matches",
  starts_with: "startsWith",
  ends_with: "endsWith",
};

function celLeaf({ path, ...operators }: Leaf): string {
  const [operator, value] = Object.entries(operators)[0] ?? ["nothing", null];
  const literal = JSON.stringify(value);
  if (operator === "nin") return `!(${path} in ${literal})`;
  if (METHODS[operator] !== undefined) return `${path}.${METHODS[operator]}(${literal})`;
  if (BETWEEN[operator] !== undefined) return `${path} ${BETWEEN[operator]} ${literal}`;
  throw new Error(`CEL has no ${operator}`);
}

/** An expression of a compute as CEL. */
export function celTerm(term: Term): string {
  if ("path" in term) return term.path;
  if ("value" in term) return JSON.stringify(term.value);
  const [a, b] = term.of.map(celTerm);
  return term.call === "+" ? `(${a} + ${b})` : `${term.call}(${a}, ${b})`;
}

/**
 * The text that the engine loads: JSON, which is YAML.
 * @param broader where the broader documents are found, broadest first
 */
export function print({ rules = [], ...document }: Document, broader: readonly string[] = []): string {
  const printed = rules.map(({ when, compute, ...rule }) => ({
    ...rule,
    ...(when === undefined ? {} : { when: printCondition(when) }),
    ...(compute === undefined ? {} : { compute: printCompute(compute) }),
  }));
  const above = broader.length === 0 ? {} : { extends: broader };
  return JSON.stringify({ leash: 1, ...above, ...document, rules: printed });
}

function printCondition(condition: Condition): unknown {
  return typeof condition === "object" && "cel" in condition ? cel(condition.cel) : condition;
}

function printCompute({ set, ...rest }: Compute): unknown {
  if (set === undefined) return rest;
  const members = Object.entries(set).map(([path, value]): [string, Json] => [
    path,
    typeof value === "object" ? celTerm(value.cel) : value,
  ]);
  return { ...rest, set: Object.fromEntries(members) };
}
