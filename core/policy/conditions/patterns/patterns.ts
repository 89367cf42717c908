import { RE2JS } from "re2js";
import { readText } from "../closures/steps.ts";
import { type Matcher, plainMatcher } from "./plain-matcher.ts";

/** UTF-16 units of a text that is matched; whether a longer one matches is unknown. */
export const LONGEST_SUBJECT = 65_536;

/** Instructions of a compiled pattern. */
const LARGEST_PROGRAM = 2_000;

/**
 * Instructions times UTF-16 units of one match, which is what it costs at worst: some tenths of a second. Only a large pattern
 * on a long text reaches it, and whether they match is unknown.
 */
const MOST_WORK = 4_194_304;

/** Patterns that are kept compiled; with more, the memory starts anew. */
const MOST_KEPT = 1_024;

/** A pattern ready to be matched. */
export interface Pattern {
  readonly matches: Matcher;
  /** Instructions that a match may need for each UTF-16 unit of the text. */
  readonly size: number;
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
  const plain = plainMatcher(pattern);
  const made = plain === undefined ? engineMatcher(pattern) : { matches: plain, size: 1 };
  if (kept.size >= MOST_KEPT) kept.clear();
  kept.set(pattern, made);
  return made;
}

function engineMatcher(pattern: string): Pattern {
  const compiled = RE2JS.compile(pattern);
  const size = compiled.programSize();
  if (size > LARGEST_PROGRAM) throw new Error("the pattern is too large");
  return { matches: (text) => compiled.test(text), size };
}

/** Undefined for a text that is too long for the pattern, or where the condition has looked through too much already. */
export function matchBounded({ matches, size }: Pattern, text: string): boolean | undefined {
  const work = text.length * size;
  if (text.length > LONGEST_SUBJECT || work > MOST_WORK || !readText(work)) return undefined;
  try {
    return matches(text);
  } catch {
    return undefined;
  }
}
