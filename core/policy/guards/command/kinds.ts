import type { Kind } from "./grammar.ts";
import { isHarmlessAwk, isHarmlessJq, isHarmlessSed } from "./scripts.ts";

const NAME = /^[A-Za-z0-9_@][A-Za-z0-9_@.+/~^{},:-]*$/;
const PLAIN = /^[A-Za-z0-9_@][A-Za-z0-9_@.+/~^{},-]*$/;
const NUMBER = /^[+-]?[0-9]{1,18}(?:\.[0-9]{1,9})?[A-Za-z%]{0,3}$/;

/** Neither user names nor what URL tools expand themselves. */
const URL_TEXT = /^https?:\/\/[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:[/?#][A-Za-z0-9._~:/?#!$&'()*+,;=%@-]*)?$/i;

const CHECKS: { readonly [kind in Exclude<Kind, `=${string}`>]: (text: string) => boolean } = {
  text: () => true,
  path: () => true,
  name: (text) => NAME.test(text),
  plain: (text) => PLAIN.test(text),
  number: (text) => NUMBER.test(text),
  near: isNear,
  archive: (text) => isNear(text) && !text.includes(":"),
  glob: (text) => !text.startsWith("-"),
  url: (text) => URL_TEXT.test(text),
  format: (text) => text.startsWith("+"),
  sed: isHarmlessSed,
  awk: isHarmlessAwk,
  jq: isHarmlessJq,
};

/** True when a value or an operand is of its kind. */
export function isOfKind(kind: Kind, text: string): boolean {
  if (kind.startsWith("=")) return kind.slice(1).split("|").includes(text);
  // The type of the table leaves out exactly what the line above answers.
  return CHECKS[kind as keyof typeof CHECKS](text);
}

/**
 * True for a place below the working folder, none of whose names is hidden; `...` is Go's word for all that is below. Many
 * programs read further words from a file that is named as `@file`.
 */
export function isNear(text: string): boolean {
  if (text === "" || /^[/~@-]/.test(text) || text.includes("\\")) return false;
  return text.split("/").every((step) => step === "." || step === "..." || !step.startsWith("."));
}
