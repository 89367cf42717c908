// #region loop
import { createLeash } from "@leashkit/core";
import { createInterceptor } from "@leashkit/openai";
import type OpenAI from "openai";
import { client } from "./model.ts";
import { handlers, tools } from "./tools.ts";

const leash = await createLeash({ policy: "leash.yaml" });
const interceptor = createInterceptor(leash, { tools, handlers, pause: "hold" });

const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content: "Order A-17 arrived broken." }];
for (;;) {
  const { choices } = await client.chat.completions.create({ model: "any", messages, tools });
  const message = choices[0]?.message;
  if (message === undefined) break;
  messages.push(message);
  if (!message.tool_calls?.length) break;
  const { outputs } = await interceptor.run(message.tool_calls);
  messages.push(...outputs);
}
// #endregion

for (const { role, content } of messages)
  if (typeof content === "string") process.stdout.write(`${role}: ${content}\n`);
await leash.close();
