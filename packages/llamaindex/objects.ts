/** An object as JSON has it: no array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return isReference(value) && !Array.isArray(value);
}

/** Anything that is told apart from its equals. */
export function isReference(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
