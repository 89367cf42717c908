import type OpenAI from "openai";

/** The work of the tools, and below what the API is told of them: nothing in here knows of a policy. */
export const handlers = {
  look_up_order: ({ order }: { readonly order: string }) => `Order ${order}: one lamp, $80.00, arrived broken.`,
  refund: ({ order, amount_minor }: { readonly order: string; readonly amount_minor: number }) =>
    `Refunded $${(amount_minor / 100).toFixed(2)} for ${order}.`,
};

interface Description {
  readonly name: keyof typeof handlers;
  readonly description: string;
  readonly parameters: Record<string, unknown>;
}

const descriptions: readonly Description[] = [
  {
    name: "look_up_order",
    description: "Look up an order.",
    parameters: {
      type: "object",
      properties: { order: { type: "string" } },
      required: ["order"],
      additionalProperties: false,
    },
  },
  {
    name: "refund",
    description: "Refund part or all of an order.",
    parameters: {
      type: "object",
      properties: { order: { type: "string" }, amount_minor: { type: "integer" } },
      required: ["order", "amount_minor"],
      additionalProperties: false,
    },
  },
];

/** As Chat Completions takes them. */
export const tools: OpenAI.ChatCompletionTool[] = descriptions.map((description) => ({
  type: "function",
  function: description,
}));

/** As the Responses API takes them. */
export const responseTools: OpenAI.Responses.FunctionTool[] = descriptions.map((description) => ({
  type: "function",
  strict: false,
  ...description,
}));

/** As `runTools` takes them: each with its work. */
export const runnableTools = descriptions.map((description) => ({
  type: "function" as const,
  function: {
    ...description,
    function: (text: string): string => handlers[description.name](JSON.parse(text)),
  },
}));
