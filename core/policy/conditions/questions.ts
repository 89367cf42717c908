import type { Json } from "../../model/json.ts";
import { resetSteps } from "./closures/steps.ts";
import { matchesParts } from "./patterns/bounded-pattern.ts";
import { LONGEST_SUBJECT, matchBounded, type Pattern } from "./patterns/patterns.ts";
import { startsWith } from "./patterns/start.ts";
import { slotOf } from "./text-table.ts";

/** What a packed question asks of a member of the input. */
export const PACKED = {
  equals: 0,
  differs: 1,
  less: 2,
  atMost: 3,
  more: 4,
  atLeast: 5,
  amongFew: 6,
  amongTexts: 7,
  among: 8,
  startsWith: 9,
  matches: 10,
  startsAndMatches: 11,
} as const;

export type PackedOperator = (typeof PACKED)[keyof typeof PACKED];

/** What equality by identity compares rightly. */
export type Simple = string | number | boolean | null;

/** Plain values, of a text table also its numbers and empty slots; a set of them; patterns. */
export type PackedValue = Simple | undefined | ReadonlySet<Simple> | Pattern | RegExp;

/** One question about a member of the input itself, with fixed values: what most conditions consist of. */
export interface PackedTerm {
  readonly operator: PackedOperator;
  /** The member's number. */
  readonly member: number;
  readonly values: readonly PackedValue[];
}

/**
 * The answer to one question about a member: true, false, or undefined for unknown, as it is of a member that is not there.
 * @param values what holds the question's values, among others: from `first` up to, and not including, `end`.
 */
export function packedAnswer(
  operator: number,
  found: Json | undefined,
  values: readonly unknown[],
  first: number,
  end: number,
): boolean | undefined {
  if (found === undefined) return undefined;
  const value = values[first];
  switch (operator) {
    case PACKED.equals:
      return found === value;
    case PACKED.differs:
      return found !== value;
    case PACKED.less:
      return typeof found === "number" ? found < (value as number) : undefined;
    case PACKED.atMost:
      return typeof found === "number" ? found <= (value as number) : undefined;
    case PACKED.more:
      return typeof found === "number" ? found > (value as number) : undefined;
    case PACKED.atLeast:
      return typeof found === "number" ? found >= (value as number) : undefined;
    case PACKED.amongFew:
      return isOneOf(found, values, first, end);
    case PACKED.amongTexts:
      return typeof found === "string" && isInTable(found, values, first);
    case PACKED.among:
      return (value as ReadonlySet<unknown>).has(found);
    default:
      return typeof found === "string" ? textAnswer(operator, found, values, first) : undefined;
  }
}

function textAnswer(operator: number, text: string, values: readonly unknown[], first: number): boolean | undefined {
  const value = values[first];
  switch (operator) {
    case PACKED.startsWith:
      return startsWith(text, value as string);
    case PACKED.startsAndMatches:
      return matchesInParts(value as string, values[first + 1] as RegExp, text);
    case PACKED.matches:
      resetSteps();
      return matchBounded(value as Pattern, text);
    default:
      return undefined;
  }
}

function isOneOf(found: Json, values: readonly unknown[], first: number, end: number): boolean {
  for (let at = first; at < end; at += 1) if (values[at] === found) return true;
  return false;
}

function isInTable(text: string, values: readonly unknown[], first: number): boolean {
  return values[first + 2 + slotOf(text, values[first] as number, values[first + 1] as number)] === text;
}

/** As `matchBounded`: such a pattern reads each character a few times at most, and no step is counted. */
function matchesInParts(start: string, rest: RegExp, text: string): boolean | undefined {
  if (text.length > LONGEST_SUBJECT) return undefined;
  try {
    return matchesParts(start, rest, text);
  } catch {
    return undefined;
  }
}
