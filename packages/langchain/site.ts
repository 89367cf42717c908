import { AsyncLocalStorage } from "node:async_hooks";
import { canonicalText, type ToolCall } from "@leashkit/core";

/** The part of LangChain's and LangGraph's run configuration that the guard reads. Nothing in it is trusted to be there. */
export interface ToolConfig {
  readonly toolCall?: { readonly id?: unknown; readonly name?: unknown } | undefined;
  readonly toolCallId?: unknown;
  readonly configurable?: Readonly<Record<string, unknown>> | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly interrupt?: unknown;
  readonly writer?: unknown;
}

/** Where a call is made: who it is to the framework, and whether that survives a restart. */
export interface Site {
  readonly config: ToolConfig;
  readonly toolCallId: string | undefined;
  /** `callId` and `scope` only when a checkpoint brings the very same call back after a restart. */
  readonly identity: Pick<ToolCall, "callId" | "scope" | "index" | "session">;
  readonly durable: boolean;
}

/** Calls that a running tool makes with its own configuration share its call id; equal ones are told apart by their order. */
interface Enclosing {
  readonly callId: string;
  readonly scope: string;
  readonly made: Map<string, number>;
}

const enclosing = new AsyncLocalStorage<Enclosing>();

export function siteOf(config: ToolConfig, tool: string, input: unknown): Site {
  const callId = text(config.toolCall?.id) ?? text(config.toolCallId);
  const session = threadOf(config);
  const scope = scopeOf(config, session);
  const position =
    callId === undefined || scope === undefined ? undefined : positionOf(config, callId, scope, { tool, input });
  const durable = position !== undefined;
  return {
    config,
    toolCallId: callId,
    durable,
    identity: {
      ...(session !== undefined && { session }),
      ...(callId !== undefined && { callId }),
      ...(durable && scope !== undefined && { scope, index: position }),
    },
  };
}

/** Runs a tool so that calls it makes with its own configuration are known to be its own. */
export function within<T>(site: Site, run: () => T): T {
  const { callId, scope } = site.identity;
  if (callId === undefined || scope === undefined) return run();
  const outer = enclosing.getStore();
  const made = outer?.callId === callId && outer.scope === scope ? outer.made : new Map<string, number>();
  return enclosing.run({ callId, scope, made }, run);
}

function positionOf(
  config: ToolConfig,
  callId: string,
  scope: string,
  { tool, input }: { readonly tool: string; readonly input: unknown },
): number | undefined {
  const outer = enclosing.getStore();
  if (outer?.callId === callId && outer.scope === scope) {
    // Among equal calls only: a re-execution may make the others in another order.
    const call = `${tool}\n${textOf(input)}`;
    const position = (outer.made.get(call) ?? 0) + 1;
    outer.made.set(call, position);
    return position;
  }
  // A call id that belongs to another tool's call was inherited from an unguarded tool: it does not identify this call.
  const named = config.toolCall?.name;
  return named === undefined || named === tool ? 0 : undefined;
}

/** Input that cannot be sealed is refused later; here it just does not tell calls apart. */
function textOf(input: unknown): string {
  try {
    return canonicalText(input);
  } catch {
    return "";
  }
}

/** Thread and checkpoint namespace: in a checkpointed graph they name the task, and come back after a restart. */
function scopeOf({ configurable }: ToolConfig, thread: string | undefined): string | undefined {
  const namespace = text(configurable?.["checkpoint_ns"]);
  const checkpointer = configurable?.["__pregel_checkpointer"];
  if (typeof checkpointer !== "object" || checkpointer === null) return undefined;
  return thread === undefined || namespace === undefined ? undefined : JSON.stringify([thread, namespace]);
}

function threadOf({ configurable }: ToolConfig): string | undefined {
  const thread = configurable?.["thread_id"];
  return typeof thread === "number" ? String(thread) : text(thread);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
