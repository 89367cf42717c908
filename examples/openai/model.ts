import OpenAI from "openai";

const CALLS = [
  { name: "look_up_order", arguments: '{"order":"A-17"}' },
  { name: "refund", arguments: '{"order":"A-17","amount_minor":8000}' },
  { name: "refund", arguments: '{"order":"A-17","amount_minor":9999900}' },
];

interface Asked {
  readonly messages: readonly { readonly role: string; readonly content?: string | null }[];
}

/** What a model would answer: the next call, or in the end the words it was last told. */
function answerTo({ messages }: Asked): object {
  const turn = messages.filter(({ role }) => role === "assistant").length;
  const call = CALLS[turn];
  if (call === undefined) return { role: "assistant", content: messages.at(-1)?.content ?? "" };
  const tool_calls = [{ id: `call_${turn}`, type: "function", function: call }];
  return { role: "assistant", content: null, tool_calls };
}

/** The real client, with a script in place of the network, so that the example runs without a key. */
export const client = new OpenAI({
  apiKey: "none",
  fetch: async (_url, request) => {
    const message = answerTo(JSON.parse(String(request?.body)) as Asked);
    const finish_reason = "tool_calls" in message ? "tool_calls" : "stop";
    return Response.json({ id: "chat-1", object: "chat.completion", choices: [{ index: 0, message, finish_reason }] });
  },
});
