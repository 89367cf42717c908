import type { ToolResult } from "@llamaindex/core/llms";
import { tool, type FunctionTool } from "@llamaindex/core/tools";
import type { JSONValue } from "@llamaindex/core/global";
import type { Leash } from "@leashkit/core";
import { agent, type AgentWorkflow } from "@llamaindex/workflow";
import { z } from "zod";
import { wrapTools, type Suspension, type WorkflowRun, type WrapOptions } from "../index.ts";
import { leashFor } from "../leash.fixture.ts";
import { call, ScriptedLlm } from "../scripted-llm.fixture.ts";

export type Rounds = readonly (readonly ReturnType<typeof call>[])[];

/** A tool that does what its name says to an item, and notes it. */
export function deed(name: string, effects: string[]): FunctionTool<{ item: string }, JSONValue | Promise<JSONValue>> {
  const execute = ({ item }: { readonly item: string }): string =>
    `${name} ${item}: ${effects.push(`${name} ${item}`)}`;
  return tool({ name, description: "d", parameters: z.object({ item: z.string() }), execute });
}

export const doing = (name: string, item: string, id: string) => call(name, { item }, id);

/** One question for each `buy`; the rest is free. */
export const ASK_TO_BUY = "default: allow\ntools: { buy: { decision: approve } }\n";

export interface Shop {
  readonly leash: Leash;
  readonly effects: string[];
  /** An agent as a new process would build it, with a model that knows nothing but what it is shown. */
  readonly build: () => { readonly llm: ScriptedLlm; readonly workflow: AgentWorkflow };
}

export async function shop(policy: string, rounds: Rounds, options?: WrapOptions): Promise<Shop> {
  const leash = await leashFor(policy);
  const effects: string[] = [];
  const build = () => {
    const llm = new ScriptedLlm(...rounds);
    const tools = wrapTools([deed("look", effects), deed("buy", effects), deed("pack", effects)], leash, options);
    return { llm, workflow: agent({ llm, tools }) };
  };
  return { leash, effects, build };
}

/** The suspension that the run must have ended with, as it comes back from a file. */
export function kept({ suspension }: WorkflowRun): Suspension {
  if (suspension === null) throw new Error("The run was not suspended.");
  return JSON.parse(JSON.stringify(suspension)) as Suspension;
}

/** The texts of the results that the model was shown, in order. */
export function shown({ seen }: ScriptedLlm): readonly unknown[] {
  return seen.flatMap(({ options }) =>
    options !== undefined && "toolResult" in options ? [(options.toolResult as ToolResult).result] : [],
  );
}
