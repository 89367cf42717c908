import type { CallLabels } from "@leashkit/core";

/** Which of the two APIs an item belongs to. */
export type Api = "chat" | "responses";

/** What a model can ask a program to do. `unknown` is a call of a kind that this version does not know: it never runs. */
export type CallKind =
  | "function"
  | "custom"
  | "shell"
  | "local_shell"
  | "apply_patch"
  | "computer"
  | "mcp_approval"
  | "unknown";

/** Where a call was made from, as the Responses API states it; an output must repeat it. */
export type Caller = { readonly type: "direct" } | { readonly type: "program"; readonly caller_id: string };

/** One call of either API in one form. */
export interface Call {
  readonly api: Api;
  readonly kind: CallKind;
  /** What the output must name; undefined where the item has none. */
  readonly id: string | undefined;
  /** The name under which the gate knows the tool. */
  readonly tool: string;
  /** What the policy looks at, before a schema has read it. Undefined where it could not be read. */
  readonly input: unknown;
  /** What is wrong with the item: such a call is refused. Names places and rules, never a value. */
  readonly problem: string | undefined;
  readonly caller: Caller | undefined;
  readonly labels: CallLabels;
  readonly item: object;
}

/** Ids of the tools that the Responses API builds in; the program that runs them is still the caller's own. */
export const BUILT_IN: Readonly<Record<string, CallKind>> = Object.freeze({
  shell: "shell",
  local_shell: "local_shell",
  apply_patch: "apply_patch",
  computer: "computer",
});

const faults = new WeakMap<object, string>();

/**
 * Notes what is wrong with an item that cannot be seen from the item alone, such as a stream that broke off. The note belongs
 * to this very object; a copy does not carry it.
 */
export function markFault<T extends object>(item: T, problem: string): T {
  if (!faults.has(item)) faults.set(item, problem);
  return item;
}

/** What was noted with `markFault`. */
export function faultOf(item: object): string | undefined {
  return faults.get(item);
}

/** A member of the value's own; undefined for anything inherited, so that no name reaches a prototype. */
export function own(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[key];
}

/** A text that is not empty. */
export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
