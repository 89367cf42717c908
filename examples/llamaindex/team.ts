import { createLeash } from "@leashkit/core";
import { wrapTools } from "@leashkit/llamaindex";
import { extractText } from "@llamaindex/core/utils";
import { agent, multiAgent } from "@llamaindex/workflow";
import { scriptedModel } from "./model.ts";
import { lookUpOrder, refund } from "./tools.ts";

const leash = await createLeash({ policy: "team.yaml" });
const llm = scriptedModel([
  { name: "look_up_order", input: { order: "A-17" } },
  { name: "handOff", input: { toAgent: "manager", reason: "It is a lot of money." } },
  { name: "handOff", input: { toAgent: "cashier", reason: "The lamp is broken." } },
  { name: "refund", input: { order: "A-17", amount_minor: 8000 } },
]);

// #region team
const clerk = agent({ name: "clerk", llm, tools: [lookUpOrder], canHandoffTo: ["cashier", "manager"] });
const cashier = agent({ name: "cashier", llm, tools: [refund] });
const manager = agent({ name: "manager", llm, tools: [refund] });

const workflow = wrapTools(multiAgent({ agents: [clerk, cashier, manager], rootAgent: clerk }), leash);
// #endregion

const { data } = await workflow.run("Order A-17 arrived broken. Please refund it.");
process.stdout.write(`${extractText(data.result)}\n`);
await leash.close();
