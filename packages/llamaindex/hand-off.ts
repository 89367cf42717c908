import type { Json, ResultCodec } from "@leashkit/core";

/** LlamaIndex's own tool for going over to another agent. */
export const HAND_OFF = "handOff";

/** The part of a workflow's state in which `handOff` leaves the agent's name. */
export interface NamesNextAgent {
  nextAgentName?: string | null;
}

interface Recorded {
  readonly result: Json;
  readonly nextAgentName: string | null;
}

/**
 * A `handOff` names the next agent beside its result. Both are recorded: a result that is handed out without running the tool
 * names the agent again. The result's words do not: a model has a part in them.
 */
export function handOffCodec(state: NamesNextAgent): ResultCodec<unknown> {
  return {
    encode: (result) => ({ result: result as Json, nextAgentName: state.nextAgentName ?? null }),
    decode(recorded) {
      const { result, nextAgentName } = recorded as unknown as Recorded;
      state.nextAgentName = nextAgentName;
      return result;
    },
  };
}
