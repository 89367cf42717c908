import type { Json } from "../../../model/json.ts";
import { compilePattern, matchBounded } from "../patterns/patterns.ts";
import { boolean, type ReadValue, readerOf, type Term, anyValue } from "./terms.ts";
import { containsText } from "./texts.ts";
import { isList, isMap, memberOf, sizeOf } from "./values.ts";

/** `a[b]`: an element by whole number, a member by text; unknown for everything else. */
export function elementAt(container: ReadValue, index: ReadValue): Term {
  return anyValue((call) => {
    const from = container(call);
    if (from === undefined) return undefined;
    const at = index(call);
    if (typeof at === "string") return memberOf(from, at);
    return isList(from) && typeof at === "number" && Number.isInteger(at) ? from[at] : undefined;
  });
}

/** `has(a.b)`: whether a map has the member, be it null; unknown where `a` is no map. */
export function memberPresent(container: ReadValue, name: string): Term {
  return boolean((call) => {
    const from = container(call);
    return isMap(from) ? Object.hasOwn(from, name) : undefined;
  });
}

/** The same for a variable that a call may not have at all, which is no error. */
export function memberOfVariablePresent(container: ReadValue, name: string): Term {
  return boolean((call) => memberOf(container(call), name) !== undefined);
}

export function size(of: ReadValue): Term {
  return anyValue((call) => sizeOf(of(call)));
}

export function smaller(a: ReadValue, b: ReadValue): Term {
  return anyValue((call) => ofTwoNumbers(a(call), b(call), Math.min));
}

export function larger(a: ReadValue, b: ReadValue): Term {
  return anyValue((call) => ofTwoNumbers(a(call), b(call), Math.max));
}

function ofTwoNumbers(a: Json | undefined, b: Json | undefined, choose: (a: number, b: number) => number) {
  return typeof a === "number" && typeof b === "number" ? choose(a, b) : undefined;
}

/** What a text is asked about another: undefined where the condition has looked through too much. */
type TextTest = (text: string, other: string) => boolean | undefined;

const TEXT_TESTS: ReadonlyMap<string, TextTest> = new Map<string, TextTest>([
  ["startsWith", (text, start) => text.startsWith(start)],
  ["endsWith", (text, end) => text.endsWith(end)],
  ["contains", containsText],
]);

/** `text.startsWith(other)` and its like; undefined for a function that is none of them. */
export function textTest(name: string, subject: Term, other: Term): Term | undefined {
  const read = readerOf(subject);
  if (other.kind === "constant" && typeof other.value === "string") return fixedTextTest(name, read, other.value);
  const test = TEXT_TESTS.get(name);
  const readOther = readerOf(other);
  if (test === undefined) return undefined;
  return boolean((call) => {
    const text = read(call);
    if (text === undefined) return undefined;
    const part = readOther(call);
    return typeof text === "string" && typeof part === "string" ? test(text, part) : undefined;
  });
}

function fixedTextTest(name: string, read: ReadValue, fixed: string): Term | undefined {
  switch (name) {
    case "startsWith":
      return boolean((call) => {
        const text = read(call);
        return typeof text === "string" ? text.startsWith(fixed) : undefined;
      });
    case "endsWith":
      return boolean((call) => {
        const text = read(call);
        return typeof text === "string" ? text.endsWith(fixed) : undefined;
      });
    case "contains":
      return boolean((call) => {
        const text = read(call);
        return typeof text === "string" ? containsText(text, fixed) : undefined;
      });
    case "matches": {
      const matches = compilePattern(fixed);
      return boolean((call) => {
        const text = read(call);
        return typeof text === "string" ? matchBounded(matches, text) : undefined;
      });
    }
    default:
      return undefined;
  }
}
