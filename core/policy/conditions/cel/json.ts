import { type CelValue, isCelList, isCelMap, isCelUint } from "@bufbuild/cel";
import type { Json } from "../../../model/json.ts";
import { isList } from "../closures/values.ts";

/** Levels of lists and maps in a computed value; sealed input has at most 64. */
const DEEPEST = 100;

/** What CEL gives as JSON: ints and uints become numbers. Undefined for what JSON has not. */
export function jsonOf(value: CelValue | undefined, depth = 0): Json | undefined {
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth > DEEPEST) return undefined;
  if (isCelUint(value)) return Number(value.value);
  if (isCelList(value)) return listOf(value, (element) => jsonOf(element, depth + 1));
  return isCelMap(value) ? mapOf(value, (member) => jsonOf(member, depth + 1)) : undefined;
}

/** The value, if a call's input could hold it: no number beyond 2^53-1, no infinity. */
export function settled(value: Json | undefined, depth = 0): Json | undefined {
  if (typeof value === "number") {
    if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) return undefined;
    return value === 0 ? 0 : value;
  }
  if (typeof value !== "object" || value === null) return value;
  if (depth > DEEPEST) return undefined;
  if (isList(value)) return listOf(value, (element) => settled(element, depth + 1));
  return mapOf(Object.entries(value), (member) => settled(member, depth + 1));
}

function listOf<T>(elements: Iterable<T>, make: (element: T) => Json | undefined): Json | undefined {
  const list: Json[] = [];
  for (const element of elements) {
    const made = make(element);
    if (made === undefined) return undefined;
    list.push(made);
  }
  return list;
}

function mapOf<T>(entries: Iterable<readonly [unknown, T]>, make: (member: T) => Json | undefined): Json | undefined {
  const members = new Map<string, Json>();
  for (const [name, member] of entries) {
    const made = make(member);
    if (typeof name !== "string" || made === undefined) return undefined;
    members.set(name, made);
  }
  return Object.fromEntries(members);
}
