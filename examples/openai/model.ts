import OpenAI from "openai";

interface ScriptedCall {
  readonly name: string;
  readonly arguments: string;
}

/** What the model does next, by what it can read; undefined: it repeats what it was told last. */
type Step = ((conversation: string) => ScriptedCall) | undefined;

const REQUESTS = {
  lookUp: () => ({ name: "look_up_order", arguments: '{"order":"A-17"}' }),
  refund: () => ({ name: "refund", arguments: '{"order":"A-17","amount_minor":8000}' }),
  refundTooMuch: () => ({ name: "refund", arguments: '{"order":"A-17","amount_minor":9999900}' }),
  refundLittle: () => ({ name: "refund", arguments: '{"order":"A-17","amount_minor":1200}' }),
  askAgain: (conversation: string) => ({
    name: "leash_status",
    arguments: JSON.stringify({ ref: /\bref ([0-9A-Z]+)\./u.exec(conversation)?.[1] ?? "" }),
  }),
};

/** The script of `loop.ts` and `suspend.ts`: the middle call waits for a person. */
export const client = scriptedClient([REQUESTS.lookUp, REQUESTS.refund, REQUESTS.refundTooMuch]);
/** Nothing in here waits. */
export const quickClient = scriptedClient([REQUESTS.lookUp, REQUESTS.refundLittle, REQUESTS.refundTooMuch]);
/** Goes on with something else while a person is asked, and asks later what became of it. */
export const patientClient = scriptedClient([REQUESTS.refund, REQUESTS.lookUp, undefined, REQUESTS.askAgain]);

/** The real client, with a script in place of the network, so that the examples run without a key. */
function scriptedClient(script: readonly Step[]): OpenAI {
  return new OpenAI({
    apiKey: "none",
    fetch: async (_url, request) => {
      const { messages, input, stream } = JSON.parse(request?.body as string) as Asked;
      const conversation = messages ?? input ?? [];
      const turn = conversation.filter(isModels).length;
      const call = script[turn]?.(JSON.stringify(conversation));
      const last = conversation.at(-1);
      const said = { id: `call_${turn}`, call, content: last?.content ?? last?.output ?? "" };
      const events = messages === undefined ? responseEvents(said) : [completion(said, stream === true)];
      if (stream !== true)
        return Response.json(events.map((event) => ("response" in event ? event.response : event)).at(-1));
      return new Response(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(""));
    },
  });
}

interface Entry {
  readonly role?: string;
  readonly type?: string;
  readonly content?: string | null;
  readonly output?: string;
}

interface Asked {
  readonly messages?: readonly Entry[];
  readonly input?: readonly Entry[];
  readonly stream?: boolean;
}

interface Said {
  readonly id: string;
  readonly call: ScriptedCall | undefined;
  readonly content: string;
}

function isModels({ role, type }: Entry): boolean {
  return role === "assistant" || type === "function_call";
}

function completion({ id, call, content }: Said, streamed: boolean): object {
  const message =
    call === undefined
      ? { role: "assistant", content }
      : { role: "assistant", content: null, tool_calls: [{ index: 0, id, type: "function", function: call }] };
  const finish_reason = call === undefined ? "stop" : "tool_calls";
  const choice = { index: 0, [streamed ? "delta" : "message"]: message, finish_reason };
  return { id: "chat-1", object: streamed ? "chat.completion.chunk" : "chat.completion", choices: [choice] };
}

/** The last one holds the whole response. */
function responseEvents({ id, call, content }: Said): readonly object[] {
  const message = { type: "message", role: "assistant", content: [{ type: "output_text", text: content }] };
  const made = call === undefined ? message : { type: "function_call", id: `fc_${id}`, call_id: id, ...call };
  const item = { ...made, status: "completed" };
  const response = { id: `resp_${id}`, object: "response", output: [item], status: "completed" };
  return [
    { type: "response.output_item.done", output_index: 0, item },
    { type: "response.completed", response },
  ];
}
