import type { Json } from "../../model/json.ts";
import { isJsonObject } from "../../strict-json.ts";
import type { Reader } from "../readers.ts";

const INPUT_PATH = /^input(?:\.[A-Za-z_][A-Za-z0-9_-]*){1,16}$/;

/** The member names of `input.a.b`, outermost first; undefined for anything else. */
export function parseInputPath(path: string): readonly string[] | undefined {
  return INPUT_PATH.test(path) ? path.split(".").slice(1) : undefined;
}

/** Where in the input something stands, as `input.a.b`. */
export const inputPath: Reader<readonly string[]> = (node, report) => {
  const value = node.kind === "scalar" ? node.value : undefined;
  const steps = typeof value === "string" ? parseInputPath(value) : undefined;
  if (steps === undefined)
    report("bad_path", node.place, "a path names a member of the input", "for example input.merchant_domain");
  return steps;
};

/** The value at a path, by own members of objects only; undefined where there is none. */
export function valueAt(input: Json, steps: readonly string[]): Json | undefined {
  let value: Json | undefined = input;
  for (const step of steps) {
    if (!isJsonObject(value) || !Object.hasOwn(value, step)) return undefined;
    value = value[step];
  }
  return value;
}
