import { LeashError, type Gate } from "@leashkit/core";
import { isObject, own, text } from "./members.ts";

/** One call of a suspended turn: the item as it came, and what must not be found out anew. */
export interface SuspendedCall {
  readonly item: object;
  /** Why it was refused before any policy. */
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
  /** The session of the interceptor that made it. */
  readonly session: string | null;
  readonly calls: readonly SuspendedCall[];
  /** Refs of the approvals it waits for, at least one. */
  readonly refs: readonly string[];
}

const KIND = "leashkit.openai.suspension";

/** Where a suspension belongs. */
export interface Place {
  readonly scope: string | undefined;
  readonly session: string | undefined;
}

export function suspend(
  { scope = "", session }: Place,
  calls: readonly SuspendedCall[],
  refs: readonly string[],
): Suspension {
  return { v: 1, kind: KIND, scope, session: session ?? null, calls, refs };
}

/**
 * Reads back what `suspend` made.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for anything else, other versions included.
 */
export function readSuspension(value: unknown): Suspension {
  if (own(value, "kind") !== KIND) throw foreign("it is neither a list of items nor a suspension of this package");
  if (own(value, "v") !== 1) throw foreign("it is a suspension of another version of this package");
  const [scope, session] = [text(own(value, "scope")), own(value, "session")];
  const [calls, refs] = [own(value, "calls"), own(value, "refs")];
  const isWhole = scope !== undefined && (session === null || isText(session));
  if (!isWhole || !isListOf(calls, isSuspendedCall) || !isListOf(refs, isText) || refs.length === 0) {
    throw foreign("the suspension is damaged");
  }
  return { v: 1, kind: KIND, scope, session, calls, refs };
}

/**
 * What has run of a suspended turn is known only where it ran: elsewhere its calls would be new ones, and run again.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for a suspension of another scope, session, agent or state.
 */
export async function refuseMisrouted(gate: Gate, suspension: Suspension, here: Place): Promise<void> {
  const { scope, session, refs } = suspension;
  if (session !== (here.session ?? null)) throw foreign("it was suspended in another session");
  if (scope !== (here.scope ?? scope)) throw foreign("it was suspended under another scope");
  const waiting = await Promise.all(refs.map((ref) => gate.deferred(ref)));
  if (waiting.includes(undefined)) throw foreign("this agent asked for no such approval in this state");
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
  return value === undefined || isText(value);
}

/** Why a suspension is not taken up. */
export function foreign(problem: string): LeashError {
  return new LeashError(
    "LEASH_CONFIG_INVALID",
    `The turn was not run: ${problem}. Pass the model's items, or the suspension as it was given.`,
  );
}
