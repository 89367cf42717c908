import { isLeashError, LeashDenied, LeashError, type Gate } from "@leashkit/core";
import { HumanMessage, ToolMessage } from "@langchain/core/messages";
import type { AgentMiddleware, WrapToolCallHook } from "langchain";
import { settingsOf, type WrapOptions } from "./options.ts";
import { isBubbleUp } from "./pause.ts";
import { refusalOf } from "./refusal.ts";
import { wrapTool } from "./wrap.ts";

export interface LeashMiddlewareOptions extends WrapOptions {
  /**
   * What becomes of an exception from a tool. With any `wrapToolCall` middleware in place createAgent lets it end the run;
   * `message` (default) gives it to the model instead, as without middleware, `throw` does not.
   */
  readonly onToolError?: "message" | "throw";
  /**
   * Ends the run at the next tool call once so many calls since the last human message were refused: a model that insists
   * would otherwise go on to the recursion limit. createAgent wraps the `LEASH_ABORTED` error: it is the `cause`. Default
   * unlimited.
   */
  readonly maxDenials?: number;
}

type Request = Parameters<WrapToolCallHook>[0];
type Handler = Parameters<WrapToolCallHook>[1];

/** createMiddleware's brand; it is a registered symbol, so that `langchain` need not be loaded for those who only wrap tools. */
const BRAND = Symbol.for("AgentMiddleware");

/**
 * Guards every tool call of a `createAgent` agent, also of tools that other middleware brings along, by swapping in the
 * guarded tool right before it is executed. Put it last in the array: a middleware after it could still change the call or the
 * tool. It does not reach the tools of sub-agents; `leashed` wraps both. Needs langchain 1.3 or newer.
 *
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for wrong options.
 * @example createAgent({ model, tools, middleware: [todoListMiddleware(), leashMiddleware(leash)] });
 */
export function leashMiddleware(leash: Gate, options: LeashMiddlewareOptions = {}): AgentMiddleware {
  const { onToolError = "message", maxDenials = Number.POSITIVE_INFINITY, ...wrapping } = options;
  checkOptions(onToolError, maxDenials);
  settingsOf(wrapping);
  const hook = async (request: Request, handler: Handler): Promise<Awaited<ReturnType<Handler>>> => {
    endAfter(maxDenials, request);
    const { tool } = request;
    if (tool === undefined) return unknownTool(request);
    const guarded = wrapTool(tool, leash, wrapping);
    try {
      return await handler({ ...request, tool: guarded });
    } catch (error) {
      if (onToolError === "throw" || isFatal(error, request)) throw error;
      return messageFor(request, `${String(error)}\n Please fix your mistakes.`);
    }
  };
  return { [BRAND]: true, name: "leashMiddleware", wrapToolCall: hook } as AgentMiddleware;
}

/** Never executed without the guard: a tool that is looked up behind this middleware's back would be. */
function unknownTool(request: Request): ToolMessage {
  return messageFor(request, `Error: ${request.toolCall.name} is not a valid tool.`);
}

/** What createAgent itself would not turn into a message, and what this package or its user wants seen. */
function isFatal(error: unknown, { runtime }: Request): boolean {
  if (isBubbleUp(error) || isLeashError(error) || runtime.signal?.aborted === true) return true;
  // Schema errors, which createAgent words itself.
  return error instanceof Error && "~brand" in error && error["~brand"] === "ToolInvocationError";
}

function messageFor({ toolCall }: Request, content: string): ToolMessage {
  return new ToolMessage({ status: "error", content, name: toolCall.name, tool_call_id: toolCall.id ?? "" });
}

function endAfter(maxDenials: number, { state }: Request): void {
  if (maxDenials === Number.POSITIVE_INFINITY) return;
  const turn = state.messages.slice(state.messages.findLastIndex((message) => HumanMessage.isInstance(message)) + 1);
  const denials = turn.map(refusalOf).filter((refusal) => refusal !== undefined && refusal.code !== "LEASH_PENDING");
  if (denials.length < maxDenials) return;
  throw new LeashDenied({
    code: "LEASH_ABORTED",
    reasonCode: "aborted",
    reason: `The run was ended: ${denials.length} of its tool calls were refused, and maxDenials is ${maxDenials}.`,
  });
}

function checkOptions(onToolError: unknown, maxDenials: number): void {
  const known = onToolError === "message" || onToolError === "throw";
  const counted = maxDenials === Number.POSITIVE_INFINITY || (Number.isSafeInteger(maxDenials) && maxDenials >= 1);
  if (known && counted) return;
  throw new LeashError(
    "LEASH_CONFIG_INVALID",
    'The options of leashMiddleware are wrong: onToolError is "message" or "throw", maxDenials a whole number of at least 1.',
  );
}
