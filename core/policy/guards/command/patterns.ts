import { foldCase } from "../paths/text.ts";
import type { Word } from "./line.ts";

/**
 * One name of a path, folded: text, or a pattern of UTF-16 codes and the three marks below. Names are compared without case,
 * because some file systems do.
 */
export type Step = string | Pattern;

export type Pattern = readonly number[];

/** Any characters; none of them a leading dot. */
const MANY = -1;
/** One character that is no leading dot. */
const ONE = -2;
/** What a substitution gives: anything. */
const ANY = -3;

/** The step of a part of a word, which holds no slash. */
export function stepOf(word: Word, from: number, to: number): Step {
  const text = word.text.slice(from, to);
  if (word.marks.size === 0) return foldCase(text);
  const symbols: number[] = [];
  let wild = false;
  let literals = 0;
  for (let at = from; at < to; at += 1) {
    const symbol = word.marks.has(at) ? markAt(word, at, to) : undefined;
    wild ||= symbol !== undefined;
    literals += symbol === undefined ? 1 : 0;
    if (literals > LONGEST_NAME) return foldCase(text);
    if (symbol === undefined) symbols.push(...codesOf(word.text[at] ?? ""));
    else symbols.push(symbol.mark);
    at = symbol?.last ?? at;
  }
  return wild ? symbols : foldCase(text);
}

/** What no file has more of in its name: a longer pattern meets nothing. */
const LONGEST_NAME = 255;

function codesOf(char: string): readonly number[] {
  return char
    .toLowerCase()
    .split("")
    .map((unit) => unit.charCodeAt(0));
}

/** A mark, and the last character that it stands for. A `[...]` is taken for anything, up to the last bracket. */
function markAt(word: Word, at: number, to: number): { readonly mark: number; readonly last: number } | undefined {
  switch (word.text[at]) {
    case "*":
      return { mark: MANY, last: at };
    case "?":
      return { mark: ONE, last: at };
    case "$":
      return { mark: ANY, last: at };
    case "[": {
      const end = word.text.lastIndexOf("]", to - 1);
      return end > at && word.marks.has(end) ? { mark: MANY, last: end } : undefined;
    }
    default:
      return undefined;
  }
}

export function isWild(step: Step | undefined): step is Pattern {
  return typeof step === "object";
}

/** True for a step that is nothing but wild characters. */
export function isAllWild(step: Step): boolean {
  return isWild(step) && step.every((symbol) => symbol < 0);
}

/** True for a pattern that starts with a character of its own, so that it names something in particular. */
export function startsLiterally(pattern: Pattern): boolean {
  return (pattern[0] ?? MANY) >= 0;
}

/** What stands behind the last wild character. */
export function literalEnd(pattern: Pattern): string {
  const from = pattern.findLastIndex((symbol) => symbol < 0) + 1;
  return String.fromCharCode(...pattern.slice(from));
}

/** Shells keep leading dots from wild characters. */
function hidesFrom(pattern: Pattern, name: string): boolean {
  return name.startsWith(".") && (pattern[0] === MANY || pattern[0] === ONE);
}

function isMany(symbol: number | undefined): boolean {
  return symbol === MANY || symbol === ANY;
}

function meets(symbol: number | undefined, code: number): boolean {
  return symbol === code || symbol === ONE;
}

/**
 * True when the step is the name, or a pattern that can meet it. Of several wild parts only the last is ever tried again.
 * @param dots true for a pattern that meets leading dots, too, as those of most programs do.
 */
export function couldBe(step: Step, name: string, dots = false): boolean {
  if (!isWild(step)) return step === name;
  if (!dots && hidesFrom(step, name)) return false;
  let [at, symbol, retryAt, retrySymbol] = [0, 0, 0, -1];
  while (at < name.length) {
    if (isMany(step[symbol])) {
      [retryAt, retrySymbol] = [at, symbol];
      symbol += 1;
    } else if (meets(step[symbol], name.charCodeAt(at))) {
      at += 1;
      symbol += 1;
    } else if (retrySymbol !== -1) {
      retryAt += 1;
      [at, symbol] = [retryAt, retrySymbol + 1];
    } else {
      return false;
    }
  }
  return step.slice(symbol).every(isMany);
}

/** True when the step, or a name that it can meet, starts like this. */
export function couldStartWith(step: Step, prefix: string): boolean {
  if (!isWild(step)) return step.startsWith(prefix);
  if (hidesFrom(step, prefix)) return false;
  for (let at = 0; at < prefix.length; at += 1) {
    if (isMany(step[at])) return true;
    if (!meets(step[at], prefix.charCodeAt(at))) return false;
  }
  return true;
}

/** True when the step, or a name that it can meet, ends like this. */
export function couldEndWith(step: Step, suffix: string): boolean {
  if (!isWild(step)) return step.endsWith(suffix);
  for (let back = 1; back <= suffix.length; back += 1) {
    const symbol = step.at(-back);
    if (isMany(symbol)) return true;
    if (!meets(symbol, suffix.charCodeAt(suffix.length - back))) return false;
  }
  return true;
}
