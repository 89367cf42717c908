import { createLeash } from "@leashkit/core";
import { createInterceptor } from "@leashkit/openai";
import type OpenAI from "openai";
import { handlers, tools } from "./tools.ts";

const leash = await createLeash({ policy: "leash.yaml" });
const interceptor = createInterceptor(leash, { tools, handlers });

// #region check
/** Some servers say `stop` where they made calls; every other end means that calls may be missing. */
function isWhole({ finish_reason }: OpenAI.ChatCompletion.Choice): boolean {
  return finish_reason === "tool_calls" || finish_reason === "stop";
}
// #endregion

const message = {
  role: "assistant",
  content: null,
  refusal: null,
  tool_calls: [
    { id: "call_0", type: "function", function: { name: "look_up_order", arguments: '{"order":"A-17"}' } },
    { id: "call_1", type: "function", function: { name: "refund", arguments: '{"order":"A-17","amo' } },
  ],
} satisfies OpenAI.ChatCompletionMessage;
process.stdout.write(`whole: ${isWhole({ index: 0, message, logprobs: null, finish_reason: "length" })}\n`);
const { outputs } = await interceptor.run(message.tool_calls);
for (const { content } of outputs) process.stdout.write(`${content}\n`);
await leash.close();
