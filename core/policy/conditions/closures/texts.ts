import { readText } from "./steps.ts";

/** Up to this length the built-in search is at worst so many times slower than reading the text once. */
const SHORT_PART = 32;

/**
 * Whether a text contains another, in linear time; the built-in search takes quadratic time on texts made for that purpose.
 * Undefined where the condition has looked through too much already.
 */
export function containsText(text: string, part: string): boolean | undefined {
  if (!readText(text.length)) return undefined;
  return part.length <= SHORT_PART ? text.includes(part) : containsLong(text, part);
}

/** Knuth, Morris and Pratt: no character of the text is looked at again. */
function containsLong(text: string, part: string): boolean {
  if (part.length > text.length) return false;
  const borders = bordersOf(part);
  let matched = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    while (matched > 0 && part.charCodeAt(matched) !== unit) matched = borders[matched - 1] ?? 0;
    if (part.charCodeAt(matched) === unit) matched += 1;
    if (matched === part.length) return true;
  }
  return false;
}

/** For every prefix the length of its longest proper prefix that is also its suffix. */
function bordersOf(part: string): Uint32Array {
  const borders = new Uint32Array(part.length);
  let length = 0;
  for (let at = 1; at < part.length; at += 1) {
    const unit = part.charCodeAt(at);
    while (length > 0 && part.charCodeAt(length) !== unit) length = borders[length - 1] ?? 0;
    if (part.charCodeAt(length) === unit) length += 1;
    borders[at] = length;
  }
  return borders;
}
