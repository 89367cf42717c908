import { tool } from "llamaindex";
import { z } from "zod";

/** Two tools as anybody would write them: nothing in here knows of a policy. */
export const lookUpOrder = tool({
  name: "look_up_order",
  description: "Look up an order.",
  parameters: z.object({ order: z.string() }),
  execute: ({ order }) => `Order ${order}: one lamp, $80.00, arrived broken.`,
});

export const refund = tool({
  name: "refund",
  description: "Refund part or all of an order.",
  parameters: z.object({ order: z.string(), amount_minor: z.int() }),
  execute: ({ order, amount_minor }) => `Refunded $${(amount_minor / 100).toFixed(2)} for ${order}.`,
});
