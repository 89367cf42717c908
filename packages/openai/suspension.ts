import { LeashError } from "@leashkit/core";
import { isObject, own, text } from "./items.ts";

/** One call of a suspended turn: the item as it came, and what cannot be seen from it. */
export interface SuspendedCall {
  readonly item: object;
  /** Why it is refused, where that was found beside the item. */
  readonly problem?: string;
  /** What the model reads of a tool that threw. It is not tried again. */
  readonly failure?: string;
}

/**
 * A turn that waits for people, as plain JSON. It holds the arguments of its calls, so keep it where you keep the conversation.
 * It carries no authority: whatever is changed in it, the calls it names are decided as if they were proposed now, and leave is
 * read from the leash's own store.
 */
export interface Suspension {
  readonly v: 1;
  readonly kind: "leashkit.openai.suspension";
  readonly scope: string;
  readonly calls: readonly SuspendedCall[];
  /** Refs of the approvals it waits for. */
  readonly refs: readonly string[];
}

const KIND = "leashkit.openai.suspension";

export function suspend(scope: string, calls: readonly SuspendedCall[], refs: readonly string[]): Suspension {
  const suspension: Suspension = { v: 1, kind: KIND, scope, calls, refs };
  // A copy: what the caller keeps must not change with the conversation's own items.
  return JSON.parse(JSON.stringify(suspension)) as Suspension;
}

/**
 * Reads back what `suspend` made.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for anything else, other versions included.
 */
export function readSuspension(value: unknown): Suspension {
  if (own(value, "kind") !== KIND) throw foreign("it is neither a list of items nor a suspension of this package");
  if (own(value, "v") !== 1) throw foreign("it is a suspension of another version of this package");
  const [scope, calls, refs] = [text(own(value, "scope")), own(value, "calls"), own(value, "refs")];
  if (scope === undefined || !isListOf(calls, isSuspendedCall) || !isListOf(refs, isText)) {
    throw foreign("the suspension is damaged");
  }
  return { v: 1, kind: KIND, scope, calls, refs };
}

function isSuspendedCall(value: unknown): value is SuspendedCall {
  return isObject(own(value, "item")) && isOptionalText(own(value, "problem")) && isOptionalText(own(value, "failure"));
}

function isListOf<T>(value: unknown, is: (element: unknown) => element is T): value is readonly T[] {
  return Array.isArray(value) && value.every(is);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isOptionalText(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}

function foreign(problem: string): LeashError {
  return new LeashError(
    "LEASH_CONFIG_INVALID",
    `The turn was not run: ${problem}. Pass the model's items, or the suspension as it was given.`,
  );
}
