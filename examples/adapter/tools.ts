import type { HelloTool } from "@leashkit/hello";

const parameters = {
  type: "object",
  properties: { name: { type: "string" } },
  required: ["name"],
  additionalProperties: false,
};

export const greet: HelloTool = {
  name: "greet",
  description: "Greets somebody.",
  parameters,
  execute: async (input) => `Hello, ${(input as { readonly name: string }).name}!`,
};

export const insult: HelloTool = {
  name: "insult",
  description: "Insults somebody.",
  parameters,
  execute: async (input) => `Boo, ${(input as { readonly name: string }).name}!`,
};
