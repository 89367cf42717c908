import type { AdapterBinding, BindingHost, TurnEnding } from "@leashkit/core/testing";
import { HelloPause } from "./framework.ts";
import { leashStatusTool, resumeTurn, runTurn, wrapTools, type HelloTurn } from "./index.ts";

// #region binding
/** The adapter as the binding suite drives it. */
export const hello: AdapterBinding = {
  name: "hello",
  cannot: { stream: "the invented framework answers in one piece" },
  rendered: (text) => text,
  pauseInside() {
    throw new HelloPause("The tool pauses its turn.");
  },
  host({ gate, tools, pause }): BindingHost {
    const bare = tools.map((tool) => ({ ...tool, execute: (input: unknown) => tool.run(input) }));
    const wrapped = wrapTools(bare, gate, { pause });
    const status = leashStatusTool(gate, wrapped);
    return {
      turn: async (calls, { signal }) => endingOf(await runTurn(wrapped, calls, signal)),
      resume: async (suspension, { signal }) => endingOf(await resumeTurn(wrapped, suspension, signal)),
      status: async (ref) => String(await status.execute({ ref })),
    };
  },
};

function endingOf(turn: HelloTurn): TurnEnding {
  return turn.kind === "paused"
    ? { kind: "suspended", suspension: turn.state }
    : { kind: "ended", calls: turn.answers };
}
// #endregion
