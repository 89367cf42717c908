import type {
  AdapterBinding,
  BindingHost,
  HostSetup,
  ProposedCall,
  SuiteTool,
  TurnEnding,
} from "@leashkit/core/testing";
import {
  type Answer,
  assembleChat,
  assembleResponse,
  createInterceptor,
  leashStatusTool,
  type Suspension,
  type Turn,
} from "@leashkit/openai";
import { runTools } from "./openai-runner.ts";
import { chatCall, chatChunks, functionCall, responseEvents } from "./openai-wire.ts";

/** What the two APIs do differently. */
interface Api {
  readonly name: "chat" | "responses";
  readonly describe: (tool: SuiteTool) => object;
  readonly call: (proposed: ProposedCall) => object;
  /** The calls of an answer that arrives in pieces. */
  readonly streamed: (calls: readonly object[]) => Promise<readonly object[]>;
  readonly status: () => object;
}

const chat: Api = {
  name: "chat",
  describe: ({ name, description, parameters }) => ({ type: "function", function: { name, description, parameters } }),
  call: chatCall,
  streamed: async (calls) => (await assembleChat(chatChunks(calls))).calls,
  status: () => leashStatusTool("chat"),
};

const responses: Api = {
  name: "responses",
  describe: ({ name, description, parameters }) => ({ type: "function", name, description, parameters, strict: false }),
  call: functionCall,
  streamed: async (calls) => (await assembleResponse(responseEvents(calls))).output,
  status: () => leashStatusTool("responses"),
};

/** A hand-written loop over either API. */
export const handLoops: readonly AdapterBinding[] = [handLoop(chat), handLoop(responses)];

/** The same, and the client's own runner. */
export const openaiBindings: readonly AdapterBinding[] = [...handLoops, runTools];

function handLoop(api: Api): AdapterBinding {
  return { name: `openai, ${api.name}`, cannot: {}, rendered: (text) => text, host: (setup) => host(api, setup) };
}

function host(api: Api, { gate, tools, pause }: HostSetup): BindingHost {
  const interceptor = createInterceptor(gate, {
    tools: [...tools.map(api.describe), ...(pause === "defer" ? [api.status()] : [])],
    handlers: Object.fromEntries(tools.map(({ name, run }) => [name, (input: unknown) => run(input)])),
    pause,
  });
  return {
    async turn(proposed, { signal, stream = false }) {
      const calls = proposed.map(api.call);
      const items = stream ? await api.streamed(calls) : calls;
      return endingOf(await interceptor.run(items, {}, { ...(signal !== undefined && { signal }) }));
    },
    async resume(text, { signal }) {
      return endingOf(await interceptor.run(suspensionIn(text), {}, { ...(signal !== undefined && { signal }) }));
    },
    async status(ref) {
      const call = api.call({ id: "status-1", tool: "leash_status", arguments: JSON.stringify({ ref }) });
      const { outputs } = await interceptor.run([call]);
      return outputs.map(wordsOf).join();
    },
  };
}

function endingOf({ outputs, suspension }: Turn): TurnEnding {
  if (suspension !== null) return { kind: "suspended", suspension: JSON.stringify(suspension) };
  return { kind: "ended", calls: outputs.map((output) => ({ callId: idOf(output), text: wordsOf(output) })) };
}

function idOf(output: Answer): string {
  if ("tool_call_id" in output) return output.tool_call_id;
  return "call_id" in output ? output.call_id : "";
}

function wordsOf(output: Answer): string {
  if ("content" in output) return output.content;
  return "output" in output && typeof output.output === "string" ? output.output : "";
}

/** Lists, and nothing at all, are answers of a model to `run`, not suspensions. */
function suspensionIn(text: string): Suspension {
  const read: unknown = JSON.parse(text);
  if (typeof read === "object" && read !== null && !Array.isArray(read)) return read as Suspension;
  throw new SyntaxError("This is no suspension.");
}
