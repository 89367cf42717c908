import { createLeash } from "@leashkit/core";
import { createInterceptor, leashStatusTool } from "@leashkit/openai";
import type OpenAI from "openai";
import { patientClient as client } from "./model.ts";
import { handlers, tools } from "./tools.ts";

const leash = await createLeash({
  policy: "leash.yaml",
  notify: () => void process.stdout.write("somebody is told\n"),
});
const messages: OpenAI.ChatCompletionMessageParam[] = [];

// #region defer
const interceptor = createInterceptor(leash, { tools, handlers, pause: "defer" });

async function chat(content: string): Promise<string> {
  messages.push({ role: "user", content });
  for (;;) {
    const request = { model: "any", messages, tools: [...tools, leashStatusTool("chat")] };
    const { choices } = await client.chat.completions.create(request);
    const message = choices[0]?.message;
    if (message === undefined) return "";
    messages.push(message);
    if (!message.tool_calls?.length) return message.content ?? "";
    const { outputs } = await interceptor.run(message.tool_calls); // `pending` lists the calls that wait
    messages.push(...outputs);
  }
}
// #endregion

process.stdout.write(`${await chat("Refund order A-17, then tell me what it was.")}\n`);
const desk = leash.desk({ id: "mira" });
for (const { id } of await desk.pending()) await desk.approve(id); // a person, somewhere else
process.stdout.write(`${await chat("Has anybody answered?")}\n`);
await leash.close();
