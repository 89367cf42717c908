import { createLeash, type Approval, type Desk, type Leash, type LeashOptions } from "@leashkit/core";
import { AIMessage, HumanMessage, type BaseMessage } from "@langchain/core/messages";
import { fakeModel } from "langchain";
import { ToolMessage } from "@langchain/core/messages";

/** A leash in memory that nobody answers unless the test does. */
export function leashFor(policy: string, options: Partial<LeashOptions> = {}): Promise<Leash> {
  return createLeash({ policy: { text: `leash: 1\n${policy}` }, store: "memory", notify: [], ...options });
}

export const ALLOW_ALL = "default: allow\n";
export const DENY_ALL = "default: deny\n";
export const ASK_ALL = "default: approve\n";

export interface Call {
  readonly name: string;
  readonly args: Record<string, unknown>;
  readonly id: string;
}

/** A model that first makes the calls, all in one message, and then says "done": stateless, so a restarted agent goes on. */
export function callingModel(...rounds: readonly (readonly Call[])[]): ReturnType<typeof fakeModel> {
  const model = fakeModel();
  for (let answer = 0; answer < 50; answer += 1) {
    model.respond((messages: BaseMessage[]) => answerTo(messages, rounds));
  }
  return model;
}

function answerTo(messages: readonly BaseMessage[], rounds: readonly (readonly Call[])[]): AIMessage {
  const spoken = messages.slice(messages.findLastIndex((message) => HumanMessage.isInstance(message)) + 1);
  const round = rounds[spoken.filter((message) => AIMessage.isInstance(message)).length];
  if (round === undefined) return new AIMessage("done");
  return new AIMessage({ content: "", tool_calls: round.map((call) => ({ ...call, type: "tool_call" as const })) });
}

export const ask = { messages: [{ role: "user" as const, content: "go" }] };

/** The tool messages of a finished run, by tool call id. */
export function toolMessages(result: { readonly messages: readonly BaseMessage[] }): Record<string, ToolMessage> {
  const messages = result.messages.filter((message): message is ToolMessage => ToolMessage.isInstance(message));
  return Object.fromEntries(messages.map((message) => [message.tool_call_id, message]));
}

/** Waits until so many approvals are open. */
export async function pendingAt(desk: Desk, count = 1): Promise<readonly Approval[]> {
  for (let look = 0; look < 400; look += 1) {
    const pending = await desk.pending();
    if (pending.length >= count) return pending;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`No ${count} approvals were opened in time.`);
}

/** The one approval that is open. */
export async function nextPending(leash: Leash): Promise<Approval> {
  const [approval] = await pendingAt(leash.desk({ id: "ann" }));
  if (approval === undefined) throw new Error("No approval is open.");
  return approval;
}

/** A person who says yes to the next question. */
export async function approveNext(leash: Leash): Promise<Approval> {
  return leash.desk({ id: "ann" }).approve((await nextPending(leash)).id);
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What the model reads of each call, by tool call id. */
export function contents(result: { readonly messages: readonly BaseMessage[] } | undefined): Record<string, unknown> {
  const messages = Object.entries(toolMessages(result ?? { messages: [] }));
  return Object.fromEntries(messages.map(([id, { content }]) => [id, content]));
}
