import { RE2JS } from "re2js";
import { type Matcher, plainMatcher } from "./plain-matcher.ts";
import { readText } from "../closures/steps.ts";

/** UTF-16 units of a text that is matched; whether a longer one matches is unknown. */
export const LONGEST_SUBJECT = 65_536;

/** Instructions of a compiled pattern: with the longest subject they bound what one match can cost. */
const LARGEST_PROGRAM = 2_000;

/** Patterns that are kept compiled; with more, the memory starts anew. */
const MOST_KEPT = 1_024;

const kept = new Map<string, Matcher>();

/**
 * Compiles a pattern in RE2 syntax: linear time on every text, no look-around, no back references. A text matches where some
 * part of it does; `^` and `$` stand for its ends.
 *
 * @throws Error where it is no such pattern, or one that is too large; the message is for the policy's author.
 */
export function compilePattern(pattern: string): Matcher {
  const known = kept.get(pattern);
  if (known !== undefined) return known;
  const made = plainMatcher(pattern) ?? engineMatcher(pattern);
  if (kept.size >= MOST_KEPT) kept.clear();
  kept.set(pattern, made);
  return made;
}

function engineMatcher(pattern: string): Matcher {
  const compiled = RE2JS.compile(pattern);
  if (compiled.programSize() > LARGEST_PROGRAM) throw new Error("the pattern is too large");
  return (text) => compiled.test(text);
}

/** Undefined for a text that is too long, or where the condition has looked through too much already. */
export function matchBounded(matches: Matcher, text: string): boolean | undefined {
  return text.length <= LONGEST_SUBJECT && readText(text.length) ? matches(text) : undefined;
}
