import {
  canonicalText,
  LeashError,
  NoEffect,
  sealedText,
  type Json,
  type Permit,
  type ResultCodec,
  type Run,
} from "@leashkit/core";
import { own, type CallKind } from "./items.ts";
import { invoke, type Handler } from "./options.ts";

/**
 * The work of a call. What a handler returns is taken as the plain JSON that the API would carry, so that a resumed turn answers
 * with the very same result.
 *
 * @param proposed the input as the model gave it: in observe mode the tool gets exactly this.
 */
export function workOf(kind: CallKind, handler: Handler | undefined, proposed?: unknown): Run<unknown> {
  if (kind === "mcp_approval") return (input, permit) => approveServerCall(input, permit, proposed);
  if (handler === undefined) return refuseWithoutHandler;
  return async (input, permit) => {
    const given =
      permit.mode === "observe" ? (proposed as Json) : kind === "custom" ? (sealedText(input) ?? input) : input;
    return plain(await invoke(handler, given, permit));
  };
}

/** An approved MCP call runs at the server with the arguments that the server already has: a computed form cannot reach it. */
function approveServerCall(input: Json, permit: Permit, proposed: unknown): true {
  if (permit.mode === "observe" || canonicalText(input) === canonicalText(proposed)) return true;
  throw new NoEffect(
    "The arguments may not go out as they stand, and a tool that runs at a server cannot be given others.",
  );
}

/** Only observe mode gets here: it does not refuse calls of tools that nobody offers. */
function refuseWithoutHandler(): never {
  throw new LeashError(
    "LEASH_TOOL_UNKNOWN",
    "There is no handler for this tool. Give createInterceptor one under its name.",
  );
}

/** A result as the plain JSON that the API would carry. */
export function plain(result: unknown): unknown {
  if (typeof result === "string") return result;
  try {
    const text = JSON.stringify(result) as string | undefined;
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return "The call ran. Its result cannot be shown: it has no JSON form.";
  }
}

/** Marks a result that is recorded as its text. */
const AS_TEXT = "leashkit.openai/1";

/**
 * Records results as they are, so that the log's digest of a result is the same through every adapter. What the journal does not
 * take (long integers, halves of characters, deep nesting) is recorded as its JSON text, which keeps it as the tool wrote it.
 */
export const RESULTS: ResultCodec<unknown> = Object.freeze({
  encode: (result: unknown) =>
    isStrict(result) && own(result, AS_TEXT) === undefined ? result : { [AS_TEXT]: JSON.stringify(result) },
  decode(recorded: Json) {
    const text = own(recorded, AS_TEXT);
    return typeof text === "string" ? (JSON.parse(text) as unknown) : recorded;
  },
});

function isStrict(result: unknown): result is Json {
  try {
    canonicalText(result);
    return true;
  } catch {
    return false;
  }
}
