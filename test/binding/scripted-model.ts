import type { ProposedCall } from "@leashkit/core/testing";
import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import { BaseChatModel, type BaseChatModelCallOptions } from "@langchain/core/language_models/chat_models";
import { AIMessage, AIMessageChunk, HumanMessage, type BaseMessage } from "@langchain/core/messages";
import { ChatGenerationChunk, type ChatResult } from "@langchain/core/outputs";

/** What asks the scripted model for these calls. */
export function request(calls: readonly ProposedCall[]): HumanMessage {
  return new HumanMessage(JSON.stringify(calls));
}

/**
 * A model that proposes at once what the last human message lists, and is done when it has been answered. It keeps nothing, so a
 * restarted agent goes on.
 */
export class ScriptedModel extends BaseChatModel {
  constructor() {
    super({});
  }

  override _llmType(): string {
    return "scripted";
  }

  override bindTools(): this {
    return this;
  }

  override async _generate(messages: BaseMessage[]): Promise<ChatResult> {
    const calls = asked(messages);
    const tool_calls = calls.map(({ id, tool: name, arguments: text }) => ({
      type: "tool_call" as const,
      id,
      name,
      args: JSON.parse(text) as Record<string, unknown>,
    }));
    const message = new AIMessage({ content: calls.length === 0 ? "done" : "", tool_calls });
    return { generations: [{ text: message.text, message }] };
  }

  /** The arguments come in two halves, as over a wire. */
  override async *_streamResponseChunks(
    messages: BaseMessage[],
    _options: BaseChatModelCallOptions,
    manager?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    const calls = asked(messages);
    const pieces = calls.flatMap(({ id, tool: name, arguments: text }, index) => {
      const half = Math.ceil(text.length / 2);
      return [
        { type: "tool_call_chunk" as const, index, id, name, args: text.slice(0, half) },
        { type: "tool_call_chunk" as const, index, args: text.slice(half) },
      ];
    });
    const contents = pieces.length === 0 ? [new AIMessageChunk("done")] : pieces.map(asChunk);
    for (const message of contents) {
      const chunk = new ChatGenerationChunk({ text: message.text, message });
      yield chunk;
      await manager?.handleLLMNewToken(message.text, undefined, undefined, undefined, undefined, { chunk });
    }
  }
}

function asChunk(piece: NonNullable<AIMessageChunk["tool_call_chunks"]>[number]): AIMessageChunk {
  return new AIMessageChunk({ content: "", tool_call_chunks: [piece] });
}

/** Nothing once the request has been answered. */
function asked(messages: readonly BaseMessage[]): readonly ProposedCall[] {
  const last = messages.at(-1);
  return HumanMessage.isInstance(last) ? (JSON.parse(last.text) as ProposedCall[]) : [];
}
