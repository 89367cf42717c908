import { RE2JS } from "re2js";
import { readText } from "../closures/steps.ts";
import { boundedParts, matchesParts, type PatternParts } from "./bounded-pattern.ts";
import { type Matcher, plainMatcher } from "./plain-matcher.ts";

/** UTF-16 units of a text that is matched; whether a longer one matches is unknown. */
export const LONGEST_SUBJECT = 65_536;

/** Instructions of a compiled pattern. */
const LARGEST_PROGRAM = 2_000;

/** Patterns that are kept compiled; with more, the memory starts anew. */
const MOST_KEPT = 1_024;

/** A pattern ready to be matched. */
export interface Pattern {
  readonly matches: Matcher;
  /** Instructions that a match may need for each UTF-16 unit of the text. */
  readonly size: number;
  /** Where it is no more than this: the text with which every match begins, and what then matches right behind it. */
  readonly parts?: PatternParts;
}

const kept = new Map<string, Pattern>();

/**
 * Compiles a pattern in RE2 syntax: linear time on every text, no look-around, no back references. A text matches where some
 * part of it does; `^` and `$` stand for its ends.
 *
 * @throws Error where it is no such pattern, or one that is too large; the message is for the policy's author.
 */
export function compilePattern(pattern: string): Pattern {
  const known = kept.get(pattern);
  if (known !== undefined) return known;
  const made = quickPattern(pattern) ?? engineMatcher(pattern);
  if (kept.size >= MOST_KEPT) kept.clear();
  kept.set(pattern, made);
  return made;
}

function quickPattern(pattern: string): Pattern | undefined {
  const matches = plainMatcher(pattern);
  if (matches !== undefined) return { matches, size: 1 };
  const parts = boundedParts(pattern);
  if (parts === undefined) return undefined;
  const { start, rest } = parts;
  return { matches: (text) => matchesParts(start, rest, text), size: 1, parts };
}

function engineMatcher(pattern: string): Pattern {
  const compiled = RE2JS.compile(pattern);
  const size = compiled.programSize();
  if (size > LARGEST_PROGRAM) throw new Error("the pattern is too large");
  return { matches: (text) => compiled.test(text), size };
}

/** Undefined for a text that is too long for the pattern, or where the condition has looked through too much already. */
export function matchBounded({ matches, size }: Pattern, text: string): boolean | undefined {
  // What a match costs at worst. Only a large pattern on a long text reaches the bound of steps by itself.
  if (text.length > LONGEST_SUBJECT || !readText(text.length * size)) return undefined;
  try {
    return matches(text);
  } catch {
    return undefined;
  }
}
