import { LeashError } from "../../errors.ts";
import type { Json } from "../../model/json.ts";
import { parseInputPath, valueAt } from "../language/paths.ts";
import { namesOf, type Reader } from "../readers.ts";

/**
 * The texts at a place of the input: a text, or a list of texts and nothing else. Undefined for whatever else stands there,
 * also for an empty list.
 */
export function textsAt(input: Json, steps: readonly string[]): readonly string[] | undefined {
  const value = valueAt(input, steps);
  if (typeof value === "string") return [value];
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const texts = value.filter((element) => typeof element === "string");
  return texts.length === value.length ? texts : undefined;
}

const inputPathText: Reader<string> = (node, report) => {
  const value = node.kind === "scalar" ? node.value : undefined;
  if (typeof value === "string" && parseInputPath(value) !== undefined) return value;
  report("bad_path", node.place, "a path names a member of the input", "for example input.path");
  return undefined;
};

/** Reads one path into the input, or a list of them, as written. */
export function inputPaths(what: string): Reader<readonly string[]> {
  const list = namesOf(what, inputPathText);
  return (node, report) => {
    if (node.kind === "list") return list(node, report);
    const only = inputPathText(node, report);
    return only === undefined ? undefined : [only];
  };
}

/**
 * The steps of each path of an option.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` where there is none, or one is no path into the input.
 */
export function stepsOf(what: string, paths: readonly string[]): readonly (readonly string[])[] {
  if (paths.length === 0) throw invalidOption(what, "it names no place of the input");
  return paths.map((path) => {
    const steps = parseInputPath(path);
    if (steps === undefined) throw invalidOption(what, `${JSON.stringify(path)} is no path such as input.path`);
    return steps;
  });
}

export function invalidOption(what: string, problem: string): LeashError {
  return new LeashError("LEASH_CONFIG_INVALID", `The option ${what} of a guard is wrong: ${problem}.`);
}
