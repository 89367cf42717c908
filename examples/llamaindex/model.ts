import { ToolCallLLM, type ChatMessage, type ChatResponseChunk } from "@llamaindex/core/llms";
import { extractText } from "@llamaindex/core/utils";

interface Call {
  readonly name: string;
  readonly input: object;
}

/**
 * Stands in for a real model, so that the examples run without a key: makes its calls one by one, as far as the conversation has
 * come, and then repeats what it was told of them.
 */
class ScriptedModel extends ToolCallLLM {
  override readonly supportToolCall = true;
  override readonly metadata = {
    model: "scripted",
    temperature: 0,
    topP: 1,
    contextWindow: 8_192,
    tokenizer: undefined,
    structuredOutput: false,
  };
  readonly #calls: readonly Call[];

  constructor(calls: readonly Call[]) {
    super();
    this.#calls = calls;
  }

  override async chat(asked: never): Promise<never> {
    const { messages }: { readonly messages: readonly ChatMessage[] } = asked;
    const results = messages.filter(({ options }) => options !== undefined && "toolResult" in options);
    return answer(this.#calls[results.length], results) as never;
  }
}

async function* answer(call: Call | undefined, results: readonly ChatMessage[]): AsyncGenerator<ChatResponseChunk> {
  if (call === undefined) yield { delta: results.map(({ content }) => extractText(content)).join("\n"), raw: null };
  else yield { delta: "", raw: null, options: { toolCall: [{ ...call, id: `call_${results.length}` }] } };
}

export function scriptedModel(calls: readonly Call[]): ScriptedModel {
  return new ScriptedModel(calls);
}

export const llm = scriptedModel([
  { name: "look_up_order", input: { order: "A-17" } },
  { name: "refund", input: { order: "A-17", amount_minor: 8000 } },
  { name: "refund", input: { order: "A-17", amount_minor: 9_999_900 } },
]);
