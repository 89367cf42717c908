import type { AgentToolCallResult, ToolCalls } from "@llamaindex/workflow";
import { isReference } from "./objects.ts";
import type { Suspension } from "./suspension.ts";

/** Where a run stands in its turns: the answers of the model that bring calls. */
export interface Turns {
  /** The model has answered with calls; or those of a suspended turn are made again. */
  readonly begin: (turn: ToolCalls) => void;
  readonly ended: (result: AgentToolCallResult) => void;
  /** Puts the results of calls that ended before the run was suspended in front of those of the others. */
  readonly complete: (results: AgentToolCallResult[]) => void;
  /** What a suspension must know of the turn. */
  readonly rest: () => Pick<Suspension, "scope" | "turn" | "agentName" | "toolCalls" | "results">;
  /** Undefined for what are not the arguments of one of the turn's calls. */
  readonly scopeOf: (input: unknown) => string | undefined;
}

interface Turn extends ToolCalls {
  readonly number: number;
  /** From before the run was suspended. */
  readonly earlier: readonly AgentToolCallResult[];
  readonly results: AgentToolCallResult[];
}

/** The turns of a run from its start, or from the one it was suspended in. */
export function turnsOf(
  scope: string,
  { turn: number, results: earlier }: Pick<Suspension, "turn" | "results">,
): Turns {
  let turn: Turn = { number: number - 1, agentName: "", toolCalls: [], earlier, results: [] };
  let begun = false;
  return {
    begin({ agentName, toolCalls }) {
      turn = { number: turn.number + 1, agentName, toolCalls, earlier: begun ? [] : earlier, results: [] };
      begun = true;
    },
    ended: (result) => void turn.results.push(result),
    complete: (results) => void results.unshift(...turn.earlier),
    rest: () => ({
      scope,
      turn: turn.number,
      agentName: turn.agentName,
      toolCalls: turn.toolCalls.slice(turn.results.length),
      results: [...turn.earlier, ...turn.results],
    }),
    scopeOf(input) {
      // LlamaIndex hands a tool the very object that the call has.
      const isOwn = isReference(input) && turn.toolCalls.some(({ toolKwargs }) => toolKwargs === input);
      return isOwn ? `${scope}#${turn.number}` : undefined;
    },
  };
}
