import { LeashError } from "@leashkit/core";
import {
  StructuredTool,
  Tool,
  DynamicStructuredTool,
  DynamicTool,
  isRunnableToolLike,
  isStructuredTool,
} from "@langchain/core/tools";
import type { RunnableToolLike } from "@langchain/core/runnables";

/** A tool whose work starts in `_call`, and in `func` for those made from a function. */
export interface CallableTool {
  readonly name: string;
  readonly schema: unknown;
  readonly metadata?: unknown;
  readonly responseFormat?: unknown;
  _call(input: unknown, runManager?: unknown, config?: unknown): unknown;
}

/** Runs at the model's provider: `{ type: "web_search" }`. */
export type ProviderTool = Readonly<Record<string, unknown>> & { readonly type: string };

export type Kind =
  | { readonly kind: "callable"; readonly tool: CallableTool }
  | { readonly kind: "runnable"; readonly tool: RunnableToolLike }
  | { readonly kind: "provider"; readonly tool: ProviderTool };

/**
 * What a thing in a tools array is. Asks LangChain's own brand checks, never `instanceof`, so that another installed copy of
 * LangChain makes no difference.
 * @throws {LeashError} `LEASH_TOOL_UNSUPPORTED` for everything that cannot be guarded.
 */
export function kindOf(tool: unknown): Kind {
  if (typeof tool === "object" && tool !== null) {
    if (isRunnableToolLike(tool)) return { kind: "runnable", tool };
    if (isCallable(tool)) return { kind: "callable", tool };
    if (isProviderTool(tool)) return { kind: "provider", tool };
  }
  throw unsupported(nameOf(tool), "it is neither a LangChain tool nor a runnable made into one");
}

export function unsupported(name: string, why: string, cause?: unknown): LeashError {
  return new LeashError("LEASH_TOOL_UNSUPPORTED", `The tool ${name} cannot be guarded: ${why}. It was not wrapped.`, {
    cause,
  });
}

export function nameOf(tool: unknown): string {
  const named = typeof tool === "object" && tool !== null && "name" in tool && typeof tool.name === "string";
  return named ? JSON.stringify(tool.name) : `of type ${typeof tool}`;
}

function isCallable(tool: object): tool is CallableTool {
  return (
    isStructuredTool(tool as StructuredTool) &&
    "_call" in tool &&
    typeof tool._call === "function" &&
    "name" in tool &&
    typeof tool.name === "string"
  );
}

function isProviderTool(tool: object): tool is ProviderTool {
  const prototype: unknown = Object.getPrototypeOf(tool);
  return (prototype === Object.prototype || prototype === null) && "type" in tool && typeof tool.type === "string";
}

const OWN_CALLS: ReadonlySet<unknown> = new Set(
  [StructuredTool, Tool, DynamicTool, DynamicStructuredTool].map(({ prototype }) => prototype.call),
);

/**
 * True when the tool's class does something of its own in `invoke` or `call`, ahead of `_call` where the guard stands.
 * `invoke` is defined once in LangChain's own classes, whichever copy; `call` is compared where it is this copy's class.
 */
export function overridesInvoke(tool: object): boolean {
  const chain = prototypeChain(tool);
  if (chain.filter((level) => Object.hasOwn(level, "invoke")).length > 1) return true;
  return chain.includes(StructuredTool.prototype) && "call" in tool && !OWN_CALLS.has(tool.call);
}

function prototypeChain(tool: object): readonly object[] {
  const chain: object[] = [];
  for (let level: object | null = tool; level !== null; level = Object.getPrototypeOf(level) as object | null) {
    chain.push(level);
  }
  return chain;
}
