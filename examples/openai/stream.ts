import { createLeash } from "@leashkit/core";
import { assembleChat, createInterceptor } from "@leashkit/openai";
import type OpenAI from "openai";
import { quickClient as client } from "./model.ts";
import { handlers, tools } from "./tools.ts";

const leash = await createLeash({ policy: "leash.yaml" });
const interceptor = createInterceptor(leash, { tools, handlers, pause: "hold" });
const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content: "Order A-17 arrived broken." }];

// #region stream
for (;;) {
  const stream = await client.chat.completions.create({ model: "any", messages, tools, stream: true });
  const { message, calls } = await assembleChat(stream);
  messages.push(message);
  if (calls.length === 0) break;
  const { outputs } = await interceptor.run(calls); // these very objects
  messages.push(...outputs);
}
// #endregion

for (const { role, content } of messages)
  if (typeof content === "string") process.stdout.write(`${role}: ${content}\n`);
await leash.close();
