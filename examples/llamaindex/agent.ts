import { extractText } from "@llamaindex/core/utils";
// #region agent
import { createLeash } from "@leashkit/core";
import { wrapTools } from "@leashkit/llamaindex";
import { agent } from "@llamaindex/workflow";
import { llm } from "./model.ts";
import { lookUpOrder, refund } from "./tools.ts";

const leash = await createLeash({ policy: "leash.yaml" });
const workflow = agent({ llm, tools: wrapTools([lookUpOrder, refund], leash) });
const { data } = await workflow.run("Order A-17 arrived broken. Please refund it.");
// #endregion

process.stdout.write(`${extractText(data.result)}\n`);
await leash.close();
