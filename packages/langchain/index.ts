/**
 * Leashkit for LangChain and LangGraph.
 * @packageDocumentation
 */
export { wrapTool, wrapTools, type WrappedTools } from "./wrap.ts";
export type { PauseMode, WrapOptions } from "./options.ts";
export { leashMiddleware, type LeashMiddlewareOptions } from "./middleware.ts";
export { leashed, type LeashedParts } from "./leashed.ts";
export { leashedDeepAgent, type DeepAgentOptions, type DeepSubAgent, type LeashedDeepAgent } from "./deep-agent.ts";
export { leashStatusTool } from "./status.ts";
export { resumeLeash, type ResumableAgent, type ResumeOptions } from "./resume.ts";
export { LeashCallbackHandler, type CallbackOptions, type LeashEvent } from "./callbacks.ts";
export { refusalOf, type RefusalArtifact } from "./refusal.ts";
export type { LeashInterrupt, PendingNotice } from "./pause.ts";
