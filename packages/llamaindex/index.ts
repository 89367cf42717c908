/**
 * Leashkit for LlamaIndex.
 * @packageDocumentation
 */
export { leashTool, wrapTools, type HoldsAgents, type WrappedTools } from "./wrap.ts";
export type { LeashToolOptions, PauseMode, WrapOptions } from "./options.ts";
export {
  leashedTool,
  type InputOf,
  type LeashedTool,
  type LeashedToolParts,
  type ToolParameters,
} from "./leashed-tool.ts";
export { leashed, toolsFrom, type LeashedMethod } from "./decorator.ts";
export { leashStatusTool } from "./status.ts";
