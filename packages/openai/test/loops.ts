import type OpenAI from "openai";
import { assembleChat, assembleResponse, type Interceptor } from "../index.ts";
import type { Client } from "./clients.ts";

export type Messages = OpenAI.Chat.ChatCompletionMessageParam[];
type Input = OpenAI.Responses.ResponseInput;

/** What a hand-written loop is run with. */
export interface Looping {
  readonly client: Client;
  readonly interceptor: Interceptor;
  readonly stream: boolean;
}

const MOST_ROUNDS = 5;

/** The loop over Chat Completions that users write: until the model makes no more calls. */
export async function chatLoop({ client, interceptor, stream }: Looping): Promise<Messages> {
  const messages: Messages = [{ role: "user", content: "go" }];
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const message = await ask(client, messages, stream);
    messages.push(message);
    if (!message.tool_calls?.length) return messages;
    const { outputs } = await interceptor.run(message.tool_calls);
    messages.push(...outputs);
  }
  throw new Error("The model never came to an end.");
}

export async function ask(client: Client, messages: Messages, stream: boolean) {
  const request = { model: "scripted", messages };
  if (stream) return (await assembleChat(await client.chat.completions.create({ ...request, stream: true }))).message;
  const completion = await client.chat.completions.create(request);
  const message = completion.choices[0]?.message;
  if (message === undefined) throw new Error("The completion has no message.");
  return message;
}

/** The loop over Responses that users write; the conversation is kept here. */
export async function responsesLoop({ client, interceptor, stream }: Looping): Promise<Input> {
  const input: Input = [{ role: "user", content: "go" }];
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const output = await respond(client, input, stream);
    input.push(...(output as Input));
    const { outputs } = await interceptor.run(output);
    if (outputs.length === 0) return input;
    input.push(...(outputs as Input));
  }
  throw new Error("The model never came to an end.");
}

async function respond(client: Client, input: Input, stream: boolean) {
  const request = { model: "scripted", input };
  if (stream) return (await assembleResponse(await client.responses.create({ ...request, stream: true }))).output;
  return (await client.responses.create(request)).output;
}
