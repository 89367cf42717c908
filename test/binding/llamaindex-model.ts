import type { CallEnding, ProposedCall } from "@leashkit/core/testing";
import { ToolCallLLM, type ChatMessage, type ChatResponseChunk } from "@llamaindex/core/llms";
import { extractText } from "@llamaindex/core/utils";

interface Asked {
  readonly messages: readonly ChatMessage[];
}

/** What asks the scripted model for these calls. */
export function request(calls: readonly ProposedCall[]): string {
  return JSON.stringify(calls);
}

/**
 * A model that proposes at once what the last message lists, and is done when it has been answered. LlamaIndex always streams it.
 * It keeps what it was shown last, for the suite to look at, and nothing else: a resumed run goes on.
 */
export class ScriptedLlm extends ToolCallLLM {
  override readonly supportToolCall = true;
  override readonly metadata = {
    model: "scripted",
    temperature: 0,
    topP: 1,
    contextWindow: 8_192,
    tokenizer: undefined,
    structuredOutput: false,
  };
  #seen: readonly ChatMessage[] = [];

  override async chat(asked: never): Promise<never> {
    const { messages }: Asked = asked;
    this.#seen = [...messages];
    return answerTo(messages) as never;
  }

  /** What the model was shown of the calls that it was asked for. */
  endings(): readonly CallEnding[] {
    const asked = this.#seen.findLast((message) => message.role === "user" && resultIn(message) === undefined);
    const results = this.#seen.flatMap((message) => resultIn(message) ?? []);
    return callsAskedFor(asked).map(({ id }) => ({
      callId: id,
      text: results.find((result) => result.id === id)?.result ?? "",
    }));
  }
}

async function* answerTo(messages: readonly ChatMessage[]): AsyncGenerator<ChatResponseChunk> {
  const calls = callsAskedFor(messages.at(-1));
  if (calls.length === 0) yield { delta: "done", raw: null };
  for (const { id, tool, arguments: text } of calls) {
    // Arguments grow while they arrive; what came last counts.
    for (const input of [text.slice(0, text.length / 2), text]) {
      yield { delta: "", raw: null, options: { toolCall: [{ id, name: tool, input }] } };
    }
  }
}

function callsAskedFor(message: ChatMessage | undefined): readonly ProposedCall[] {
  if (message === undefined || resultIn(message) !== undefined) return [];
  return JSON.parse(extractText(message.content)) as ProposedCall[];
}

interface ShownResult {
  readonly id: string;
  readonly result: string;
}

function resultIn({ options }: ChatMessage): ShownResult | undefined {
  return options !== undefined && "toolResult" in options ? (options.toolResult as ShownResult) : undefined;
}
