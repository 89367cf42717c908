import { tool } from "langchain";
import { z } from "zod";

/** Two tools as anybody would write them: nothing in here knows of a policy. */
export const lookUpOrder = tool(({ order }) => `Order ${order}: one lamp, $80.00, arrived broken.`, {
  name: "look_up_order",
  description: "Look up an order.",
  schema: z.object({ order: z.string() }),
});

export const refund = tool(({ order, amount_minor }) => `Refunded $${(amount_minor / 100).toFixed(2)} for ${order}.`, {
  name: "refund",
  description: "Refund part or all of an order.",
  schema: z.object({ order: z.string(), amount_minor: z.int() }),
});
