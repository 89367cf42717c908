import type { Leash, Narrowing } from "@leashkit/core";
import { AIMessage, HumanMessage, ToolMessage, type BaseMessage } from "@langchain/core/messages";
import type { BaseCheckpointSaver } from "@langchain/langgraph";
import { createDeepAgent } from "deepagents";
import { fakeModel } from "langchain";
import { leashedDeepAgent, wrapTools, type LeashMiddlewareOptions } from "../index.ts";
import type { Call } from "./harness.ts";
import type { Host } from "./hosts.ts";
import { deed } from "./office.ts";

/** What the models do, by the task that they are given: the calls, one message after the other. */
export type Scripts = Readonly<Record<string, readonly (readonly Call[])[]>>;

/** One model for all agents, without a memory of its own. At its end each tells what its tools told it, by call. */
export function scriptedModel(scripts: Scripts): ReturnType<typeof fakeModel> {
  const model = fakeModel();
  for (let answer = 0; answer < 100; answer += 1) model.respond((messages) => nextOf(scripts, messages));
  return model;
}

function nextOf(scripts: Scripts, messages: readonly BaseMessage[]): AIMessage {
  const start = messages.findLastIndex((message) => HumanMessage.isInstance(message));
  const asked = messages[start]?.text ?? "";
  const said = messages.slice(start);
  // An agent that goes on in its parent's conversation reads more than the task, and the task last.
  const script = Object.entries(scripts).find(([task]) => asked === task || asked.endsWith(`\n\n${task}`))?.[1];
  const calls = script?.[said.filter((message) => AIMessage.isInstance(message)).length];
  if (calls !== undefined) {
    return new AIMessage({ content: "", tool_calls: calls.map((call) => ({ ...call, type: "tool_call" as const })) });
  }
  const told = said.filter((message) => ToolMessage.isInstance(message));
  return new AIMessage(JSON.stringify(Object.fromEntries(told.map((answer) => [answer.tool_call_id, answer.text]))));
}

/** A call of `task`: the name of the agent is the task's, too, unless it is stated. */
export const delegate = (agent: string, id = agent, description = agent): Call => ({
  name: "task",
  args: { description, subagent_type: agent },
  id,
});

export interface Office {
  readonly leash: Leash;
  readonly scripts: Scripts;
  readonly ran: string[];
  readonly checkpointer?: BaseCheckpointSaver;
  readonly narrow?: Readonly<Record<string, Narrowing>>;
  readonly options?: LeashMiddlewareOptions;
  /** Whether the tools are put behind the leash beforehand, too. */
  readonly wrapped?: boolean;
}

/** An agent with a buyer, who has the agent's tools; a clerk, who has one of its own; and a fork of itself. */
export function deepOffice({ leash, scripts, ran, checkpointer, wrapped = false, ...rest }: Office) {
  const tools = [deed("buy", ran), deed("look", ran)];
  const { leashes, ...parts } = leashedDeepAgent({
    tools: wrapped ? wrapTools(tools, leash) : tools,
    subagents: [
      { name: "buyer", description: "Buys.", systemPrompt: "Buy." },
      { name: "clerk", description: "Files.", systemPrompt: "File.", tools: [deed("stamp", ran)] },
      { name: "fork", description: "Goes on.", mode: "fork" },
    ],
    leash,
    ...rest,
  });
  const agent = createDeepAgent({
    model: scriptedModel(scripts),
    ...(checkpointer !== undefined && { checkpointer }),
    ...parts,
  });
  return { agent: agent as unknown as Host, leashes, ran };
}

/** What an agent was told by its tools, by call: its last words. */
export function lastWords(state: { readonly messages: readonly BaseMessage[] } | undefined): Record<string, string> {
  return JSON.parse(state?.messages.at(-1)?.text ?? "{}") as Record<string, string>;
}

/** What the agent behind a `task` was told by its tools. */
export function toldWithin(
  state: { readonly messages: readonly BaseMessage[] } | undefined,
  task: string,
): Record<string, string> {
  return JSON.parse(lastWords(state)[task] ?? "{}") as Record<string, string>;
}
