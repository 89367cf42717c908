import { currentPermit, type Leash } from "@leashkit/core";
import type { BaseMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import {
  END,
  MemorySaver,
  MessagesAnnotation,
  START,
  StateGraph,
  type BaseCheckpointSaver,
} from "@langchain/langgraph";
import { createReactAgent, ToolNode, toolsCondition } from "@langchain/langgraph/prebuilt";
import { createAgent } from "langchain";
import { z } from "zod";
import { wrapTools, type LeashInterrupt, type WrapOptions } from "../index.ts";
import { callingModel, leashFor, type Call } from "./harness.ts";

export const POLICY =
  "default: deny\ntools: { buy: { decision: approve }, look: { decision: allow }, outer: { decision: allow } }\n";
export const thread = { configurable: { thread_id: "t1" } };

export interface State {
  readonly messages: BaseMessage[];
  readonly __interrupt__?: readonly { readonly id?: string; readonly value: LeashInterrupt }[];
}

/** What the hosts have in common. */
export interface Host {
  invoke(input: unknown, config: unknown): Promise<State>;
  getState(config: unknown): Promise<unknown>;
}

export interface Shop {
  readonly sold: { readonly item: string; readonly key: string | undefined }[];
  readonly looks: string[];
  readonly host: Host;
  readonly leash: Leash;
}

export const item = z.object({ item: z.string() });

type Checkpointer = BaseCheckpointSaver | boolean;

/** Each keeps its threads in memory, unless it is told where, or `false` for not at all. */
export const HOSTS: Record<string, (calls: readonly Call[], tools: never, checkpointer?: Checkpointer) => Host> = {
  "createAgent v2": (calls, tools, checkpointer = new MemorySaver()) =>
    createAgent({ model: callingModel(calls), tools, checkpointer, version: "v2" }) as unknown as Host,
  "createAgent v1": (calls, tools, checkpointer = new MemorySaver()) =>
    createAgent({ model: callingModel(calls), tools, checkpointer, version: "v1" }) as unknown as Host,
  "LangGraph's ToolNode in a graph of one's own": (calls, tools, checkpointer = new MemorySaver()) => {
    const model = callingModel(calls);
    return new StateGraph(MessagesAnnotation)
      .addNode("model", async ({ messages }) => ({ messages: [await model.invoke(messages)] }))
      .addNode("tools", new ToolNode(tools))
      .addEdge(START, "model")
      .addConditionalEdges("model", toolsCondition, ["tools", END])
      .addEdge("tools", "model")
      .compile({ checkpointer });
  },
  "LangGraph's createReactAgent": (calls, tools, checkpointer = new MemorySaver()) =>
    // oxlint-disable-next-line typescript/no-deprecated -- still in wide use, and it re-executes siblings
    createReactAgent({ llm: callingModel(calls), tools, checkpointer }),
};

export function hostOf(name: string, calls: readonly Call[], tools: object, checkpointer?: Checkpointer): Host {
  const host = HOSTS[name];
  if (host === undefined) throw new Error(`There is no host ${name}.`);
  return host(calls, tools as never, checkpointer);
}

export async function shopIn(hostName: string, calls: readonly Call[], options: WrapOptions = {}): Promise<Shop> {
  const leash = await leashFor(POLICY);
  const sold: Shop["sold"] = [];
  const looks: string[] = [];
  const buy = tool(
    (input) => {
      sold.push({ item: input.item, key: currentPermit()?.idempotencyKey });
      return `sold ${input.item}`;
    },
    { name: "buy", description: "d", schema: item },
  );
  const look = tool(
    (input) => {
      looks.push(input.item);
      return `saw ${input.item}`;
    },
    { name: "look", description: "d", schema: item },
  );
  return { sold, looks, leash, host: hostOf(hostName, calls, wrapTools([buy, look], leash, options)) };
}

export const buys: readonly Call[] = [
  { name: "buy", args: { item: "tea" }, id: "a" },
  { name: "buy", args: { item: "car" }, id: "b" },
];
export const buyAndLook: readonly Call[] = [
  { name: "look", args: { item: "shelf" }, id: "l" },
  { name: "buy", args: { item: "tea" }, id: "a" },
];
