import { ToolCallLLM, type ChatMessage, type ChatResponseChunk } from "@llamaindex/core/llms";

const CALLS = [
  { name: "look_up_order", input: { order: "A-17" } },
  { name: "refund", input: { order: "A-17", amount_minor: 8000 } },
  { name: "refund", input: { order: "A-17", amount_minor: 9_999_900 } },
];

interface Asked {
  readonly messages: readonly ChatMessage[];
}

/** Stands in for a real model, so that the example runs without a key: makes its calls one by one and then repeats what it was told. */
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

  override chat(asked: never): Promise<never> {
    return Promise.resolve(answerTo(asked) as never);
  }
}

async function* answerTo({ messages }: Asked): AsyncGenerator<ChatResponseChunk> {
  const turn = messages.filter(({ options }) => options !== undefined && "toolCall" in options).length;
  const call = CALLS[turn];
  if (call === undefined) yield { delta: String(messages.at(-1)?.content ?? ""), raw: null };
  else yield { delta: "", raw: null, options: { toolCall: [{ ...call, id: `call_${turn}` }] } };
}

export const llm = new ScriptedModel();
