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
export { resumeWorkflow, runWorkflow, settledWorkflow } from "./run.ts";
export type { ResumeWorkflowOptions, RunWorkflowOptions } from "./run.ts";
export type { PendingCall, WorkflowRun } from "./live-run.ts";
export type { Suspension } from "./suspension.ts";
