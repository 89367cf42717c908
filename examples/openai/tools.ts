import type OpenAI from "openai";

/** What the API is told, and the work behind it: nothing in here knows of a policy. */
export const tools: OpenAI.ChatCompletionTool[] = [
  {
    type: "function",
    function: {
      name: "look_up_order",
      description: "Look up an order.",
      parameters: {
        type: "object",
        properties: { order: { type: "string" } },
        required: ["order"],
        additionalProperties: false,
      },
    },
  },
  {
    type: "function",
    function: {
      name: "refund",
      description: "Refund part or all of an order.",
      parameters: {
        type: "object",
        properties: { order: { type: "string" }, amount_minor: { type: "integer" } },
        required: ["order", "amount_minor"],
        additionalProperties: false,
      },
    },
  },
];

export const handlers = {
  look_up_order: ({ order }: { readonly order: string }) => `Order ${order}: one lamp, $80.00, arrived broken.`,
  refund: ({ order, amount_minor }: { readonly order: string; readonly amount_minor: number }) =>
    `Refunded $${(amount_minor / 100).toFixed(2)} for ${order}.`,
};
