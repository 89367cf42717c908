import type { Json, JsonObject } from "../../../model/json.ts";

/** Levels of lists and maps inside one another that are compared; sealed input has at most 64. */
const DEEPEST_COMPARISON = 100;

/** True for a JSON object, which CEL calls a map. */
export function isMap(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** An own member of a map; undefined for any other value. Inherited names such as `constructor` are not there. */
export function memberOf(value: Json | undefined, name: string): Json | undefined {
  return isMap(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/**
 * Equality as in CEL: by type and value, deep, without coercion; numbers by value, whether whole or not.
 * Undefined where one value is unknown or the nesting is too deep to tell.
 */
export function equal(a: Json | undefined, b: Json | undefined): boolean | undefined {
  if (a === undefined || b === undefined) return undefined;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  return equalDeep(a, b, 0);
}

function equalDeep(a: Json, b: Json, depth: number): boolean | undefined {
  if (depth > DEEPEST_COMPARISON) return undefined;
  if (isList(a)) return isList(b) && a.length === b.length ? everyPair(a, (index) => b[index], depth) : false;
  if (!isMap(a) || !isMap(b)) return a === b;
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length || !names.every((name) => Object.hasOwn(b, name))) return false;
  return everyPair(
    names.map((name) => a[name] ?? null),
    (index) => b[names[index] ?? ""],
    depth,
  );
}

function everyPair(
  values: readonly Json[],
  other: (index: number) => Json | undefined,
  depth: number,
): boolean | undefined {
  for (const [index, value] of values.entries()) {
    const held = equalDeep(value, other(index) ?? null, depth + 1);
    if (held !== true) return held;
  }
  return true;
}

/** Whether some element equals the value; unknown where none does and one cannot be told. */
export function isElement(value: Json, list: readonly Json[]): boolean | undefined {
  let known: boolean | undefined = false;
  for (const element of list) {
    const held = equal(element, value);
    if (held === true) return true;
    if (held === undefined) known = undefined;
  }
  return known;
}

/** Elements of a list, members of a map, or characters (code points) of a text; undefined for anything else. */
export function sizeOf(value: Json | undefined): number | undefined {
  if (typeof value === "string") return codePoints(value);
  if (isList(value)) return value.length;
  return isMap(value) ? Object.keys(value).length : undefined;
}

function codePoints(text: string): number {
  let count = text.length;
  for (let at = 1; at < text.length; at += 1) {
    if (isLow(text.charCodeAt(at)) && isHigh(text.charCodeAt(at - 1))) count -= 1;
  }
  return count;
}

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00;
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000;
