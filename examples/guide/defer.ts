import { createLeash } from "@leashkit/core";
import { leashStatusTool, refusalOf, wrapTools } from "@leashkit/langchain";
import { createAgent } from "langchain";
import { scriptedModel } from "./model.ts";
import { lookUpOrder, refund } from "./tools.ts";

const leash = await createLeash({
  policy: "refunds.yaml",
  notify: () => void process.stdout.write("somebody is told\n"),
});
const model = scriptedModel([
  { name: "refund", args: { shop: "shop.storeco.com", amount_minor: 8000 } },
  { name: "look_up_order", args: { order: "18" } },
]);

// #region defer
const tools = wrapTools([lookUpOrder, refund], leash, { pause: "defer" });
const agent = createAgent({ model, tools: [...tools, leashStatusTool(leash, tools)] });

const { messages } = await agent.invoke({ messages: "Refund order 17, then look up order 18." });
const ref = messages.map(refusalOf).find((refusal) => refusal?.code === "LEASH_PENDING")?.ref;
// #endregion
process.stdout.write(`${messages.at(-1)?.text}\n`);

await leash.desk({ id: "mira" }).approve(ref ?? "");
const later = createAgent({
  model: scriptedModel([{ name: "leash_status", args: { ref: ref ?? "" } }]),
  tools: [...tools, leashStatusTool(leash, tools)],
});
process.stdout.write(`${(await later.invoke({ messages: "Has anybody answered?" })).messages.at(-1)?.text}\n`);
await leash.close();
