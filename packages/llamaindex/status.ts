import { deferredStatus, STATUS_TOOL, type Gate, type Run } from "@leashkit/core";
import type { JSONValue } from "@llamaindex/core/global";
import { FunctionTool } from "@llamaindex/core/tools";
import { innerRefusal, isInnerPause, runBeneath, type Layer } from "./guard.ts";
import { layerOf, leaveUnguarded } from "./marks.ts";
import { withNotice } from "./notice.ts";
import { NO_SITE } from "./site.ts";

/**
 * The other half of `pause: "defer"`: a tool with which the model asks what became of a call that waits for a person, and
 * collects its result. An approved call runs then, once, with the bytes that were approved; asking again gives the recorded
 * result. It reads approvals of this very agent only and can neither give nor change one, so it needs no gate of its own.
 *
 * @param tools the wrapped tools of the agent, as `wrapTools` returned them.
 * @example
 * const tools = wrapTools([sendMoney], leash, { pause: "defer" });
 * const workflow = agent({ llm, tools: [...tools, leashStatusTool(leash, tools)] });
 */
export function leashStatusTool(
  leash: Gate,
  tools: readonly object[],
): FunctionTool<{ readonly ref?: unknown }, Promise<JSONValue>> {
  const runs = new Map<string, Run<unknown>>();
  for (const tool of tools) {
    const layer = layerBehind(layerOf(tool), leash);
    if (layer !== undefined) runs.set(layer.id, (input) => runBeneath(layer, input, NO_SITE));
  }
  const status = ({ ref }: { readonly ref?: unknown }): Promise<JSONValue> => statusOf(leash, ref, runs);
  return leaveUnguarded(new FunctionTool(status, STATUS_TOOL));
}

async function statusOf(gate: Gate, ref: unknown, runs: ReadonlyMap<string, Run<unknown>>): Promise<JSONValue> {
  try {
    const options = { adapter: "llamaindex", suspends: isInnerPause };
    const answer = await deferredStatus(gate, ref, (name) => runs.get(name), options);
    return answer.kind === "told" ? answer.text : (withNotice(answer) as JSONValue);
  } catch (error) {
    const text = innerRefusal(error);
    if (text === undefined) throw error;
    return text;
  }
}

function layerBehind(layer: Layer | undefined, gate: Gate): Layer | undefined {
  return layer === undefined || layer.gate === gate ? layer : layerBehind(layer.beneath, gate);
}
