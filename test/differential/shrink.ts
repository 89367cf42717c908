import type { Json } from "../../core/model/json.ts";

/** Member names and indexes, outermost first. */
export type Path = readonly (string | number)[];

/** Every place below a value, outer before inner. */
function places(value: Json, at: Path = []): readonly Path[] {
  if (typeof value !== "object" || value === null) return [];
  const steps: readonly (string | number)[] = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return steps.flatMap((step) => [[...at, step], ...places(memberOf(value, step), [...at, step])]);
}

function memberOf(value: Json, step: string | number): Json {
  return (Reflect.get(Object(value), step) as Json | undefined) ?? null;
}

/** The value with another one at a place, or with nothing there. */
function replaced(value: Json, [step, ...rest]: Path, by: Json | undefined): Json {
  if (step === undefined) return by ?? null;
  const inner = rest.length === 0 ? by : replaced(memberOf(value, step), rest, by);
  if (Array.isArray(value))
    return value.flatMap((item: Json, index) => (index !== step ? [item] : inner === undefined ? [] : [inner]));
  const members = Object.entries(Object(value) as Readonly<Record<string, Json>>);
  return Object.fromEntries(
    members.flatMap(([name, item]) => (name !== step ? [[name, item]] : inner === undefined ? [] : [[name, inner]])),
  );
}

/** Steps below which a part may stand for the whole: conditions and expressions are trees. */
const TREES: readonly unknown[] = ["when", "set"];

/** Smaller forms of a case: without something, or with a part of a tree in the tree's stead. What `needed` says stays. */
function* smaller(value: Json, isNeeded: (place: Path) => boolean): Generator<Json> {
  for (const place of places(value)) {
    if (!isNeeded(place)) yield replaced(value, place, undefined);
    if (!place.some((step) => TREES.includes(step))) continue;
    const there = place.reduce(memberOf, value);
    for (const inner of places(there))
      if (inner.length <= 2) yield replaced(value, place, inner.reduce(memberOf, there));
  }
}

/**
 * A smaller case that is still bad, by dropping whatever can be dropped, greedily.
 * @param isNeeded places without which a case is no case
 * @param isBad false also for what cannot be judged
 */
export function shrink<Case extends object>(
  found: Case,
  isNeeded: (place: Path) => boolean,
  isBad: (candidate: Case) => boolean,
): Case {
  for (const candidate of smaller(JSON.parse(JSON.stringify(found)) as Json, isNeeded)) {
    if (isBad(candidate as unknown as Case)) return shrink(candidate as unknown as Case, isNeeded, isBad);
  }
  return found;
}
