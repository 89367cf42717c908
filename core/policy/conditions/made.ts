import type { Json } from "../../model/json.ts";
import type { Holds } from "./closures/terms.ts";
import type { PackedTerm } from "./questions.ts";

/** One of the conjuncts that a condition is made of. */
export interface Part {
  readonly source: string;
  readonly holds: Holds;
}

/** A comparison of something of the call with fixed values. */
export interface Comparison {
  /** A variable and the members below it: `["input", "amount"]`. */
  readonly path: readonly string[];
  readonly operator: "==" | "!=" | "<" | "<=" | ">" | ">=" | "in";
  /** One value; for `in` all of them. */
  readonly values: readonly Json[];
}

/** A condition ready to be asked. Pure and total: what goes wrong is unknown. */
export interface Condition {
  /** True, false, or undefined for *unknown* (an error, a missing member, a value that is no boolean). */
  readonly holds: Holds;
  /** The condition's text, for people. */
  readonly source: string;
  /** Its questions in a form that can be laid out flat; undefined for all but the plainest conditions. */
  readonly packed: readonly PackedTerm[] | undefined;
  /** False where CEL's library may have to evaluate it or a part of it, which takes microseconds. */
  readonly compiled: boolean;
  /** The operands of the outermost `&&`, or the condition itself. Made when first asked for. */
  readonly parts: readonly Part[];
  /** Every comparison with fixed values, wherever it stands in the condition. Made when first asked for. */
  readonly comparisons: readonly Comparison[];
}

/** What a condition is made of. */
export interface Making {
  readonly holds: Holds;
  readonly source: string;
  readonly compiled: boolean;
  readonly packed?: readonly PackedTerm[] | undefined;
  readonly parts: () => readonly Part[];
  readonly comparisons: () => readonly Comparison[];
}

export function makeCondition({ holds, source, compiled, packed, parts, comparisons }: Making): Condition {
  let knownParts: readonly Part[] | undefined;
  let knownComparisons: readonly Comparison[] | undefined;
  return Object.freeze<Condition>({
    holds,
    source,
    compiled,
    packed,
    get parts() {
      return (knownParts ??= Object.freeze(parts()));
    },
    get comparisons() {
      return (knownComparisons ??= Object.freeze(comparisons()));
    },
  });
}
