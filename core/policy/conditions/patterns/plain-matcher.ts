import { type Characters, type Choice, type Item, readPlainPattern } from "./plain-pattern.ts";

/** Says whether a text holds a match. */
export type Matcher = (text: string) => boolean;

/** Letters of a fixed end: what is searched for must be short, so that searching takes linear time. */
const LONGEST_TAIL = 64;

/** Texts that a pattern with groups may stand for. */
const MOST_TEXTS = 64;

/**
 * A matcher for patterns (RE2 syntax) that need no regular expression engine: fixed texts and alternatives, and kinds of
 * characters one after another where no choice is ever open. Undefined for every other pattern, and for what is no pattern.
 * It agrees with RE2 on every text, in linear time.
 * @example plainMatcher("^https://")?.("https://a.com") // true
 */
export function plainMatcher(pattern: string): Matcher | undefined {
  const plain = readPlainPattern(pattern);
  if (plain === undefined) return undefined;
  const { fromStart, toEnd } = plain;
  const texts = fixedTexts(plain.elements);
  if (texts !== undefined) return textMatcher(texts, fromStart, toEnd);
  if (!plain.elements.every(isItem)) return undefined;
  const items = withoutLooseEnds(plain.elements, fromStart, toEnd);
  if (!fromStart) return items.length === 1 && !toEnd ? anywhere(items[0]) : undefined;
  return framed(items, toEnd) ?? inSequence(items, toEnd);
}

function isItem(element: Item | Choice): element is Item {
  return "characters" in element;
}

/** The texts that letters and groups stand for; undefined where something else is among them. */
function fixedTexts(elements: readonly (Item | Choice)[]): readonly string[] | undefined {
  let texts: readonly string[] = [""];
  for (const element of elements) {
    const next = isItem(element) ? (element.letter === undefined ? [] : [element.letter]) : element.texts;
    if (next.length === 0 || texts.length * next.length > MOST_TEXTS) return undefined;
    texts = texts.flatMap((text) => next.map((end) => text + end));
  }
  return texts;
}

function textMatcher(texts: readonly string[], fromStart: boolean, toEnd: boolean): Matcher {
  const [first = "", second] = texts;
  if (fromStart && toEnd) {
    const all = new Set(texts);
    return second === undefined ? (text) => text === first : (text) => all.has(text);
  }
  if (second !== undefined) {
    const matchers = texts.map((text) => textMatcher([text], fromStart, toEnd));
    return (text) => matchers.some((matches) => matches(text));
  }
  if (fromStart) return (text) => text.startsWith(first);
  return toEnd ? (text) => text.endsWith(first) : (text) => text.includes(first);
}

/** What may be absent at an open end asks for nothing there. */
function withoutLooseEnds(items: readonly Item[], fromStart: boolean, toEnd: boolean): readonly Item[] {
  const first = fromStart ? 0 : items.findIndex(({ least }) => least > 0);
  const last = toEnd ? items.length - 1 : items.findLastIndex(({ least }) => least > 0);
  return first === -1 ? [] : items.slice(first, last + 1);
}

/** One kind of character, anywhere. */
function anywhere(item: Item | undefined): Matcher | undefined {
  if (item === undefined || item.least !== 1) return undefined;
  const { characters } = item;
  return (text) => {
    for (let at = 0; at < text.length; at += 1) if (belongs(characters, text.charCodeAt(at))) return true;
    return false;
  };
}

/** A fixed start, any number of one kind of character, a fixed end: `^https://.*\.example\.com`. */
function framed(items: readonly Item[], toEnd: boolean): Matcher | undefined {
  const open = items.findIndex(({ letter }) => letter === undefined);
  const item = items[open];
  if (item === undefined || item.most !== Number.POSITIVE_INFINITY || item.least > 1) return undefined;
  const [head, tail] = [items.slice(0, open), items.slice(open + 1)].map((letters) =>
    letters.every(({ letter }) => letter !== undefined) ? letters.map(({ letter }) => letter).join("") : undefined,
  );
  if (head === undefined || tail === undefined || tail.length > LONGEST_TAIL) return undefined;
  const { characters, least } = item;
  const from = head.length + least;
  return (text) => {
    if (!text.startsWith(head)) return false;
    // The first place is the best: between it and the start stands least.
    const end = toEnd ? text.length - tail.length : text.indexOf(tail, from);
    if (end < from || (toEnd && !text.endsWith(tail))) return false;
    for (let at = head.length; at < end; at += 1) if (!belongs(characters, text.charCodeAt(at))) return false;
    return true;
  };
}

/**
 * Kinds of characters in a row, each taken as often as it can be. Right exactly where what one kind takes could not be meant
 * by what follows; else undefined.
 */
function inSequence(items: readonly Item[], toEnd: boolean): Matcher | undefined {
  if (!items.every((item, index) => isSettled(item, items.slice(index + 1)))) return undefined;
  return (text) => {
    let at = 0;
    for (const { characters, least, most } of items) {
      let taken = 0;
      while (taken < most && at < text.length && belongs(characters, text.charCodeAt(at))) {
        taken += 1;
        at += 1;
      }
      if (taken < least) return false;
    }
    return !toEnd || at === text.length;
  };
}

function isSettled({ characters, least, most }: Item, following: readonly Item[]): boolean {
  // Beyond ASCII one character may be two UTF-16 units, which must not be counted one by one.
  if (characters.beyond && (most !== Number.POSITIVE_INFINITY || least > 1)) return false;
  if (least === most) return true;
  for (const next of following) {
    if (overlap(characters, next.characters)) return false;
    if (next.least > 0) return true;
  }
  return true;
}

function overlap(a: Characters, b: Characters): boolean {
  return (a.beyond && b.beyond) || a.ascii.some((member, code) => member === 1 && b.ascii[code] === 1);
}

function belongs({ ascii, beyond }: Characters, unit: number): boolean {
  return unit < ascii.length ? ascii[unit] === 1 : beyond;
}
