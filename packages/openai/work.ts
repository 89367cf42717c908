import { canonicalText, LeashError, NoEffect, sealedText, type Json, type Permit, type Run } from "@leashkit/core";
import type { CallKind } from "./call.ts";
import type { Handler } from "./options.ts";
import { plain } from "./results.ts";

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
    const given = permit.mode === "observe" ? proposed : kind === "custom" ? (sealedText(input) ?? input) : input;
    // What type of input it takes is the handler's own promise.
    return plain(await handler(given as never, permit));
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
