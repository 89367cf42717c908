// #region agent
import { createLeash } from "@leashkit/core";
import { wrapTools } from "@leashkit/langchain";
import { createAgent } from "langchain";
import { model } from "./model.ts";
import { lookUpOrder, refund } from "./tools.ts";

const leash = await createLeash({ policy: "leash.yaml" });
const agent = createAgent({ model, tools: wrapTools([lookUpOrder, refund], leash) });
const { messages } = await agent.invoke({ messages: "Order A-17 arrived broken. Please refund it." });
// #endregion

for (const message of messages) if (message.text !== "") process.stdout.write(`${message.type}: ${message.text}\n`);
await leash.close();
