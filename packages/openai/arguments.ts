import { isLeashError, parseStrictJson } from "@leashkit/core";
import { isObject } from "./members.ts";

/** `input` is what a lenient program would have read beside the problem: observe mode runs what would have run without a gate. */
export interface Parsed {
  readonly input: unknown;
  readonly problem: string | undefined;
}

/**
 * Reads the arguments of a function or MCP call. Text is read as strictly as `parseStrictJson` does: no duplicate names, no
 * `__proto__`, nothing behind the value, no integers that lose digits. Empty or missing arguments mean `{}`, as local servers
 * send them for tools without parameters; a plain object, as other servers send it, is taken as it is.
 */
export function parseArguments(raw: unknown): Parsed {
  if (raw === undefined || raw === null || raw === "") return { input: {}, problem: undefined };
  if (typeof raw !== "string") return isPlain(raw) ? { input: raw, problem: undefined } : notAnObject(raw);
  try {
    const input = parseStrictJson(raw);
    return isObject(input) ? { input, problem: undefined } : notAnObject(input);
  } catch (error) {
    return { input: parseLeniently(raw), problem: problemOf(error) };
  }
}

function isPlain(value: unknown): boolean {
  if (!isObject(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function notAnObject(input: unknown): Parsed {
  return { input, problem: "the arguments are not an object" };
}

function parseLeniently(raw: string): unknown {
  try {
    return JSON.parse(raw) as unknown;
  } catch {
    return undefined;
  }
}

/** The strict reader names rules and offsets and never quotes the text. */
function problemOf(error: unknown): string {
  if (!isLeashError(error, "LEASH_INPUT_INVALID")) return "the arguments could not be read";
  return error.message
    .replace(/^The JSON text was refused: /u, "the arguments are not strict JSON: ")
    .replace(/\.$/u, "");
}
