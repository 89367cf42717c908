import type { Gate } from "@leashkit/core";
import type { Settings } from "./options.ts";

/** Registered, so that two installed copies of this package know each other's wrappers. */
const GUARDED = Symbol.for("leashkit.langchain.guarded");

/** Read from a tool: the gate it is behind, or true for a tool that needs none. */
export const GUARDED_BY: unique symbol = GUARDED as never;

export type Mark = Gate | true;

/** What stands in front of a tool already, undefined for a bare one. */
export function markOf(tool: unknown): Mark | undefined {
  if (typeof tool !== "object" || tool === null) return undefined;
  return (tool as { readonly [GUARDED_BY]?: Mark })[GUARDED_BY];
}

/** Descriptions of guarded tools, as callback handlers are handed them: tells a guarded start from a bare one. */
const described = new WeakMap<object, Mark>();

export function rememberDescription(description: unknown, mark: Mark): void {
  if (typeof description === "object" && description !== null) described.set(description, mark);
}

export function markOfDescription(description: unknown): Mark | undefined {
  return typeof description === "object" && description !== null ? described.get(description) : undefined;
}

/** What is behind the gate of a wrapped tool: for collecting a deferred call, and for another gate that takes its place. */
export interface Raw {
  readonly id: string;
  /** True while the tool answers with `[content, artifact]`. */
  readonly pair: () => boolean;
  /** True for tools that take a bare text. */
  readonly takesText: () => boolean;
  readonly run: (input: unknown, runManager?: unknown, config?: unknown) => unknown;
  /** How the gate was put before it. */
  readonly settings: Settings;
  /** The tool as it was passed in; undefined where that one was guarded in place. */
  readonly tool: object | undefined;
}

const raws = new WeakMap<object, Raw>();

export function rememberRaw(wrapped: object, raw: Raw): void {
  raws.set(wrapped, raw);
}

export function rawOf(wrapped: object): Raw | undefined {
  return raws.get(wrapped);
}
