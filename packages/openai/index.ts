/**
 * Leashkit for OpenAI-style loops: a policy before every call that a model makes through Chat Completions or Responses.
 * @packageDocumentation
 */
export { createInterceptor, type Interceptor, type RunOptions } from "./interceptor.ts";
export { normalise } from "./normalise.ts";
export type { Api, Call, Caller, CallKind } from "./call.ts";
export type { Handler, Handlers, InterceptorOptions, PauseMode, Registrations } from "./options.ts";
export type * from "./outputs.ts";
export { leashStatusTool, type ChatStatusTool, type ResponsesStatusTool } from "./status.ts";
export type { SuspendedCall, Suspension } from "./suspension.ts";
export type { PendingCall, Turn, Unanswerable } from "./turn.ts";
export { wrapTools, type WrapOptions, type Wrapped } from "./run-tools.ts";
export { assembleChat, type AssembledCall, type AssembledChat, type AssembledMessage } from "./chat-stream.ts";
export { assembleResponse, type AssembledResponse } from "./responses-stream.ts";
