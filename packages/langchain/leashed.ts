import type { Gate } from "@leashkit/core";
import type { AgentMiddleware } from "langchain";
import { leashMiddleware, type LeashMiddlewareOptions } from "./middleware.ts";
import { wrapTools, type WrappedTools } from "./wrap.ts";

/** The parts of an agent's options that the guard touches. */
export interface LeashedParts<Tools, Middleware> {
  readonly tools: Tools;
  readonly middleware: Middleware;
}

/**
 * Wraps the tools and adds the middleware, last. Neither alone covers agents that nest: middleware does not reach the tools of
 * sub-agents, wrapping does not reach tools that other middleware brings along. Together they gate every call once.
 *
 * @throws {LeashError} as `wrapTools` and `leashMiddleware`.
 * @example
 * const agent = createAgent({ model, ...leashed({ tools: [search], middleware: [todoListMiddleware()], leash }) });
 */
export function leashed<
  const Tools extends readonly object[],
  const Middleware extends readonly AgentMiddleware[] = readonly [],
>(options: {
  readonly tools: Tools;
  readonly middleware?: Middleware;
  readonly leash: Gate;
  readonly options?: LeashMiddlewareOptions;
}): LeashedParts<WrappedTools<Tools>, [...Middleware, AgentMiddleware]> {
  const { onToolError: _onToolError, maxDenials: _maxDenials, ...wrapping } = options.options ?? {};
  const own = options.middleware ?? ([] as unknown as Middleware);
  return {
    tools: wrapTools(options.tools, options.leash, wrapping),
    middleware: [...own, leashMiddleware(options.leash, options.options)],
  };
}
