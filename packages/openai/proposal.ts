import type { ToolCall } from "@leashkit/core";
import type { Call } from "./call.ts";
import type { KnownTool } from "./catalogue.ts";
import type { Settings } from "./options.ts";

/** Why a call of a tool that this interceptor does not have is refused. */
export const NOT_OFFERED = "no such tool is offered";

/**
 * A call as the gate gets it, its arguments read by the tool's schema. Whatever is wrong is stated as its problem, so that the
 * gate refuses and records it.
 *
 * @param scope makes the call durable; undefined where it shall be known by nothing.
 */
export async function propose(
  call: Call,
  tool: KnownTool | undefined,
  scope: string | undefined,
  { session }: Settings,
): Promise<ToolCall> {
  const proposal: ToolCall = {
    tool: call.tool,
    input: call.input,
    ...(session !== undefined && { session }),
    ...(scope !== undefined && { scope }),
    ...(call.id !== undefined && { callId: call.id }),
    ...(Object.keys(call.labels).length > 0 && { labels: call.labels }),
  };
  if (call.problem !== undefined) return { ...proposal, problem: call.problem };
  if (tool === undefined) return { ...proposal, problem: NOT_OFFERED };
  const read = await tool.read(call.input);
  return read.ok ? { ...proposal, input: read.input } : { ...proposal, problem: read.problem };
}
