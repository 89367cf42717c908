import { tool } from "langchain";
import { z } from "zod";

export const lookUpOrder = tool(({ order }) => `Order ${order}: one lamp, $80.00.`, {
  name: "look_up_order",
  description: "Look up an order.",
  schema: z.object({ order: z.string() }),
});

export const refund = tool(({ amount_minor, shop }) => `Refunded ${amount_minor} cents, said ${shop}.`, {
  name: "refund",
  description: "Refund part or all of an order.",
  schema: z.object({ shop: z.string(), amount_minor: z.int() }),
});
