import type { BaseTool } from "@llamaindex/core/llms";
import type { ArgumentRules } from "./arguments.ts";
import type { Layer } from "./guard.ts";

/** How a tool's arguments are read, beside its own schema. */
export type Rules = Omit<ArgumentRules, "schema">;

/** What stands behind the view of a tool. */
export interface Guarded {
  readonly layer: Layer;
  /** The tool as it was passed in, for another gate that takes this one's place, and how it is read. */
  readonly tool: BaseTool;
  readonly rules: Rules;
}

const views = new WeakMap<object, Guarded>();
const guardedCalls = new WeakSet<object>();
const needNone = new WeakSet<object>();

/** Marks the view of a tool, whose `call` passes the gate. */
export function rememberGuarded(view: BaseTool, call: object, guarded: Guarded): void {
  views.set(view, guarded);
  guardedCalls.add(call);
}

/** Undefined for a bare tool. */
export function guardedOf(tool: object): Guarded | undefined {
  return views.get(tool);
}

/** The outermost gate before a tool, undefined for a bare one. */
export function layerOf(tool: object): Layer | undefined {
  return views.get(tool)?.layer;
}

/** True also for a copy or a proxy of a wrapped tool whose calls still pass the gate. */
export function isGuarded({ call }: BaseTool): boolean {
  return call !== undefined && guardedCalls.has(call);
}

/** For a tool that only reports: it is left as it is wherever tools are wrapped. */
export function leaveUnguarded<T extends object>(tool: T): T {
  needNone.add(tool);
  return tool;
}

export function needsNoGate(tool: object): boolean {
  return needNone.has(tool);
}
