import { deferredStatus, STATUS_TOOL } from "@leashkit/core";
import type { Running } from "./attempt.ts";
import type { Api, Call } from "./call.ts";
import { endingOf, type Ending } from "./ending.ts";
import { entryOf, own } from "./members.ts";
import type { Settings } from "./options.ts";
import { RESULTS } from "./results.ts";
import { workOf } from "./work.ts";

/** The status tool as Chat Completions takes it. */
export interface ChatStatusTool {
  readonly type: "function";
  readonly function: { name: string; description: string; parameters: Record<string, unknown> };
}

/** The status tool as the Responses API takes it. */
export interface ResponsesStatusTool {
  readonly type: "function";
  readonly name: string;
  readonly description: string;
  readonly parameters: Record<string, unknown>;
  readonly strict: true;
}

/**
 * The description of `leash_status`, the other half of `pause: "defer"`: add it to the `tools` that are passed to the API. The
 * interceptor answers its calls itself. It reads approvals of this very agent only and can neither give nor change one.
 * @example const tools = [...myTools, leashStatusTool("responses")];
 */
export function leashStatusTool(api: "chat"): ChatStatusTool;
export function leashStatusTool(api: "responses"): ResponsesStatusTool;
export function leashStatusTool(api: Api): ChatStatusTool | ResponsesStatusTool {
  const { name, description, parameters } = STATUS_TOOL;
  return api === "chat"
    ? { type: "function", function: { name, description, parameters: { ...parameters } } }
    : { type: "function", name, description, parameters: { ...parameters }, strict: true };
}

export function isStatusCall(call: Call, { pause }: Settings): boolean {
  return pause === "defer" && call.kind === "function" && call.tool === STATUS_TOOL.name && call.problem === undefined;
}

/** What became of a deferred call. An approved one runs now, once. */
export async function statusEnding(
  { gate, catalogue, handlers, signal }: Running,
  call: Call,
): Promise<{ readonly ending: Ending; readonly thrown?: { readonly error: unknown } }> {
  const runOf = (id: string): ReturnType<typeof workOf> | undefined => {
    const [tool, handler] = [catalogue.named(id), entryOf(handlers, id)];
    return tool === undefined || handler === undefined ? undefined : workOf(tool.kind, handler);
  };
  try {
    const options = { adapter: "openai", codec: RESULTS, ...(signal !== undefined && { signal }) };
    const status = await deferredStatus(gate, own(call.input, "ref"), runOf, options);
    return { ending: status.kind === "told" ? { kind: "refused", text: status.text } : status };
  } catch (error) {
    return { ending: endingOf({ kind: "failed", error }), thrown: { error } };
  }
}
