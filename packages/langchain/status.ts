import { LeashError, refusalText, type Gate, type Json } from "@leashkit/core";
import { ToolMessage } from "@langchain/core/messages";
import { tool, type DynamicStructuredTool } from "@langchain/core/tools";
import { loadCommand, resultCodec } from "./codec.ts";
import { checkTool } from "./guard.ts";
import { rawOf, type Raw } from "./marks.ts";
import { isBubbleUp } from "./pause.ts";
import { markInstance } from "./patch.ts";

const SCHEMA = {
  type: "object",
  properties: { ref: { type: "string", description: "The reference you were given, such as K7Q2." } },
  required: ["ref"],
  additionalProperties: false,
} as const;

/**
 * The other half of `pause: "defer"`: a tool with which the model asks what became of a call that waits for a person, and
 * collects its result. An approved call runs then, once, with the bytes that were approved; asking again gives the recorded
 * result. It reads approvals of this very agent only and can neither give nor change one, so it needs no gate of its own.
 *
 * @param tools the wrapped tools of the agent, as `wrapTools` returned them.
 * @example
 * const tools = wrapTools([sendMail], leash, { pause: "defer" });
 * const agent = createAgent({ model, tools: [...tools, leashStatusTool(leash, tools)] });
 */
export function leashStatusTool(leash: Gate, tools: readonly object[]): DynamicStructuredTool {
  const raws = new Map<string, Raw>();
  for (const wrapped of tools) {
    const raw = rawOf(wrapped);
    if (raw !== undefined) raws.set(raw.id, raw);
  }
  const status = tool(async (input: unknown, config: unknown) => statusOf(leash, raws, refOf(input), config), {
    name: "leash_status",
    description:
      "Tells what became of a tool call that waits for a person, by the reference you were given, and returns its result once there is one.",
    schema: SCHEMA,
  });
  markInstance(status, true);
  return status;
}

async function statusOf(gate: Gate, raws: ReadonlyMap<string, Raw>, ref: string, config: unknown): Promise<unknown> {
  const deferred = await gate.deferred(ref);
  if (deferred === undefined) return "No call of yours waits under this reference.";
  if (deferred.status === "pending") return "Still waiting for a person. The call has not run. Go on with other work.";
  const raw = raws.get(deferred.tool);
  if (raw === undefined) throw unknownTool();
  const ran: { thrown?: unknown } = {};
  try {
    return await collect(gate, ref, raw, config, ran);
  } catch (error) {
    const text = "thrown" in ran && ran.thrown === error ? undefined : refusalText(error);
    if (text === undefined) throw error;
    return text;
  }
}

async function collect(
  gate: Gate,
  ref: string,
  raw: Raw,
  config: unknown,
  ran: { thrown?: unknown },
): Promise<unknown> {
  const signal = signalOf(config);
  const result = await gate.collect<unknown>(
    ref,
    async (sealed, permit) => {
      checkTool(permit, raw.id);
      try {
        return await raw.run(raw.takesText() ? textOf(sealed) : sealed, undefined, config);
      } catch (error) {
        ran.thrown = error;
        throw error;
      }
    },
    {
      pause: "defer",
      adapter: "langchain",
      codec: resultCodec(await loadCommand()),
      suspends: isBubbleUp,
      ...(signal !== undefined && { signal }),
    },
  );
  return contentOf(result, raw.pair());
}

/** The content alone: a message made for the deferred call would answer the wrong call now. */
function contentOf(result: unknown, pair: boolean): unknown {
  const content: unknown = pair && Array.isArray(result) ? result[0] : result;
  return ToolMessage.isInstance(content) ? content.content : content;
}

function textOf(sealed: Json): unknown {
  return typeof sealed === "object" && sealed !== null && "input" in sealed ? sealed.input : undefined;
}

function refOf(input: unknown): string {
  return typeof input === "object" && input !== null && "ref" in input ? String(input.ref).trim() : "";
}

function signalOf(config: unknown): AbortSignal | undefined {
  const signal: unknown =
    typeof config === "object" && config !== null && "signal" in config ? config.signal : undefined;
  return signal instanceof AbortSignal ? signal : undefined;
}

function unknownTool(): LeashError {
  return new LeashError(
    "LEASH_CONFIG_INVALID",
    "The tool of a deferred call is not among the tools that leashStatusTool was given. Pass all wrapped tools.",
  );
}
