import { createLeash } from "@leashkit/core";
import { leashStatusTool, wrapTools } from "@leashkit/llamaindex";
import { extractText } from "@llamaindex/core/utils";
import { agent } from "@llamaindex/workflow";
import { scriptedModel } from "./model.ts";
import { lookUpOrder, refund } from "./tools.ts";

const leash = await createLeash({ policy: "leash.yaml", notify: [] });
const llm = scriptedModel([
  { name: "refund", input: { order: "A-17", amount_minor: 8000 } },
  { name: "look_up_order", input: { order: "B-20" } },
]);

// #region defer
const tools = wrapTools([lookUpOrder, refund], leash, { pause: "defer" });
const workflow = agent({ llm, tools: [...tools, leashStatusTool(leash, tools)] });
const { data } = await workflow.run("Refund order A-17, then look up order B-20.");
// #endregion
process.stdout.write(`${extractText(data.result)}\n`);

const desk = leash.desk({ id: "mira" });
const [approval] = await desk.pending();
const ref = approval?.ref ?? "";
await desk.approve(ref);

const asking = scriptedModel([{ name: "leash_status", input: { ref } }]);
const later = agent({ llm: asking, tools: [...tools, leashStatusTool(leash, tools)] });
process.stdout.write(`${extractText((await later.run("Has anybody answered?")).data.result)}\n`);
await leash.close();
