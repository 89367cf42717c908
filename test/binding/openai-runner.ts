import type {
  AdapterBinding,
  BindingHost,
  CallEnding,
  HostSetup,
  ProposedCall,
  SuiteTool,
} from "@leashkit/core/testing";
import { wrapTools } from "@leashkit/openai";
import OpenAI from "openai";
import { chatCall, chatChunks } from "./openai-wire.ts";

/** The client's own loop, `client.chat.completions.runTools`, over a scripted network. */
export const runTools: AdapterBinding = {
  name: "openai, runTools",
  cannot: {
    suspend: "the runner lives in its process and cannot be taken up by another one",
    defer: "the runner has no place for a status tool that knows what is deferred: use createInterceptor",
  },
  rendered: (text) => text,
  host,
};

function host({ gate, tools }: HostSetup): BindingHost {
  const wrapped = wrapTools(tools.map(runnable), gate);
  return {
    async turn(calls, { signal, stream = false }) {
      const request = { model: "scripted", messages: [{ role: "user" as const, content: "go" }], tools: wrapped };
      const { completions } = clientOf(calls).chat;
      const options = { ...(signal !== undefined && { signal }) };
      const runner = stream
        ? completions.runTools({ ...request, stream: true }, options)
        : completions.runTools(request, options);
      await runner.done();
      return { kind: "ended", calls: runner.messages.flatMap(endingIn) };
    },
    resume: () => Promise.reject(new Error("The runner is never suspended.")),
    status: () => Promise.reject(new Error("The runner defers nothing.")),
  };
}

/** Without a `parse` the tool's schema is what reads its arguments. */
function runnable({ name, description, parameters, run }: SuiteTool) {
  const work = (text: string): Promise<string> => run(JSON.parse(text));
  return { type: "function" as const, function: { name, description, parameters: { ...parameters }, function: work } };
}

function endingIn(message: OpenAI.ChatCompletionMessageParam): readonly CallEnding[] {
  if (message.role !== "tool" || typeof message.content !== "string") return [];
  return [{ callId: message.tool_call_id, text: message.content }];
}

/** The real client, with a model in place of the network that proposes these calls, and is done once they are answered. */
function clientOf(calls: readonly ProposedCall[]): OpenAI {
  const proposed = calls.map(chatCall);
  return new OpenAI({
    apiKey: "none",
    maxRetries: 0,
    fetch: async (_url, request) => {
      const asked = JSON.parse(request?.body as string) as {
        readonly stream?: boolean;
        readonly messages: readonly object[];
      };
      const answer = asked.messages.length > 1 ? [] : proposed;
      return asked.stream === true ? streamOf(answer) : Response.json(completionOf(answer));
    },
  });
}

function completionOf(tool_calls: readonly object[]): object {
  const done = tool_calls.length === 0;
  const message = { role: "assistant", refusal: null, content: done ? "done" : null, ...(!done && { tool_calls }) };
  const finish_reason = done ? "stop" : "tool_calls";
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1,
    model: "scripted",
    choices: [{ index: 0, message, finish_reason, logprobs: null }],
  };
}

async function streamOf(calls: readonly object[]): Promise<Response> {
  let text = "";
  for await (const chunk of chatChunks(calls)) text += `data: ${JSON.stringify(chunk)}\n\n`;
  return new Response(`${text}data: [DONE]\n\n`, { headers: { "content-type": "text/event-stream" } });
}
