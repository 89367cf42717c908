import type { Json, JsonObject } from "../model/json.ts";

/** An input of which some values are not known, and which tells when one of them is looked at. */
export interface Trapped {
  readonly input: Json;
  /** True once somebody read a value that is not known. */
  looked(): boolean;
}

/** Puts a trap in the place of each value that was redacted: a decision that never reads one does not depend on it. */
export function trap(text: string, pointers: readonly string[]): Trapped {
  let isRead = false;
  // Canonical text of a sealed input, or of one with placeholders: JSON in any case.
  const input = JSON.parse(text) as Json;
  for (const pointer of pointers) {
    const steps = pointer.slice(1).split("/").map(unescaped);
    const last = pointer === "" ? undefined : steps.pop();
    const parent = last === undefined ? undefined : at(input, steps);
    if (last === undefined || parent === undefined) {
      // The whole input: whoever asks anything of it looks.
      isRead = true;
      continue;
    }
    const placeholder = parent[last];
    Object.defineProperty(parent, last, {
      enumerable: true,
      get() {
        isRead = true;
        return placeholder;
      },
    });
  }
  return { input, looked: () => isRead };
}

function at(value: Json, steps: readonly string[]): JsonObject | undefined {
  let found: Json | undefined = value;
  for (const step of steps) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, step)) return undefined;
    found = (found as JsonObject)[step];
  }
  // Elements of a list have names, too.
  return typeof found === "object" && found !== null ? (found as JsonObject) : undefined;
}

const unescaped = (step: string): string => step.replaceAll("~1", "/").replaceAll("~0", "~");
