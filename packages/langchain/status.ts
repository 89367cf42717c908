import { deferredStatus, LeashError, sealedText, STATUS_TOOL, type Gate, type Run } from "@leashkit/core";
import { ToolMessage } from "@langchain/core/messages";
import { tool, type DynamicStructuredTool } from "@langchain/core/tools";
import { loadCommand, resultCodec } from "./codec.ts";
import { rawOf, type Raw } from "./marks.ts";
import { contentWith } from "./notice.ts";
import { isBubbleUp } from "./pause.ts";
import { markInstance } from "./patch.ts";

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
  const { name, description, parameters } = STATUS_TOOL;
  const status = tool(async (input: unknown, config: unknown) => statusOf(leash, raws, refOf(input), config), {
    name,
    description,
    // A copy: LangChain's validator writes notes of its own into a schema when it first uses it.
    schema: structuredClone(parameters),
  });
  markInstance(status, true);
  return status;
}

async function statusOf(gate: Gate, raws: ReadonlyMap<string, Raw>, ref: unknown, config: unknown): Promise<unknown> {
  const asked: { raw?: Raw } = {};
  const signal = signalOf(config);
  const runOf = (id: string): Run<unknown> => {
    const raw = known(raws.get(id));
    asked.raw = raw;
    return (sealed) => raw.run(raw.takesText() ? sealedText(sealed) : sealed, undefined, config);
  };
  const status = await deferredStatus(gate, ref, runOf, {
    adapter: "langchain",
    codec: resultCodec(await loadCommand()),
    suspends: isBubbleUp,
    ...(signal !== undefined && { signal }),
  });
  if (status.kind === "told") return status.text;
  const content = contentOf(status.result, asked.raw?.pair() ?? false);
  return status.notice === undefined ? content : contentWith(status.notice, content);
}

/** The content alone: a message made for the deferred call would answer the wrong call now. */
function contentOf(result: unknown, pair: boolean): unknown {
  const content: unknown = pair && Array.isArray(result) ? result[0] : result;
  return ToolMessage.isInstance(content) ? content.content : content;
}

function refOf(input: unknown): unknown {
  return typeof input === "object" && input !== null && "ref" in input ? input.ref : undefined;
}

function signalOf(config: unknown): AbortSignal | undefined {
  const signal: unknown =
    typeof config === "object" && config !== null && "signal" in config ? config.signal : undefined;
  return signal instanceof AbortSignal ? signal : undefined;
}

function known(raw: Raw | undefined): Raw {
  if (raw !== undefined) return raw;
  throw new LeashError(
    "LEASH_CONFIG_INVALID",
    "The tool of a deferred call is not among the tools that leashStatusTool was given. Pass all wrapped tools.",
  );
}
