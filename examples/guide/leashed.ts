import { createLeash } from "@leashkit/core";
import { LeashCallbackHandler, leashed } from "@leashkit/langchain";
import { createAgent, createMiddleware, tool } from "langchain";
import { z } from "zod";
import { scriptedModel } from "./model.ts";
import { lookUpOrder, refund } from "./tools.ts";

const leash = await createLeash({ policy: "refunds.yaml", notify: [] });
const model = scriptedModel([
  { name: "look_up_order", args: { order: "17" } },
  { name: "write_file", args: { path: ".env" } },
]);
const writeFile = tool(({ path }) => `wrote ${path}`, {
  name: "write_file",
  description: "Write a file.",
  schema: z.object({ path: z.string() }),
});
/** Brings a tool of its own along, as middleware for file systems and sub-agents does. */
const fileSystem = createMiddleware({ name: "fileSystem", tools: [writeFile] });

// #region leashed
const agent = createAgent({
  model,
  ...leashed({ tools: [lookUpOrder, refund], middleware: [fileSystem], leash }),
});
// #endregion

// #region watch
const watcher = new LeashCallbackHandler(leash, { onEvent: ({ type, tool: name }) => seen.push(`${type} ${name}`) });
const seen: string[] = [];
const { messages } = await agent.invoke({ messages: "Look up order 17." }, { callbacks: [watcher] });
// #endregion
process.stdout.write(`${messages.at(-1)?.text}\n${seen.join(", ")}\n`);
await leash.close();
