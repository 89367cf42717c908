import type { BaseTool } from "@llamaindex/core/llms";
import type { Layer } from "./guard.ts";

const layers = new WeakMap<object, Layer>();
const guardedCalls = new WeakSet<object>();
const needNone = new WeakSet<object>();

/** Marks the view of a tool, whose `call` passes the gate. */
export function rememberGuarded(view: BaseTool, call: object, layer: Layer): void {
  layers.set(view, layer);
  guardedCalls.add(call);
}

/** The outermost gate before a tool, undefined for a bare one. */
export function layerOf(tool: object): Layer | undefined {
  return layers.get(tool);
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
