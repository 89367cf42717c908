import { ToolCallLLM, type ChatMessage, type ChatResponseChunk } from "@llamaindex/core/llms";
import { extractText } from "@llamaindex/core/utils";

const CALLS = [
  { name: "look_up_order", input: { order: "A-17" } },
  { name: "refund", input: { order: "A-17", amount_minor: 8000 } },
  { name: "refund", input: { order: "A-17", amount_minor: 9_999_900 } },
];

/**
 * Stands in for a real model, so that the examples run without a key: makes its calls one by one, as the conversation stands, and
 * then repeats what it was told of them.
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

  override async chat(asked: never): Promise<never> {
    return answerTo(asked) as never;
  }
}

async function* answerTo({
  messages,
}: {
  readonly messages: readonly ChatMessage[];
}): AsyncGenerator<ChatResponseChunk> {
  const results = messages.filter(({ options }) => options !== undefined && "toolResult" in options);
  const call = CALLS[results.length];
  if (call === undefined) yield { delta: results.map(({ content }) => extractText(content)).join("\n"), raw: null };
  else yield { delta: "", raw: null, options: { toolCall: [{ ...call, id: `call_${results.length}` }] } };
}

export const llm = new ScriptedModel();
