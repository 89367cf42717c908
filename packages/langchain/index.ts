/**
 * Leashkit for LangChain and LangGraph.
 * @packageDocumentation
 */
export { wrapTool, wrapTools } from "./wrap.ts";
export type { PauseMode, WrapOptions } from "./options.ts";
export type { LeashInterrupt, PendingNotice } from "./pause.ts";
export { refusalOf, type RefusalArtifact } from "./refusal.ts";
