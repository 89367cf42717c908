import type { Json } from "../../../model/json.ts";
import { search } from "./steps.ts";
import { type Holds, type ReadValue, readerOf, type Term } from "./terms.ts";
import { equal, isElement, isList, isMap } from "./values.ts";

export type Ordering = "<" | "<=" | ">" | ">=";

/** CEL's names of them. */
export const ORDERINGS: ReadonlyMap<string, Ordering> = new Map<string, Ordering>([
  ["_<_", "<"],
  ["_<=_", "<="],
  ["_>_", ">"],
  ["_>=_", ">="],
]);

/** The same comparison read from the right. */
export const MIRRORED: Readonly<Record<Ordering, Ordering>> = { "<": ">", "<=": ">=", ">": "<", ">=": "<=" };

type Scalar = number | string | boolean;

function isScalar(value: Json | undefined): value is Scalar {
  return typeof value === "number" || typeof value === "string" || typeof value === "boolean";
}

/** What equality by identity compares rightly. */
type Simple = Scalar | null;

function isSimple(value: Json | undefined): value is Simple {
  return value === null || isScalar(value);
}

/** Equality by type and value; two values of different types are not equal, which is no error. */
export function equality(left: Term, right: Term): Holds {
  if (left.kind === "constant" && right.kind !== "constant") return equality(right, left);
  const read = readerOf(left);
  if (right.kind === "constant" && isSimple(right.value)) return equalityTo(right.value, read);
  const readOther = readerOf(right);
  return (call) => {
    const found = read(call);
    return found === undefined ? undefined : equal(found, readOther(call));
  };
}

/** Apart by type, so that each closure compares values of one type only. */
function equalityTo(value: Simple, read: ReadValue): Holds {
  if (typeof value === "string") {
    return (call) => {
      const found = read(call);
      return typeof found === "string" ? found === value : found === undefined ? undefined : false;
    };
  }
  if (typeof value === "number") {
    return (call) => {
      const found = read(call);
      return typeof found === "number" ? found === value : found === undefined ? undefined : false;
    };
  }
  return (call) => {
    const found = read(call);
    return found === undefined ? undefined : found === value;
  };
}

const ORDERS: Readonly<Record<Ordering, (a: Scalar, b: Scalar) => boolean>> = {
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

/** Order of two numbers, two texts (by UTF-16 units) or two booleans; anything else is unknown. */
export function ordering(operator: Ordering, left: Term, right: Term): Holds {
  if (left.kind === "constant" && right.kind !== "constant") return ordering(MIRRORED[operator], right, left);
  const read = readerOf(left);
  if (right.kind === "constant" && typeof right.value === "number") return NUMBER_ORDERS[operator](read, right.value);
  const readOther = readerOf(right);
  const order = ORDERS[operator];
  return (call) => {
    const found = read(call);
    if (!isScalar(found)) return undefined;
    const other = readOther(call);
    return isScalar(other) && typeof found === typeof other ? order(found, other) : undefined;
  };
}

/** The commonest: a number against a fixed one. */
const NUMBER_ORDERS: Readonly<Record<Ordering, (read: ReadValue, limit: number) => Holds>> = {
  "<": (read, limit) => (call) => {
    const found = read(call);
    return typeof found === "number" ? found < limit : undefined;
  },
  "<=": (read, limit) => (call) => {
    const found = read(call);
    return typeof found === "number" ? found <= limit : undefined;
  },
  ">": (read, limit) => (call) => {
    const found = read(call);
    return typeof found === "number" ? found > limit : undefined;
  },
  ">=": (read, limit) => (call) => {
    const found = read(call);
    return typeof found === "number" ? found >= limit : undefined;
  },
};

/**
 * Whether a value is an element of a list (by equality) or a key of a map.
 * @param counted whether the list comes from the call and may be long.
 */
export function membership(value: Term, range: Term, counted: boolean): Holds {
  const read = readerOf(value);
  const fixed = range.kind === "constant" && isList(range.value) ? range.value.filter(isSimple) : undefined;
  if (fixed !== undefined && range.kind === "constant" && isList(range.value) && fixed.length === range.value.length) {
    return amongFixed(read, fixed);
  }
  return within(read, readerOf(range), counted);
}

function amongFixed(read: ReadValue, values: readonly Simple[]): Holds {
  const [a, b] = values;
  if (a !== undefined && values.length <= 2) {
    const second = b === undefined ? a : b;
    return (call) => {
      const found = read(call);
      return found === undefined ? undefined : found === a || found === second;
    };
  }
  const all: ReadonlySet<Json> = new Set<Json>(values);
  return (call) => {
    const found = read(call);
    return found === undefined ? undefined : all.has(found);
  };
}

function within(read: ReadValue, readRange: ReadValue, counted: boolean): Holds {
  return (call) => {
    const found = read(call);
    if (found === undefined) return undefined;
    const among = readRange(call);
    if (isList(among)) return counted && !search(among.length) ? undefined : isElement(found, among);
    if (!isMap(among) || !isScalar(found)) return undefined;
    return typeof found === "string" && Object.hasOwn(among, found);
  };
}
