import { createLeash } from "@leashkit/core";
import { leashedTool } from "@leashkit/llamaindex";
import { extractText } from "@llamaindex/core/utils";
import { agent } from "@llamaindex/workflow";
import { z } from "zod";
import { scriptedModel } from "./model.ts";

const leash = await createLeash({ policy: "leash.yaml" });
const llm = scriptedModel([{ name: "refund", input: { order: "A-17", amount_minor: "$12.50" } }]);

// #region leashed-tool
const inMinorUnits = z.string().transform((written) => Math.round(Number(written.replace("$", "")) * 100));

const refund = leashedTool(
  {
    name: "refund",
    description: "Refund part or all of an order.",
    parameters: z.object({ order: z.string(), amount_minor: inMinorUnits }),
    execute: ({ order, amount_minor }) => `Refunded ${amount_minor} cents for ${order}.`,
  },
  leash,
);
// #endregion

const { data } = await agent({ llm, tools: [refund] }).run("Refund $12.50 for order A-17.");
process.stdout.write(`${extractText(data.result)}\n`);
await leash.close();
