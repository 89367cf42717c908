import type { Json } from "../../model/json.ts";
import { every, not as negated, some } from "./closures/logic.ts";
import { pathReader } from "./closures/terms.ts";
import { type Condition, makeCondition } from "./made.ts";
import { meaningOf, type Operator, shownValue } from "./operators.ts";

/** A condition that is the same for every call. */
export function always(held: boolean): Condition {
  return plain(String(held), () => held);
}

function plain(source: string, holds: Condition["holds"], comparisons: Condition["comparisons"] = []): Condition {
  return makeCondition({
    holds,
    source,
    compiled: true,
    parts: () => [{ source, holds }],
    comparisons: () => comparisons,
  });
}

/** True where all are, false where one is false, else unknown. Without any: always true. */
export function allOf(conditions: readonly Condition[]): Condition {
  const [only, second] = conditions;
  if (only === undefined) return always(true);
  if (second === undefined) return only;
  return makeCondition({
    holds: every(holdsOfAll(conditions)),
    source: conditions.map(({ source }) => bracketed(source)).join(" && "),
    compiled: conditions.every(({ compiled }) => compiled),
    parts: () => conditions.flatMap(({ parts }) => parts),
    comparisons: () => conditions.flatMap(({ comparisons }) => comparisons),
  });
}

/** True where one is, false where all are false, else unknown. Without any: always false. */
export function anyOf(conditions: readonly Condition[]): Condition {
  const [only, second] = conditions;
  if (only === undefined) return always(false);
  if (second === undefined) return only;
  return whole(conditions.map(({ source }) => source).join(" || "), some(holdsOfAll(conditions)), conditions);
}

/** The contrary; unknown stays unknown. */
export function not(condition: Condition): Condition {
  return whole(`!(${condition.source})`, negated(condition.holds), [condition]);
}

function holdsOfAll(conditions: readonly Condition[]): readonly Condition["holds"][] {
  return conditions.map(({ holds }) => holds);
}

/** A condition that is one part, whatever it is made of. */
function whole(source: string, holds: Condition["holds"], inner: readonly Condition[]): Condition {
  return makeCondition({
    holds,
    source,
    compiled: inner.every(({ compiled }) => compiled),
    parts: () => [{ source, holds }],
    comparisons: () => inner.flatMap(({ comparisons }) => comparisons),
  });
}

/** What binds less than `&&` needs brackets beside one. */
function bracketed(source: string): string {
  return source.includes("||") || source.includes("?") ? `(${source})` : source;
}

/**
 * Asks the value at a path. A value that is not there is unknown to every operator but `exists`.
 * @param path the variable and the members below it, such as `["input", "amount"]`.
 * @throws Error for an operand that the operator does not take, and for what is no variable.
 * @example comparison(["input", "amount"], "lt", 5000)
 */
export function comparison(path: readonly string[], operator: Operator, operand: Json): Condition {
  const [variable = "", ...steps] = path;
  const read = pathReader({ variable, steps });
  const { problem, holds, shown, comparison: inCel } = meaningOf(operator);
  const wrong = read === undefined ? "needs a path" : problem(operand);
  if (read === undefined || wrong !== undefined) throw new Error(`\`${operator}\` ${wrong}`);
  const values = inCel === "in" && Array.isArray(operand) ? operand : [operand];
  return plain(
    shown(path.join("."), shownValue(operand)),
    holds(read, operand),
    inCel === undefined ? [] : [{ path, operator: inCel, values }],
  );
}
