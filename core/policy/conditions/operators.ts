import type { Json } from "../../model/json.ts";
import { equality, membership, type Ordering, ordering } from "./closures/comparisons.ts";
import { not } from "./closures/logic.ts";
import { MAXIMUM_ELEMENTS, resetSteps, search } from "./closures/steps.ts";
import { constant, type Holds, type ReadValue, anyValue } from "./closures/terms.ts";
import { containsText } from "./closures/texts.ts";
import { isElement, isList } from "./closures/values.ts";
import type { Comparison } from "./made.ts";
import { compilePattern, matchBounded } from "./patterns/patterns.ts";

/** UTF-16 units of one text in the structured form. */
const LONGEST_TEXT = 4096;

/** UTF-16 units of a value that is shown to people. */
const LONGEST_SHOWN = 200;

/** One question about the value at a path. A value that is not there is unknown to all but `exists`. */
interface OperatorMeaning {
  /** What is wrong with the operand, or undefined. */
  readonly problem: (operand: Json) => string | undefined;
  /** @param read gives undefined where there is no value. */
  readonly holds: (read: ReadValue, operand: Json) => Holds;
  /** For people, close to CEL. */
  readonly shown: (path: string, operand: string) => string;
  /** CEL's comparison of the same meaning, where there is one. */
  readonly comparison?: Comparison["operator"];
}

function anything(operand: Json): string | undefined {
  const isTooLong = typeof operand === "string" && operand.length > LONGEST_TEXT;
  return isTooLong ? `takes a text of at most ${LONGEST_TEXT} characters` : undefined;
}

function aText(operand: Json): string | undefined {
  return typeof operand === "string" ? anything(operand) : "needs a text";
}

function aNumber(operand: Json): string | undefined {
  return typeof operand === "number" && Number.isFinite(operand) ? undefined : "needs a number";
}

function someValues(operand: Json): string | undefined {
  if (!isList(operand) || operand.length === 0) return "needs a list with at least one value";
  return operand.length > MAXIMUM_ELEMENTS ? `takes at most ${MAXIMUM_ELEMENTS} values` : undefined;
}

function aPattern(operand: Json): string | undefined {
  const problem = aText(operand);
  if (problem !== undefined || typeof operand !== "string") return problem;
  try {
    compilePattern(operand);
    return undefined;
  } catch (error) {
    return `needs a regular expression (RE2 syntax): ${error instanceof Error ? error.message.slice(0, LONGEST_SHOWN) : ""}`;
  }
}

function aFlag(operand: Json): string | undefined {
  return typeof operand === "boolean" ? undefined : "needs true or false";
}

const equals = (read: ReadValue, operand: Json): Holds => equality(anyValue(read), constant(operand));
const among = (read: ReadValue, operand: Json): Holds => membership(anyValue(read), constant(operand), false);

function ordered(operator: Ordering): OperatorMeaning {
  return {
    problem: aNumber,
    holds: (read, operand) => ordering(operator, anyValue(read), constant(operand)),
    shown: (path, operand) => `${path} ${operator} ${operand}`,
    comparison: operator,
  };
}

function onText(word: string, test: (text: string, operand: string) => boolean): OperatorMeaning {
  return {
    problem: aText,
    holds: (read, operand) => (call) => {
      const found = read(call);
      return typeof found === "string" && typeof operand === "string" ? test(found, operand) : undefined;
    },
    shown: (path, operand) => `${path}.${word}(${operand})`,
  };
}

const MEANINGS = {
  eq: { problem: anything, holds: equals, shown: (path, operand) => `${path} == ${operand}`, comparison: "==" },
  neq: {
    problem: anything,
    holds: (read, operand) => not(equals(read, operand)),
    shown: (path, operand) => `${path} != ${operand}`,
    comparison: "!=",
  },
  in: { problem: someValues, holds: among, shown: (path, operand) => `${path} in ${operand}`, comparison: "in" },
  nin: {
    problem: someValues,
    holds: (read, operand) => not(among(read, operand)),
    shown: (path, operand) => `!(${path} in ${operand})`,
  },
  lt: ordered("<"),
  lte: ordered("<="),
  gt: ordered(">"),
  gte: ordered(">="),
  matches: { problem: aPattern, holds: matching, shown: (path, operand) => `${path}.matches(${operand})` },
  starts_with: onText("startsWith", (text, start) => text.startsWith(start)),
  ends_with: onText("endsWith", (text, end) => text.endsWith(end)),
  contains: { problem: anything, holds: containing, shown: (path, operand) => `${path}.contains(${operand})` },
  exists: {
    problem: aFlag,
    holds: (read, operand) => (call) => (read(call) !== undefined) === operand,
    shown: (path, operand) => `${operand === "true" ? "" : "!"}has(${path})`,
  },
} as const satisfies Readonly<Record<string, OperatorMeaning>>;

export type Operator = keyof typeof MEANINGS;

/** The operators of the structured form. */
export const OPERATORS: readonly string[] = Object.keys(MEANINGS);

export function isOperator(word: string): word is Operator {
  return Object.hasOwn(MEANINGS, word);
}

export function meaningOf(operator: Operator): OperatorMeaning {
  return MEANINGS[operator];
}

/** A value for people, cut where it is long. */
export function shownValue(operand: Json): string {
  const text = JSON.stringify(operand);
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}

function matching(read: ReadValue, operand: Json): Holds {
  const matches = compilePattern(typeof operand === "string" ? operand : "");
  return (call) => {
    const text = read(call);
    if (typeof text !== "string") return undefined;
    resetSteps();
    return matchBounded(matches, text);
  };
}

/** A text in a text, or an element in a list. */
function containing(read: ReadValue, operand: Json): Holds {
  return (call) => {
    const found = read(call);
    resetSteps();
    if (isList(found)) return search(found.length) ? isElement(operand, found) : undefined;
    return typeof found === "string" && typeof operand === "string" ? containsText(found, operand) : undefined;
  };
}
