import { domainDigest } from "../digest.ts";
import type { Json } from "../model/json.ts";
import { isJsonObject } from "../strict-json.ts";

type Path = readonly string[];

/**
 * Digest of what two calls must have in common to be alike: the tool and the whole input, but for the places that may vary,
 * where only the type counts. A value that is missing there is a type of its own.
 */
export function shapeOf(tool: string, input: Json, vary: readonly Path[]): string {
  const varied = vary.map((path) => [path, typeAt(input, path)] as const);
  return domainDigest("leashkit/shape/1", { tool, varied, rest: vary.reduce<Json>(without, input) });
}

function typeAt(input: Json, path: Path): string {
  let value: Json | undefined = input;
  for (const name of path) value = isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  if (value === undefined) return "missing";
  if (value === null) return "null";
  return Array.isArray(value) ? "list" : typeof value;
}

function without(input: Json, [name = "", ...deeper]: Path): Json {
  if (!isJsonObject(input) || !Object.hasOwn(input, name)) return input;
  const { [name]: found = null, ...others } = input;
  return deeper.length === 0 ? others : { ...others, [name]: without(found, deeper) };
}
