import { createHmac } from "node:crypto";
import { canonicalText } from "../canonical.ts";
import type { Json, JsonObject } from "../model/json.ts";

/** What stands in the place of a value: who has the key can tell whether it is a certain one, and nobody can tell which it is. */
export type Blot = (value: Json) => JsonObject;

export function blotWith(key: Uint8Array): Blot {
  return (value) => ({
    redacted: createHmac("sha256", key)
      .update(`leashkit/redacted/1\n${canonicalText(value)}`)
      .digest("hex"),
  });
}

/** An input without what must not be written. */
export interface Redacted {
  readonly input: Json;
  /** The places that were met, as JSON pointers. Empty: the input is as it was. */
  readonly met: readonly string[];
  /** The values that stood there. */
  readonly values: readonly Json[];
}

/** True for an RFC 6901 pointer; here `*` stands for any member or element. */
export function isPointer(text: unknown): text is string {
  return typeof text === "string" && (text === "" || text.startsWith("/")) && !/~(?![01])/u.test(text);
}

/**
 * Replaces what the pointers name, and what stands in their way: a text, a number or a list where a member is named may hold it. A
 * pointer that cannot be read names everything. Nothing is written by mistake.
 */
export function redact(input: Json, pointers: readonly string[], blot: Blot): Redacted {
  const met: string[] = [];
  const values: Json[] = [];
  const take = (value: Json, path: string): Json => {
    met.push(path);
    values.push(value);
    return blot(value);
  };
  const walk = (value: Json, steps: readonly string[], path: string): Json => {
    const [step, ...rest] = steps;
    // What is blotted already has nothing inside.
    if (met.includes(path)) return value;
    if (step === undefined || isInTheWay(value, step)) return take(value, path);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) {
      return value.map((element: Json, index) =>
        step === "*" || step === String(index) ? walk(element, rest, `${path}/${index}`) : element,
      );
    }
    return fromEntries(
      Object.entries(value as JsonObject).map(([name, member]) => {
        const isNamed = step === "*" || step === name;
        return [name, isNamed ? walk(member, rest, `${path}/${escaped(name)}`) : member] as const;
      }),
    );
  };
  let redacted = input;
  for (const pointer of pointers) redacted = walk(redacted, stepsOf(pointer), "");
  return { input: redacted, met, values };
}

function isInTheWay(value: Json, step: string): boolean {
  if (Array.isArray(value)) return step !== "*" && !/^\d+$/u.test(step);
  return typeof value === "string" || typeof value === "number";
}

/** Own members only, also where one is called like a member of every object. */
function fromEntries(entries: readonly (readonly [string, Json])[]): JsonObject {
  return Object.fromEntries(entries);
}

function stepsOf(pointer: string): readonly string[] {
  if (!isPointer(pointer) || pointer === "") return [];
  return pointer.slice(1).split("/").map(unescaped);
}

const escaped = (name: string): string => name.replaceAll("~", "~0").replaceAll("/", "~1");
const unescaped = (step: string): string => step.replaceAll("~1", "/").replaceAll("~0", "~");

/** What an output is redacted with. */
export interface Pen {
  /** Into the output. */
  readonly pointers: readonly string[];
  /** Values of the input that were redacted. */
  readonly secret: readonly Json[];
  readonly blot: Blot;
}

/** Where a text may hold JSON, or quote some: an object or a list that is not empty, also as a text within a text. */
const QUOTES_JSON = /[{[]\s*\\*["{[]/u;

/**
 * An output without what its pointers name; blotted whole where the rest repeats that, or a secret of the input, and where one of
 * its texts may hold what they name.
 */
export function redactOutput(output: Json, { blot, pointers, secret }: Pen): { output: Json; redacted: boolean } {
  const { input: rest, met, values } = redact(output, pointers, blot);
  // Compared without the digests, whose digits are nobody's secret.
  const bare = met.length === 0 ? output : redact(output, pointers, () => ({})).input;
  const isQuoted = pointers.length > 0 && textsOf(bare).some((text) => QUOTES_JSON.test(text));
  if (isQuoted || repeats(JSON.stringify(bare), [...secret, ...values]))
    return { output: blot(output), redacted: true };
  return { output: rest, redacted: met.length > 0 };
}

/** True where a text holds one of the values, or a part of one. */
export function repeats(text: string, values: readonly Json[]): boolean {
  return values.some((value) => leavesOf(value).some((leaf) => leaf !== "" && text.includes(leaf)));
}

function textsOf(value: Json): readonly string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap((member: Json) => textsOf(member));
}

/** The texts in a value, as they stand in JSON. */
function leavesOf(value: Json): readonly string[] {
  if (typeof value === "string") return [JSON.stringify(value).slice(1, -1)];
  if (typeof value === "number") return [String(value)];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap((member: Json) => leavesOf(member));
}
