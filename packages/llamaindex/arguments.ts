import { isDeepStrictEqual } from "node:util";
import { argumentReader, type ArgumentReader, type ReadArguments } from "@leashkit/core";
import { isObject } from "./objects.ts";

export interface ArgumentRules {
  /** The tool's JSON Schema. zod from 4.2 leaves its own way to parse within the one that it makes. */
  readonly schema: unknown;
  /** Reads the arguments in the schema's place. */
  readonly parameters: unknown;
  /** True where the tool parses again, by a schema of its own, what it is run with. */
  readonly parsesAgain: boolean;
}

/**
 * How a tool's arguments are read before the policy looks. Refused are also those that could not be what the tool runs on: no
 * object, the text that LlamaIndex makes of malformed JSON, and what the tool's second parse would change.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for a schema that is none.
 */
export function toolArguments({ schema, parameters, parsesAgain }: ArgumentRules): ArgumentReader {
  const read = argumentReader(parameters ?? schema);
  return async (raw) => {
    if (isMalformed(raw, schema)) return problem("not valid JSON");
    const first = await read(raw);
    if (first.ok && parsesAgain) {
      const second = await read(first.input);
      const same = second.ok && isDeepStrictEqual(second.input, first.input);
      if (!same) return problem("the tool would change them once more");
    }
    return !first.ok || isObject(first.input) ? first : problem("not an object");
  };
}

/**
 * True for the JSON Schema of a zod before 4.2: it has lost refinements and transforms, and the tool will parse with them, unseen,
 * what the policy allowed.
 */
export function hidesItsRules(schema: unknown): boolean {
  return isObject(schema) && "$schema" in schema && !("~standard" in schema);
}

/** LlamaIndex puts arguments that it cannot parse under this name and calls the tool with them. */
function isMalformed(raw: unknown, schema: unknown): boolean {
  if (!isObject(raw) || typeof raw["rawInput"] !== "string" || Object.keys(raw).length !== 1) return false;
  const properties = isObject(schema) ? schema["properties"] : undefined;
  return !(isObject(properties) && Object.hasOwn(properties, "rawInput"));
}

function problem(text: string): ReadArguments {
  return { ok: false, problem: text };
}
