import { canonicalText } from "../canonical.ts";
import type { Json } from "../model/json.ts";

/** The longest text of arguments or results in a span, in UTF-16 units. */
const MOST_CHARACTERS = 4_096;

const REDACTED = "[redacted]";

/**
 * Arguments or a result as a span may carry them: plain JSON, without what these JSON pointers name (`*` stands for every member),
 * cut at 4,096 characters. What is not plain JSON is told by its type alone.
 */
export function withoutRedacted(value: unknown, pointers: readonly string[]): string {
  let copy: Json;
  try {
    copy = JSON.parse(canonicalText(value)) as Json;
  } catch {
    return `[${typeof value}]`;
  }
  for (const pointer of pointers) copy = without(copy, segmentsOf(pointer));
  const text = JSON.stringify(copy);
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}

function segmentsOf(pointer: string): readonly string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function without(value: Json, [segment, ...rest]: readonly string[]): Json {
  if (segment === undefined) return REDACTED;
  if (typeof value !== "object" || value === null) return value;
  const meets = (name: string): boolean => segment === "*" || segment === name;
  if (Array.isArray(value)) return value.map((item: Json, at) => (meets(String(at)) ? without(item, rest) : item));
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, meets(name) ? without(member, rest) : member]),
  );
}
