import { createLeash } from "@leashkit/core";
import { leashedDeepAgent, resumeLeash } from "@leashkit/langchain";
import { MemorySaver } from "@langchain/langgraph";
import { createDeepAgent } from "deepagents";
import { AIMessage, fakeModel } from "langchain";
import { lookUpOrder, refund } from "./tools.ts";

const leash = await createLeash({ policy: "deep-agent.yaml" });
/** Stands in for a real model, of the agent and of its cashier. */
const model = fakeModel()
  .respondWithTools([{ name: "task", args: { description: "Refund A-17.", subagent_type: "cashier" }, id: "call_1" }])
  .respondWithTools([{ name: "refund", args: { order: "A-17", amount_minor: 8000 }, id: "call_2" }])
  .respondWithTools([{ name: "write_file", args: { file_path: "/refunds.txt", content: "A-17" }, id: "call_3" }])
  .respond((messages) => new AIMessage(messages.flatMap(({ type, text }) => (type === "tool" ? text : [])).join("\n")))
  .respond((messages) => new AIMessage(messages.at(-1)?.text ?? ""));

// #region agent
const { leashes, ...parts } = leashedDeepAgent({
  tools: [lookUpOrder],
  subagents: [{ name: "cashier", description: "Refunds.", systemPrompt: "Refund what is due.", tools: [refund] }],
  leash,
  narrow: { cashier: { tools: ["refund", "read_file"] } },
});
const agent = createDeepAgent({ model, checkpointer: new MemorySaver(), ...parts });
// #endregion

const config = { configurable: { thread_id: "order-17" } };
await agent.invoke({ messages: "Order A-17 arrived broken. Please refund it." }, config); // stops in the cashier's task

const desk = leash.desk({ id: "mira" });
for (const { id, principal } of await desk.pending()) {
  process.stdout.write(`asked by ${[...principal.chain, principal.agent].join(" > ")}\n`);
  await desk.approve(id);
}

// #region resume
const done = await resumeLeash(agent, config, { leash: leashes });
// #endregion
process.stdout.write(`${done?.messages.at(-1)?.text}\n`);
await leash.close();
