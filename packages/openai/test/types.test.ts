import type OpenAI6 from "openai";
import type OpenAI5 from "openai-5";
import type OpenAI7 from "openai-7";
import { expect, it } from "vitest";
import { assembleChat, assembleResponse, createInterceptor, wrapTools, type Interceptor } from "../index.ts";
import { ALLOW_ALL, leashFor } from "../leash.fixture.ts";

// What users write, type-checked against each version of the client.

const model = "scripted";

export async function with5(client: OpenAI5, interceptor: Interceptor): Promise<void> {
  const messages: OpenAI5.Chat.ChatCompletionMessageParam[] = [];
  const { message, calls } = await assembleChat(
    await client.chat.completions.create({ model, messages, stream: true }),
  );
  messages.push(message, ...(await interceptor.run(calls)).outputs);
  const input: OpenAI5.Responses.ResponseInput = [];
  const { output } = await assembleResponse(await client.responses.create({ model, input, stream: true }));
  // The client's newer types do not take its own output for input.
  input.push(...(output as typeof input), ...(await interceptor.run(output)).outputs);
}

export async function with6(client: OpenAI6, interceptor: Interceptor): Promise<void> {
  const messages: OpenAI6.Chat.ChatCompletionMessageParam[] = [];
  const { message, calls } = await assembleChat(
    await client.chat.completions.create({ model, messages, stream: true }),
  );
  messages.push(message, ...(await interceptor.run(calls)).outputs);
  const input: OpenAI6.Responses.ResponseInput = [];
  const { output } = await assembleResponse(await client.responses.create({ model, input, stream: true }));
  // The client's newer types do not take its own output for input.
  input.push(...(output as typeof input), ...(await interceptor.run(output)).outputs);
}

export async function with7(client: OpenAI7, interceptor: Interceptor): Promise<void> {
  const messages: OpenAI7.Chat.ChatCompletionMessageParam[] = [];
  const { message, calls } = await assembleChat(
    await client.chat.completions.create({ model, messages, stream: true }),
  );
  messages.push(message, ...(await interceptor.run(calls)).outputs);
  const input: OpenAI7.Responses.ResponseInput = [];
  const { output } = await assembleResponse(await client.responses.create({ model, input, stream: true }));
  // The client's newer types do not take its own output for input.
  input.push(...(output as typeof input), ...(await interceptor.run(output)).outputs);
}

const buy = {
  type: "function" as const,
  function: {
    name: "buy",
    description: "Buys.",
    parameters: { type: "object" as const },
    parse: (text: string) => JSON.parse(text) as { item: string },
    function: ({ item }: { item: string }) => `sold ${item}`,
  },
};

it("wrapped tools have the types of the tools passed in, for every client", async () => {
  const leash = await leashFor(ALLOW_ALL);
  const tools = wrapTools([buy], leash);
  const with5Tools = (client: OpenAI5) => client.chat.completions.runTools({ model, messages: [], tools });
  const with6Tools = (client: OpenAI6) => client.chat.completions.runTools({ model, messages: [], tools });
  const with7Tools = (client: OpenAI7) => client.chat.completions.runTools({ model, messages: [], tools });
  expect([with5Tools, with6Tools, with7Tools, with5, with6, with7, createInterceptor]).toHaveLength(7);
  expect(await Promise.resolve(tools[0].function.function({ item: "tea" }))).toBe("sold tea");
});
