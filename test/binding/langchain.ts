import { randomUUID } from "node:crypto";
import type { AdapterBinding, BindingHost, HostSetup, TurnEnding, TurnOptions } from "@leashkit/core/testing";
import { leashStatusTool, wrapTools } from "@leashkit/langchain";
import { AIMessage, type BaseMessage, ToolMessage } from "@langchain/core/messages";
import { type DynamicStructuredTool, tool } from "@langchain/core/tools";
import { Command, interrupt, MemorySaver } from "@langchain/langgraph";
import { createAgent } from "langchain";
import { request, ScriptedModel } from "./scripted-model.ts";

/** LangChain's own agent over a scripted model, with a checkpointer. */
export const langchain: AdapterBinding = {
  name: "langchain",
  cannot: {
    "argument text": "LangChain's model classes parse the text, leniently, before any tool or agent sees it",
  },
  rendered: (text) => text,
  pauseInside: () => interrupt("The tool pauses its turn."),
  host,
};

const PAUSES = { hold: "hold", defer: "defer", suspend: "interrupt" } as const;
const STREAM_MODES = ["values", "updates", "messages", "custom"] as const;

function host({ gate, tools, pause, kept }: HostSetup): BindingHost {
  const bare = tools.map(({ name, description, parameters, run }) =>
    // A copy: LangChain's validator writes notes of its own into a schema.
    tool((input: unknown) => run(input), { name, description, schema: structuredClone(parameters) }),
  );
  const wrapped = wrapTools(bare, gate, { pause: PAUSES[pause], applySchemaDefaults: true });
  const all: DynamicStructuredTool[] = [...wrapped, leashStatusTool(gate, wrapped)];
  const agent = createAgent({
    model: new ScriptedModel(),
    tools: all,
    checkpointer: checkpointerIn(kept),
  });
  const play = async (
    threadId: string,
    input: Parameters<typeof agent.stream>[0] | Command,
    { signal, stream = false }: TurnOptions,
  ): Promise<TurnEnding> => {
    const config = { configurable: { thread_id: threadId }, ...(signal !== undefined && { signal }) };
    const state: AgentState = stream
      ? await lastState(await agent.stream(input, { ...config, streamMode: [...STREAM_MODES] }))
      : await agent.invoke(input, config);
    return endingOf(threadId, state);
  };
  const turn: BindingHost["turn"] = (calls, options) => play(randomUUID(), { messages: [request(calls)] }, options);
  return {
    turn,
    // Null is no reply to LangGraph: it throws.
    resume: (suspension, { reply, ...options }) =>
      play(threadIn(suspension), new Command({ resume: reply ?? "wake" }), options),
    async status(ref) {
      const ending = await turn([{ id: randomUUID(), tool: "leash_status", arguments: JSON.stringify({ ref }) }], {});
      return ending.kind === "ended" ? (ending.calls[0]?.text ?? "") : "suspended";
    },
  };
}

/** Lives on over a restart, as one on a disk does. */
function checkpointerIn(kept: Map<string, unknown>): MemorySaver {
  const known = kept.get("checkpointer");
  const checkpointer = known instanceof MemorySaver ? known : new MemorySaver();
  kept.set("checkpointer", checkpointer);
  return checkpointer;
}

interface AgentState {
  readonly messages?: readonly BaseMessage[];
  readonly __interrupt__?: readonly unknown[];
}

/** The whole state comes as `values`; an interrupt is told in a piece of its own. */
async function lastState(chunks: AsyncIterable<readonly [string, unknown]>): Promise<AgentState> {
  let state: AgentState = {};
  for await (const [mode, chunk] of chunks) if (mode === "values") state = { ...state, ...(chunk as AgentState) };
  return state;
}

function endingOf(threadId: string, { messages = [], __interrupt__: interrupts = [] }: AgentState): TurnEnding {
  if (interrupts.length > 0) return { kind: "suspended", suspension: JSON.stringify({ threadId }) };
  const proposed = messages.find((message) => AIMessage.isInstance(message))?.tool_calls ?? [];
  const answers = messages.filter((message) => ToolMessage.isInstance(message));
  return {
    kind: "ended",
    calls: proposed.map(({ id = "" }, index) => {
      const twins = proposed.slice(0, index).filter((other) => other.id === id).length;
      return { callId: id, text: answers.filter(({ tool_call_id }) => tool_call_id === id)[twins]?.text ?? "" };
    }),
  };
}

function threadIn(suspension: string): string {
  const { threadId } = JSON.parse(suspension) as { readonly threadId?: unknown };
  if (typeof threadId === "string") return threadId;
  throw new SyntaxError("This names no thread.");
}
