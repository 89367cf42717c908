import { interopSafeParse, isInteropZodSchema } from "@langchain/core/utils/types";

/**
 * The input with the defaults that a JSON schema states for missing members, also in nested objects. MCP servers fill them in
 * on their side; with this the policy and the person see them too. Zod schemas have filled in theirs while parsing.
 */
export function withDefaults(input: unknown, schema: unknown): unknown {
  return isInteropZodSchema(schema) ? input : fill(input, schema);
}

function fill(input: unknown, schema: unknown): unknown {
  const properties = isObject(schema) ? schema["properties"] : undefined;
  if (!isObject(properties) || !isObject(input)) return input;
  const filled = { ...input };
  for (const [name, property] of Object.entries(properties)) {
    if (!isObject(property) || name === "__proto__") continue;
    const value = Object.hasOwn(filled, name) ? filled[name] : undefined;
    const known = value === undefined ? property["default"] : value;
    if (known !== undefined) filled[name] = fill(known, property);
  }
  return filled;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** True for the schema that LangChain gives to tools of one text: it turns `{ input: text }` into the text. */
export function takesText(schema: unknown): boolean {
  return isInteropZodSchema(schema) && interopSafeParse(schema, { input: "text" }).data === "text";
}
