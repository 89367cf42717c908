import { tool } from "@langchain/core/tools";
import { createAgent } from "langchain";
import type { Leash, Narrowing } from "@leashkit/core";
import type { BaseCheckpointSaver } from "@langchain/langgraph";
import { wrapTools, type WrapOptions } from "../index.ts";
import { ask, callingModel, contents, type Call } from "./harness.ts";
import { item } from "./hosts.ts";

/** A tool that keeps what it did. */
export const deed = (name: string, ran: string[]) =>
  tool((input) => `${name} ${input.item}: ${ran.push(`${name} ${input.item}`)}`, {
    name,
    description: "d",
    schema: item,
  });

export interface SubAgent {
  readonly calls: readonly Call[];
  readonly ran: string[];
  readonly narrowing: Narrowing;
  readonly options?: WrapOptions;
  readonly version?: "v1" | "v2";
  /** Undefined: the one of the agent around it. */
  readonly checkpointer?: BaseCheckpointSaver | boolean | undefined;
  /** Whether the outer tool hands its own configuration on. */
  readonly passed?: boolean;
}

/** An agent within a tool, behind a narrowed leash of its own. The tool tells what the inner model was told. */
export function subAgent(name: string, leash: Leash, { calls, ran, narrowing, ...rest }: SubAgent) {
  const { options, version = "v2", checkpointer, passed = false } = rest;
  const child = leash.narrow(narrowing);
  const inner = createAgent({
    model: callingModel(calls),
    tools: wrapTools([deed("buy", ran), deed("look", ran)], child, options),
    version,
    ...(checkpointer !== undefined && { checkpointer }),
  });
  const outer = tool(
    async (_input, config) => {
      ran.push(name);
      return JSON.stringify(contents(await inner.invoke(ask, passed ? config : {})));
    },
    { name, description: "d", schema: item },
  );
  return { child, outer };
}
