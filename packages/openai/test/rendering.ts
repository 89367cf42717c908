/** An assistant message as a script states it. */
export type ChatMessage = { readonly content?: string | null; readonly tool_calls?: readonly object[] };
/** An item of the Responses API as a script states it. */
export type Item = Readonly<Record<string, unknown>>;

const COMMON = { id: "chatcmpl-1", created: 1, model: "scripted" } as const;

/** A whole chat completion. */
export function chat(message: ChatMessage, finish: string): object {
  return {
    ...COMMON,
    object: "chat.completion",
    choices: [
      {
        index: 0,
        logprobs: null,
        finish_reason: finish,
        message: { role: "assistant", content: null, refusal: null, ...message },
      },
    ],
  };
}

/** One chunk of a streamed chat completion. */
export function chunk(delta: object, finish: string | null = null): object {
  return {
    ...COMMON,
    object: "chat.completion.chunk",
    choices: [{ index: 0, logprobs: null, delta, finish_reason: finish }],
  };
}

/** A message in the pieces that the API sends: a call's head first, then its arguments in halves. */
export function chunksOf(message: ChatMessage, finish: string): readonly object[] {
  const calls = (message.tool_calls ?? []) as readonly Readonly<Record<string, unknown>>[];
  return [
    chunk({ role: "assistant", content: message.content ?? null }),
    ...calls.flatMap((call, index) => callChunks(call, index)),
    chunk({}, finish),
  ];
}

function callChunks(call: Readonly<Record<string, unknown>>, index: number): readonly object[] {
  const type = call["type"] === "custom" ? "custom" : "function";
  const part = type === "custom" ? "input" : "arguments";
  const body = call[type] as Readonly<Record<string, string>>;
  const text = body[part] ?? "";
  const half = Math.ceil(text.length / 2);
  return [
    chunk({ tool_calls: [{ ...call, index, [type]: { ...body, [part]: "" } }] }),
    ...[text.slice(0, half), text.slice(half)].map((piece) =>
      chunk({ tool_calls: [{ index, [type]: { [part]: piece } }] }),
    ),
  ];
}

/** A whole response. */
export function responseOf(id: string, output: readonly Item[], status = "completed"): Item {
  return {
    id,
    object: "response",
    created_at: 1,
    model: "scripted",
    status,
    output,
    error: null,
    instructions: null,
    incomplete_details: status === "incomplete" ? { reason: "max_output_tokens" } : null,
    metadata: {},
    parallel_tool_calls: true,
    tool_choice: "auto",
    tools: [],
    temperature: 1,
    top_p: 1,
  };
}

/** A response in the events that the API sends. */
export function eventsOf(whole: Item, output: readonly Item[]): readonly Item[] {
  const opened = { ...whole, status: "in_progress", output: [] };
  const events: readonly Item[] = [
    { type: "response.created", response: opened },
    { type: "response.in_progress", response: opened },
    ...output.flatMap((item, index) => itemEvents(item, index)),
    { type: `response.${String(whole["status"])}`, response: whole },
  ];
  return events.map((event, sequence_number) => ({ ...event, sequence_number }));
}

const STREAMED: Readonly<Record<string, readonly [event: string, part: string]>> = {
  function_call: ["response.function_call_arguments", "arguments"],
  custom_tool_call: ["response.custom_tool_call_input", "input"],
};

/** One item in the events that the API sends. */
export function itemEvents(item: Item, output_index: number): readonly Item[] {
  const [event, part] = STREAMED[String(item["type"])] ?? [];
  const place = { output_index, item_id: item["id"] };
  const text = part === undefined ? "" : String(item[part]);
  const half = Math.ceil(text.length / 2);
  return [
    {
      type: "response.output_item.added",
      output_index,
      item: { ...item, status: "in_progress", ...(part && { [part]: "" }) },
    },
    ...(part === undefined || event === undefined
      ? []
      : [
          { type: `${event}.delta`, ...place, delta: text.slice(0, half) },
          { type: `${event}.delta`, ...place, delta: text.slice(half) },
          { type: `${event}.done`, ...place, [part]: text },
        ]),
    { type: "response.output_item.done", output_index, item },
  ];
}
