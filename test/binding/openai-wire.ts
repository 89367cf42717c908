import type { ProposedCall } from "@leashkit/core/testing";

/** A proposed call as Chat Completions states it. */
export function chatCall({ id, tool, arguments: text }: ProposedCall): object {
  return { id, type: "function", function: { name: tool, arguments: text } };
}

/** A proposed call as the Responses API states it. */
export function functionCall({ id, tool, arguments: text }: ProposedCall): object {
  return { id: `fc_${id}`, call_id: id, type: "function_call", name: tool, arguments: text, status: "completed" };
}

type Members = Readonly<Record<string, unknown>>;

/** Chat calls in the raw chunks of a stream: the head of a call first, then its arguments, three characters at a time. */
export async function* chatChunks(calls: readonly object[]): AsyncGenerator<object> {
  yield chunk({ role: "assistant", content: null });
  for (const [index, call] of calls.entries()) {
    const body = (call as Members)["function"] as Members;
    yield chunk({ tool_calls: [{ ...call, index, function: { ...body, arguments: "" } }] });
    for (const piece of pieces(body["arguments"])) {
      yield chunk({ tool_calls: [{ index, function: { arguments: piece } }] });
    }
  }
  yield chunk({}, calls.length === 0 ? "stop" : "tool_calls");
}

function chunk(delta: object, finish_reason: string | null = null): object {
  return {
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1,
    model: "scripted",
    choices: [{ index: 0, delta, finish_reason, logprobs: null }],
  };
}

/** Function calls in the raw events of a streamed response. */
export async function* responseEvents(output: readonly object[]): AsyncGenerator<object> {
  yield { type: "response.created", response: { id: "resp_1", status: "in_progress", output: [] } };
  for (const [output_index, item] of output.entries()) {
    const place = { output_index, item_id: (item as Members)["id"] };
    const opened = { ...item, status: "in_progress", arguments: "" };
    yield { type: "response.output_item.added", output_index, item: opened };
    const text = (item as Members)["arguments"];
    for (const delta of pieces(text)) yield { type: "response.function_call_arguments.delta", ...place, delta };
    yield { type: "response.function_call_arguments.done", ...place, arguments: text };
    yield { type: "response.output_item.done", output_index, item };
  }
  yield { type: "response.completed", response: { id: "resp_1", status: "completed", output } };
}

function pieces(text: unknown): readonly string[] {
  return String(text).match(/.{1,3}/gsu) ?? [];
}
