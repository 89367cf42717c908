import { createLeash } from "@leashkit/core";
import { resumeLeash, wrapTools } from "@leashkit/langchain";
import { Command, MemorySaver } from "@langchain/langgraph";
import { createAgent } from "langchain";
import { scriptedModel } from "./model.ts";
import { lookUpOrder, refund } from "./tools.ts";

const leash = await createLeash({
  policy: "refunds.yaml",
  notify: () => void process.stdout.write("somebody is told\n"),
});
const model = scriptedModel([{ name: "refund", args: { shop: "shop.storeco.com", amount_minor: 8000 } }]);

// #region interrupt
const checkpointer = new MemorySaver(); // one on disk or in a database outlives the process
const agent = createAgent({ model, tools: wrapTools([lookUpOrder, refund], leash), checkpointer });
const config = { configurable: { thread_id: "order-17" } };

await agent.invoke({ messages: "Please refund order 17." }, config); // stops at LangGraph's interrupt
// #endregion

const desk = leash.desk({ id: "mira" });
const [approval] = await desk.pending();
const forged = await agent.invoke(new Command({ resume: { decisions: [{ type: "approve" }] } }), config);
process.stdout.write(
  `after a forged resume: ${forged.messages.filter(({ type }) => type === "tool").length} results\n`,
);
await desk.approve(approval?.id ?? "");

// #region resume
const done = await resumeLeash(agent, config, { leash }); // waits for the answer; also in another process
process.stdout.write(`${done?.messages.at(-1)?.text}\n`);
// #endregion
await leash.close();
