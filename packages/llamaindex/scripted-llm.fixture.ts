import {
  ToolCallLLM,
  type ChatMessage,
  type ChatResponseChunk,
  type LLMMetadata,
  type ToolCall,
} from "@llamaindex/core/llms";

type Chat = { readonly messages: readonly ChatMessage[]; readonly stream?: boolean };

/** A model that makes the calls of each round in turn, then says "done". It keeps what it was shown last. */
export class ScriptedLlm extends ToolCallLLM {
  readonly supportToolCall = true;
  readonly metadata = {
    model: "scripted",
    temperature: 0,
    topP: 1,
    contextWindow: 8_000,
  } as LLMMetadata;
  readonly rounds: readonly (readonly ToolCall[])[];
  seen: readonly ChatMessage[] = [];

  constructor(...rounds: readonly (readonly ToolCall[])[]) {
    super();
    this.rounds = rounds;
  }

  override async chat(params: Chat): Promise<never> {
    this.seen = [...params.messages];
    const made = params.messages.filter((message) => callsOf(message).length > 0).length;
    const calls = this.rounds[made] ?? [];
    const options = calls.length > 0 ? { toolCall: calls } : {};
    const message = { role: "assistant", content: calls.length > 0 ? "" : "done", options };
    const chunks = async function* (): AsyncGenerator<ChatResponseChunk> {
      yield { delta: message.content, raw: null, options };
    };
    return (params.stream === true ? chunks() : { message, raw: null }) as never;
  }

  /** What the model was shown of its calls' results, by call id. */
  get results(): Record<string, { readonly text: unknown; readonly isError: boolean }> {
    const shown = this.seen.flatMap(({ options }) => {
      const result = (options as { toolResult?: { id: string; result: unknown; isError: boolean } })?.toolResult;
      return result === undefined ? [] : [[result.id, { text: result.result, isError: result.isError }] as const];
    });
    return Object.fromEntries(shown);
  }
}

function callsOf({ options }: ChatMessage): readonly unknown[] {
  return options !== undefined && "toolCall" in options ? (options.toolCall as ToolCall[]) : [];
}

/** A call as a provider hands it over; text is what a model wrote in the place of arguments. */
export function call(name: string, input: object | string, id = "a"): ToolCall {
  return { name, input, id } as unknown as ToolCall;
}
