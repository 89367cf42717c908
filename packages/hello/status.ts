import { deferredStatus, STATUS_TOOL, type Gate } from "@leashkit/core";
import type { HelloTool } from "./framework.ts";
import { forModel } from "./guard.ts";
import { wrappedOf } from "./wrap.ts";

/**
 * The other half of `pause: "defer"`: a tool with which the model asks what became of a call and collects its result. It can
 * neither give nor change an approval, so it needs no gate of its own.
 *
 * @param tools the wrapped tools of the agent, as `wrapTools` returned them.
 * @example
 * const tools = wrapTools([greet], leash, { pause: "defer" });
 * const turn = await runTurn([...tools, leashStatusTool(leash, tools)], calls);
 */
export function leashStatusTool(leash: Gate, tools: readonly HelloTool[]): HelloTool {
  const known = tools.flatMap((tool) => wrappedOf(tool) ?? []).filter(({ gate }) => gate === leash);
  const bareTools = new Map(known.map(({ id, bare }) => [id, bare]));
  return {
    ...STATUS_TOOL,
    async execute(input, context) {
      const status = await deferredStatus(
        leash,
        refOf(input),
        (name) => {
          const bare = bareTools.get(name);
          // The turn that proposed the call is over: it runs as a program's call does.
          return bare && ((decided) => bare.execute(decided));
        },
        { adapter: "hello", ...(context?.signal !== undefined && { signal: context.signal }) },
      );
      return status.kind === "told" ? status.text : forModel(status);
    },
  };
}

function refOf(input: unknown): unknown {
  return typeof input === "object" && input !== null && "ref" in input ? input.ref : undefined;
}
