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

/** Replaces what the pointers name. A pointer that cannot be read names everything: nothing is written by mistake. */
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
    if (step === undefined) return met.includes(path) ? value : take(value, path);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) {
      return value.map((element: Json, index) =>
        step === "*" || step === String(index) ? walk(element, rest, `${path}/${index}`) : element,
      );
    }
    // What is blotted already has nothing inside.
    if (met.includes(path)) return value;
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

/** An output without what its pointers name; blotted whole where the rest repeats that, or a secret of the input. */
export function redactOutput(output: Json, { blot, pointers, secret }: Pen): { output: Json; redacted: boolean } {
  // A text can be JSON, or quote some: where its secrets stand in it nobody knows.
  if (typeof output === "string" && pointers.length > 0) return { output: blot(output), redacted: true };
  const { input: rest, met, values } = redact(output, pointers, blot);
  // Compared without the digests, whose digits are nobody's secret.
  const bare = met.length === 0 ? output : redact(output, pointers, () => ({})).input;
  if (repeats(JSON.stringify(bare), [...secret, ...values])) return { output: blot(output), redacted: true };
  return { output: rest, redacted: met.length > 0 };
}

/** True where a text holds one of the values, or a part of one. */
export function repeats(text: string, values: readonly Json[]): boolean {
  return values.some((value) => leavesOf(value).some((leaf) => leaf !== "" && text.includes(leaf)));
}

/** The texts in a value, as they stand in JSON. */
function leavesOf(value: Json): readonly string[] {
  if (typeof value === "string") return [JSON.stringify(value).slice(1, -1)];
  if (typeof value === "number") return [String(value)];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap((member: Json) => leavesOf(member));
}
