import type { ToolConfig } from "./site.ts";

/**
 * LangGraph hands resume values to a task by position: the n-th `interrupt()` of an execution gets the n-th value. So a value
 * that woke this gate would, on the execution that finally runs the tool, answer a question that the tool itself asks. To keep
 * the two apart, the gate's pause always takes exactly position 0: earlier wake-ups are dropped, and the last one is consumed
 * before the tool runs. Where LangGraph's bookkeeping is not found, values simply stay where LangGraph puts them.
 */
interface Scratchpad {
  interruptCounter: number;
  readonly resume: unknown[];
  readonly nullResume?: unknown;
}

/** Forgets the wake-ups of this task so far, so that the next `interrupt()` takes position 0 again. */
export function dropWakeUps(config: ToolConfig): void {
  const pad = scratchpadOf(config);
  if (pad === undefined) return;
  pad.resume.length = 0;
  pad.interruptCounter = -1;
  const send: unknown = config.configurable?.["__pregel_send"];
  if (typeof send === "function") send([["__resume__", []]]);
}

/** True when the next `interrupt()` would return a value instead of pausing. */
export function hasWakeUp(config: ToolConfig): boolean {
  const pad = scratchpadOf(config);
  return pad !== undefined && (pad.resume.length > pad.interruptCounter + 1 || pad.nullResume !== undefined);
}

function scratchpadOf(config: ToolConfig): Scratchpad | undefined {
  const pad: unknown = config.configurable?.["__pregel_scratchpad"];
  if (typeof pad !== "object" || pad === null) return undefined;
  const known = "resume" in pad && Array.isArray(pad.resume) && "interruptCounter" in pad;
  return known && typeof pad.interruptCounter === "number" ? (pad as Scratchpad) : undefined;
}
