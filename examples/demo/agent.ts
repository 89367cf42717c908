import type { Leash } from "@leashkit/core";
import { leashStatusTool, resumeLeash, wrapTools } from "@leashkit/langchain";
import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import type { Command } from "@langchain/langgraph";
import { AIMessage, type BaseMessage, createAgent, HumanMessage, ToolMessage } from "langchain";
import type { LogFollower } from "./log.ts";
import { scriptedModel, type Turn } from "./model.ts";
import { dollars, orderSchema } from "./orders.ts";
import type { Printer } from "./print.ts";
import { shoppingTools, type ToolsOptions } from "./tools.ts";

/** The agent's own name: part of every digest, record and proof. */
export const AGENT = "shopping-agent";

export interface ShoppingAgentOptions {
  readonly leash: Leash;
  readonly tools: ToolsOptions;
  readonly turns: readonly Turn[];
  readonly checkpointer: BaseCheckpointSaver;
  /** What happens while a person is asked: wait here, use LangGraph's durable interrupt, or go on with other work. */
  readonly pause: "hold" | "interrupt" | "defer";
}

/** An ordinary LangChain agent. One line of it is Leashkit's: its tools are wrapped. */
export function shoppingAgent({ leash, tools, turns, checkpointer, pause }: ShoppingAgentOptions) {
  const wrapped = wrapTools(shoppingTools(tools), leash, { pause });
  return createAgent({
    model: scriptedModel(turns),
    tools: [...wrapped, leashStatusTool(leash, wrapped)],
    checkpointer,
  });
}

export type ShoppingAgent = ReturnType<typeof shoppingAgent>;

/** One run of an agent: what was said, and the approvals (ids) that it stopped to wait for. */
export interface Run {
  readonly messages: readonly BaseMessage[];
  readonly pending: readonly string[];
}

/** What every process of the demo has: its leash, and where its runs are told as they happen. */
export interface Setting {
  readonly leash: Leash;
  readonly printer: Printer;
  readonly log: LogFollower;
}

/** Runs the agent on one thread, on a person's words or the resume of a run that stopped. */
export async function talk(
  agent: ShoppingAgent,
  thread: string,
  input: string | Command,
  setting: Setting,
): Promise<Run> {
  let run = await runSoFar(agent, thread);
  const given = typeof input === "string" ? { messages: [new HumanMessage(input)] } : input;
  for await (const state of await agent.stream(given, { ...configOf(thread), streamMode: "values" })) {
    run = await narrate(run, state, setting);
  }
  return run;
}

/** Goes on with a run that stopped to ask a person, once they answered. */
export async function resume(agent: ShoppingAgent, thread: string, setting: Setting): Promise<Run> {
  const before = await runSoFar(agent, thread);
  const state = await resumeLeash(agent, configOf(thread), { leash: setting.leash });
  return narrate(before, state ?? {}, setting);
}

const configOf = (thread: string) => ({ configurable: { thread_id: thread } });

async function runSoFar(agent: ShoppingAgent, thread: string): Promise<Run> {
  const { values } = await agent.graph.getState(configOf(thread));
  return { messages: (values as { readonly messages?: readonly BaseMessage[] }).messages ?? [], pending: [] };
}

/** Prints what `state` adds to a run: first what the log says about it, then what the agent says and is told. */
async function narrate(before: Run, state: unknown, { printer, log }: Setting): Promise<Run> {
  const { messages = before.messages, __interrupt__: interrupts = [] } = state as {
    readonly messages?: readonly BaseMessage[];
    readonly __interrupt__?: readonly { readonly value?: { readonly leash?: { readonly approvalId?: string } } }[];
  };
  await log.show();
  for (const message of messages.slice(before.messages.length)) printMessage(message, printer);
  return { messages, pending: interrupts.flatMap(({ value }) => value?.leash?.approvalId ?? []) };
}

function printMessage(message: BaseMessage, printer: Printer): void {
  if (ToolMessage.isInstance(message)) {
    printer.line("tool", message.text, message.status === "error" ? "bad" : "plain");
  } else if (AIMessage.isInstance(message)) {
    for (const call of message.tool_calls ?? []) printer.line("agent", `wants to ${inWords(call.name, call.args)}`);
    if (message.text !== "") printer.line("agent", `"${message.text}"`);
  }
}

function inWords(tool: string, args: Readonly<Record<string, unknown>>): string {
  const order = orderSchema.safeParse(args);
  if (order.success) {
    return `buy ${order.data.item} for ${dollars(order.data.amount_minor)} from ${order.data.merchant_domain}`;
  }
  if (tool === "write_file") return `write the file ${String(args["path"])}`;
  if (tool === "leash_status") return `know what became of ${String(args["ref"])}`;
  return `call ${tool}`;
}
