import { isLeashError, LeashError } from "./errors.ts";

/** Bounds on a value before anything looks at it. */
export interface Limits {
  /** UTF-16 units of canonical text. Default 1,048,576. */
  readonly length: number;
  /** Nesting. Default 64. */
  readonly depth: number;
  /** Members and elements in total. Default 10,000. */
  readonly members: number;
}

export const DEFAULT_LIMITS: Limits = { length: 1_048_576, depth: 64, members: 10_000 };

interface Walk {
  readonly limits: Limits;
  readonly path: (string | number)[];
  length: number;
  members: number;
}

/**
 * RFC 8785 text of a strict, plain JSON value. Every property is read exactly once, so a value that answers differently on a
 * second look cannot show two faces; what later runs is parsed from this text.
 *
 * Refused: accessors, functions, symbols, class instances, `Date`, `Map`, sparse arrays, a `__proto__` member, NaN and
 * infinities, integers beyond 2^53-1, lone surrogates, cycles, anything over the limits. `undefined` members are dropped, -0 is 0.
 *
 * @throws {LeashError} `LEASH_INPUT_INVALID`; the message names the place, never the value.
 * @example canonicalText({ b: 1, a: [true, "x"] }) // {"a":[true,"x"],"b":1}
 */
export function canonicalText(value: unknown, limits?: Partial<Limits>): string {
  const within = limits === undefined ? DEFAULT_LIMITS : { ...DEFAULT_LIMITS, ...limits };
  const walk: Walk = { limits: within, path: [], length: 0, members: 0 };
  try {
    return write(value, walk);
  } catch (cause) {
    // A Proxy's traps may throw anything.
    if (isLeashError(cause)) throw cause;
    throw new LeashError("LEASH_INPUT_INVALID", "The input cannot be sealed: reading it failed. Pass plain JSON.", {
      cause,
    });
  }
}

function write(value: unknown, walk: Walk): string {
  switch (typeof value) {
    case "string":
      return writeString(value, walk);
    case "number":
      return count(writeNumber(value, walk), walk);
    case "boolean":
      return count(value ? "true" : "false", walk);
    case "object":
      if (value === null) return count("null", walk);
      return Array.isArray(value) ? writeArray(value, walk) : writeObject(value, walk);
    default:
      return refuse(walk, `a ${typeof value} is not JSON`);
  }
}

function writeNumber(value: number, walk: Walk): string {
  if (!Number.isFinite(value)) return refuse(walk, "a number is not finite");
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return refuse(walk, "an integer is beyond 2^53-1");
  return value === 0 ? "0" : String(value);
}

function writeString(value: string, walk: Walk): string {
  if (walk.length + value.length > walk.limits.length) return refuse(walk, "the value is too long");
  if (!value.isWellFormed()) return refuse(walk, "a string holds a lone surrogate");
  return count(JSON.stringify(value), walk);
}

function writeArray(value: readonly unknown[], walk: Walk): string {
  enter(walk);
  const size = value.length;
  walk.members += size;
  // Before the names are listed: listing a million of them is what an attacker wants.
  if (walk.members > walk.limits.members) refuse(walk, "there are too many members");
  const keys = Reflect.ownKeys(value);
  if (keys.length !== size + 1) refuse(walk, "an array is sparse or has extra members");
  let text = "[";
  for (let index = 0; index < size; index += 1) {
    walk.path.push(index);
    const element = readOnce(value, String(index), walk);
    if (element === undefined) refuse(walk, "an array element is undefined");
    text += index === 0 ? write(element, walk) : `,${write(element, walk)}`;
    walk.path.pop();
  }
  return `${text}${count("]", walk)}`;
}

function writeObject(value: object, walk: Walk): string {
  enter(walk);
  if (!isPlain(value)) refuse(walk, "an object is not plain (a class instance, Date, Map or the like)");
  let text = "{";
  for (const key of memberNames(value, walk)) {
    walk.path.push(key);
    if (key === "__proto__") refuse(walk, "a member is named __proto__");
    const member = readOnce(value, key, walk);
    if (member !== undefined) {
      text += text.length === 1 ? "" : ",";
      text += `${writeString(key, walk)}:${write(member, walk)}`;
    }
    walk.path.pop();
  }
  return `${text}${count("}", walk)}`;
}

function memberNames(value: object, walk: Walk): string[] {
  const names: string[] = [];
  for (const key of Reflect.ownKeys(value)) {
    if (typeof key !== "string") return refuse(walk, "a member's name is a symbol");
    names.push(key);
  }
  walk.members += names.length;
  if (walk.members > walk.limits.members) refuse(walk, "there are too many members");
  // RFC 8785 3.2.3 sorts by UTF-16 units, which is what the default order of JavaScript strings does.
  return names.sort();
}

/** Reads through the descriptor: an accessor is seen without being run, a Proxy answers once. */
function readOnce(value: object, key: string, walk: Walk): unknown {
  const descriptor = Reflect.getOwnPropertyDescriptor(value, key);
  if (descriptor === undefined || !("value" in descriptor))
    return refuse(walk, "a member is computed when read (an accessor)");
  if (!descriptor.enumerable) return refuse(walk, "a member is hidden (not enumerable)");
  return descriptor.value;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Reflect.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return true;
  // Object.prototype of another realm: at the end of its chain and owner of Object's own methods.
  return (
    typeof prototype === "object" &&
    Reflect.getPrototypeOf(prototype) === null &&
    Object.hasOwn(prototype, "isPrototypeOf")
  );
}

function enter(walk: Walk): void {
  walk.members += 1;
  if (walk.path.length >= walk.limits.depth) refuse(walk, "the value is nested too deeply");
  if (walk.members > walk.limits.members) refuse(walk, "there are too many members");
}

function count(text: string, walk: Walk): string {
  walk.length += text.length + 1;
  if (walk.length > walk.limits.length) refuse(walk, "the value is too long");
  return text;
}

function refuse(walk: Walk, problem: string): never {
  const place = JSON.stringify(
    walk.path
      .map((part) => `/${part}`)
      .join("")
      .slice(0, 120),
  );
  throw new LeashError("LEASH_INPUT_INVALID", `The input cannot be sealed: ${problem}, at ${place}. Pass plain JSON.`);
}
