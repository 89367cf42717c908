import OpenAI6 from "openai";
import { zodFunction as zodFunction6 } from "openai/helpers/zod";
import OpenAI5 from "openai-5";
import { zodFunction as zodFunction5 } from "openai-5/helpers/zod";
import OpenAI7 from "openai-7";
import { zodFunction as zodFunction7 } from "openai-7/helpers/zod";

export type Client = OpenAI6;

/** A supported version of the client. All are used through the types of one: what the tests call is the same in each. */
export interface ClientVersion {
  readonly version: 5 | 6 | 7;
  readonly connect: (server: { readonly baseURL: string }) => Client;
  readonly zodFunction: typeof zodFunction6;
}

const options = ({ baseURL }: { readonly baseURL: string }) => ({ baseURL, apiKey: "none", maxRetries: 0 });

export const CLIENTS: readonly ClientVersion[] = [
  {
    version: 5,
    connect: (server) => new OpenAI5(options(server)) as unknown as Client,
    zodFunction: zodFunction5 as unknown as typeof zodFunction6,
  },
  { version: 6, connect: (server) => new OpenAI6(options(server)), zodFunction: zodFunction6 },
  {
    version: 7,
    connect: (server) => new OpenAI7(options(server)) as unknown as Client,
    zodFunction: zodFunction7 as unknown as typeof zodFunction6,
  },
];
