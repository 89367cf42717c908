import type { Place, Report } from "./issues.ts";
import { describe, type Located } from "./located.ts";
import { suggest } from "./suggest.ts";

/** Turns a located value into a meaning, or reports why it has none and gives undefined. */
export type Reader<T> = (node: Located, report: Report) => T | undefined;

/** The keys one block may have: adding a key to the language is adding an entry here and to the JSON Schema. */
export interface Shape<T> {
  /** What the block is, for messages: "a rule". */
  readonly what: string;
  readonly keys: { readonly [Key in keyof T]-?: Reader<Exclude<T[Key], undefined>> };
  readonly required?: readonly (keyof T & string)[];
  /** Keys of the language that this version does not read: refused by name, never ignored. */
  readonly later?: readonly string[];
}

/** Every key optional, and no key present without a value. */
export type Values<T> = { readonly [Key in keyof T]?: Exclude<T[Key], undefined> };

/** What a block said, and where each key stood. Keys that were absent or unreadable are absent. */
export interface Block<T> {
  readonly values: Values<T>;
  readonly place: Place;
  /** Where a key stands; the block's own place where the key is absent. */
  placeOf(key: keyof T & string): Place;
  /** True where the key stands, readable or not. */
  has(key: keyof T & string): boolean;
}

/** Reads a block of known keys strictly. Undefined only where it is no block at all. */
export function block<T>(shape: Shape<T>): Reader<Block<T>> {
  const { what, keys, required = [] } = shape;
  return (node, report) => {
    if (node.kind !== "map") {
      report("wrong_type", node.place, `${what} must be a block of keys, not ${describe(node)}`);
      return undefined;
    }
    const { members, place } = node;
    // Only keys of the shape come in here, and each value comes from the reader of its own key.
    const values: Record<string, unknown> = {};
    for (const [key, { keyPlace, value }] of members) {
      if (!isKeyOf(keys, key)) {
        refuseKey(key, keyPlace, shape, report);
        continue;
      }
      const meaning = keys[key](value, report);
      if (meaning !== undefined) values[key] = meaning;
    }
    for (const key of required) {
      if (!members.has(key)) report("missing_key", place, `${what} needs the key \`${key}\``);
    }
    return {
      values: values as Values<T>,
      place,
      placeOf: (key) => members.get(key)?.keyPlace ?? place,
      has: (key) => members.has(key),
    };
  };
}

/** Own keys only: this one comes from outside. */
function isKeyOf<T>(keys: Shape<T>["keys"], key: string): key is keyof T & string {
  return Object.hasOwn(keys, key);
}

function refuseKey<T>(key: string, place: Place, { what, keys, later }: Shape<T>, report: Report): void {
  if (later?.includes(key) === true) {
    report(
      "unsupported",
      place,
      `\`${key}\` is not supported by this version`,
      "remove it; nothing is ignored silently",
    );
    return;
  }
  report("unknown_key", place, `${what} has no key \`${key}\``, suggest(key, Object.keys(keys)));
}

/** Reads every element of a list; the first ones are read even where a later one is wrong. */
export function listOf<T>(what: string, element: Reader<T>): Reader<readonly T[]> {
  return (node, report) => {
    if (node.kind !== "list") {
      report("wrong_type", node.place, `${what} must be a list, not ${describe(node)}`);
      return undefined;
    }
    const found: T[] = [];
    for (const item of node.items) {
      const meaning = element(item, report);
      if (meaning !== undefined) found.push(meaning);
    }
    return found;
  };
}

/** A list with at least one element and without repetitions. */
export function namesOf(what: string, element: Reader<string>): Reader<readonly string[]> {
  const read = listOf(what, element);
  return (node, report) => {
    const names = read(node, report);
    if (names === undefined || node.kind !== "list") return undefined;
    if (node.items.length === 0) report("bad_value", node.place, `${what} must not be empty`);
    if (new Set(names).size !== names.length) report("duplicate", node.place, `${what} names something twice`);
    return names;
  };
}

/** A text that is not empty and not longer than `longest` UTF-16 units. */
export function text(what: string, longest: number): Reader<string> {
  return (node, report) => {
    if (node.kind !== "scalar" || typeof node.value !== "string") {
      report("wrong_type", node.place, `${what} must be a text, not ${describe(node)}`);
      return undefined;
    }
    if (node.value.trim() === "" || node.value.length > longest) {
      report("bad_value", node.place, `${what} must have 1 to ${longest} characters`);
      return undefined;
    }
    return node.value;
  };
}

/** A whole number between two bounds, both included. */
export function wholeNumber(what: string, least: number, most: number = Number.MAX_SAFE_INTEGER): Reader<number> {
  return (node, report) => {
    const value = node.kind === "scalar" ? node.value : undefined;
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most) return value;
    const bounds = most === Number.MAX_SAFE_INTEGER ? `at least ${least}` : `from ${least} to ${most}`;
    report("bad_value", node.place, `${what} must be a whole number ${bounds}, not ${describe(node)}`);
    return undefined;
  };
}

/** `true` or `false`. */
export function flag(what: string): Reader<boolean> {
  return (node, report) => {
    if (node.kind === "scalar" && typeof node.value === "boolean") return node.value;
    report("wrong_type", node.place, `${what} must be true or false, not ${describe(node)}`);
    return undefined;
  };
}

/** One of a few words, exactly as written. */
export function oneOf<Word extends string>(what: string, words: readonly Word[]): Reader<Word> {
  return (node, report) => {
    const value = node.kind === "scalar" ? node.value : undefined;
    const word = words.find((candidate) => candidate === value);
    if (word === undefined) {
      const hint = typeof value === "string" ? suggest(value, words) : undefined;
      report("bad_value", node.place, `${what} must be ${words.join(", ")}`, hint);
    }
    return word;
  };
}
