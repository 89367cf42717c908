import { LeashError } from "@leashkit/core";
import type { ChatMessage } from "@llamaindex/core/llms";
import type { AgentToolCall, AgentToolCallResult } from "@llamaindex/workflow";
import { isObject } from "./objects.ts";

/**
 * A run that waits for a person, as plain JSON. It holds the conversation and the arguments of calls: keep it where you keep the
 * conversation. It carries no authority: the calls it names are decided as if they were proposed now, and leave is read from the
 * leash's own store.
 */
export interface Suspension {
  readonly v: 1;
  readonly kind: "leashkit.llamaindex.suspension";
  readonly scope: string;
  /** The model's answers with calls, counted from 1: ids of calls may come again in each. */
  readonly turn: number;
  readonly agentName: string;
  /** The calls of the turn that have not ended. The first is the one that waits. */
  readonly toolCalls: readonly AgentToolCall[];
  /** How those before them ended: they are not made again. */
  readonly results: readonly AgentToolCallResult[];
  /** LlamaIndex's own snapshot. */
  readonly memory: string;
  readonly scratchpad: readonly ChatMessage[];
  readonly currentAgentName: string;
  readonly nextAgentName: string | null;
  /** Refs of the approvals it waits for. */
  readonly refs: readonly string[];
}

const KIND = "leashkit.llamaindex.suspension";

/** A copy that shares nothing with the run it was taken from. */
export function suspend(state: Omit<Suspension, "v" | "kind">): Suspension {
  return plainCopy({ v: 1, kind: KIND, ...state }) as Suspension;
}

/**
 * Reads back what `suspend` made, as a copy.
 * @throws {LeashError} `LEASH_INPUT_INVALID` for anything else, other versions included.
 */
export function readSuspension(given: unknown): Suspension {
  const value = isObject(given) ? plainCopy(given) : undefined;
  if (!isObject(value) || value["kind"] !== KIND) throw unreadable("it is no suspension of this package");
  if (value["v"] !== 1) throw unreadable("it is a suspension of another version of this package");
  const damaged = Object.entries(PARTS).find(([name, isSound]) => !isSound(value[name]));
  if (damaged !== undefined) throw unreadable(`its ${damaged[0]} is damaged`);
  return value as unknown as Suspension;
}

function plainCopy(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value));
  } catch (cause) {
    throw new LeashError(
      "LEASH_INPUT_INVALID",
      "A run that waits for a person is kept as plain JSON, and this one holds something that is none. Keep such things out of messages.",
      { cause },
    );
  }
}

const PARTS: { readonly [Name in Exclude<keyof Suspension, "v" | "kind">]: (part: unknown) => boolean } = {
  scope: isName,
  turn: (part) => Number.isSafeInteger(part) && Number(part) >= 1,
  agentName: isName,
  toolCalls: (part) => isList(part, isToolCall) && isObject(part[0]) && isName(part[0]["toolId"]),
  results: (part) => isList(part, isToolResult),
  memory: isSnapshot,
  scratchpad: (part) => isList(part, isMessage),
  currentAgentName: isName,
  nextAgentName: (part) => part === null || isName(part),
  refs: (part) => isList(part, isName),
};

function isToolCall(part: unknown): boolean {
  return isObject(part) && isName(part["agentName"]) && isName(part["toolName"]) && isId(part["toolId"]);
}

function isToolResult(part: unknown): boolean {
  if (!isObject(part) || !isName(part["toolName"]) || !isId(part["toolId"])) return false;
  return isObject(part["toolOutput"]) && typeof part["returnDirect"] === "boolean";
}

function isSnapshot(part: unknown): boolean {
  if (typeof part !== "string") return false;
  try {
    const snapshot: unknown = JSON.parse(part);
    return isObject(snapshot) && isList(snapshot["messages"], isMessage);
  } catch {
    return false;
  }
}

function isMessage(part: unknown): boolean {
  return isObject(part) && typeof part["role"] === "string" && "content" in part;
}

/** A model may have left it out. */
function isId(part: unknown): boolean {
  return part === undefined || typeof part === "string";
}

function isName(part: unknown): part is string {
  return typeof part === "string" && part !== "";
}

function isList(part: unknown, isSound: (element: unknown) => boolean): part is readonly unknown[] {
  return Array.isArray(part) && part.every(isSound);
}

function unreadable(problem: string): LeashError {
  return new LeashError(
    "LEASH_INPUT_INVALID",
    `The run was not resumed: ${problem}. Pass the suspension as \`runWorkflow\` returned it, or its JSON read back.`,
  );
}
