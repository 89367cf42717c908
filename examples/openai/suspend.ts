import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createLeash } from "@leashkit/core";
import { createInterceptor, type ToolMessage, type Turn } from "@leashkit/openai";
import type OpenAI from "openai";
import { client } from "./model.ts";
import { handlers, tools } from "./tools.ts";

/** Where the loop leaves its notes when it has to wait: `node … suspend.ts notes.json`, and the same again once somebody answered. */
const file = process.argv[2] ?? "notes.json";

interface Notes {
  readonly messages: OpenAI.ChatCompletionMessageParam[];
  readonly suspension: Turn["suspension"];
}

const start: Notes = { messages: [{ role: "user", content: "Order A-17 arrived broken." }], suspension: null };
const notes = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Notes) : start;
const leash = await createLeash({ policy: "leash.yaml" });

// #region suspend
const interceptor = createInterceptor(leash, { tools, handlers });
const { messages } = notes;
let { suspension } = notes;
for (;;) {
  const last = messages.at(-1);
  const calls = last?.role === "assistant" ? last.tool_calls : undefined;
  if (calls !== undefined) {
    const turn = await (suspension === null ? interceptor.run(calls) : interceptor.run<ToolMessage>(suspension));
    suspension = turn.suspension;
    if (suspension !== null) break; // a person is asked: write the notes down, end the process
    messages.push(...turn.outputs);
  }
  const { choices } = await client.chat.completions.create({ model: "any", messages, tools });
  const message = choices[0]?.message;
  if (message === undefined) break;
  messages.push(message);
  if (!message.tool_calls?.length) break;
}
// #endregion

if (suspension === null) {
  rmSync(file, { force: true });
  for (const { role, content } of messages)
    if (typeof content === "string") process.stdout.write(`${role}: ${content}\n`);
} else {
  writeFileSync(file, JSON.stringify({ messages, suspension }));
  process.stdout.write(`waiting: ${suspension.refs.join()}\n`);
}
await leash.close();
