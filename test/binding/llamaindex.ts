import { randomUUID } from "node:crypto";
import type { AdapterBinding, BindingHost, HostSetup, TurnEnding, TurnOptions } from "@leashkit/core/testing";
import { leashStatusTool, resumeWorkflow, runWorkflow, wrapTools } from "@leashkit/llamaindex";
import type { Suspension } from "@leashkit/llamaindex";
import { FunctionTool } from "@llamaindex/core/tools";
import { stringifyJSONToMessageContent } from "@llamaindex/core/utils";
import { agent, type AgentWorkflow } from "@llamaindex/workflow";
import { request, ScriptedLlm } from "./llamaindex-model.ts";

const parsesItself = "LlamaIndex parses the text itself, leniently, before any tool sees it";
const rendered = (text: string): string => stringifyJSONToMessageContent(text);

/** LlamaIndex's own agent over a scripted model: by its own `run`, and by the run that can be suspended. */
export const llamaindexBindings: readonly [AdapterBinding, AdapterBinding] = [
  {
    name: "llamaindex",
    cannot: {
      suspend: "LlamaIndex cannot take up a run of its own: use runWorkflow",
      "argument text": parsesItself,
      "unknown tools": "LlamaIndex throws where nobody catches it, and the process ends",
    },
    rendered,
    host: (setup) => host(setup, runByItself),
  },
  {
    name: "llamaindex, runWorkflow",
    cannot: { "argument text": parsesItself },
    rendered,
    host: (setup) => host(setup, runToBeSuspended),
  },
];

/** Runs the agent; the suspension as text where the run is suspended. */
type RunWith = (workflow: AgentWorkflow, input: string, stream: boolean) => Promise<string | null>;

async function runByItself(workflow: AgentWorkflow, input: string, stream: boolean): Promise<null> {
  if (!stream) await workflow.run(input);
  else for await (const event of workflow.runStream(input)) void event;
  return null;
}

async function runToBeSuspended(workflow: AgentWorkflow, input: string, stream: boolean): Promise<string | null> {
  const { suspension } = await runWorkflow(workflow, { input, ...(stream && { onEvent: (event) => void event }) });
  return suspension && JSON.stringify(suspension);
}

async function resumed(workflow: AgentWorkflow, text: string): Promise<string | null> {
  const { suspension } = await resumeWorkflow(workflow, JSON.parse(text) as Suspension);
  return suspension && JSON.stringify(suspension);
}

function host({ gate, tools, pause }: HostSetup, run: RunWith): BindingHost {
  const bare = tools.map(
    ({ name, description, parameters, run: work }) =>
      new FunctionTool((input: unknown) => work(input), { name, description, parameters }),
  );
  type Play = (workflow: AgentWorkflow) => Promise<string | null>;
  const playing = async ({ signal }: TurnOptions, play: Play): Promise<TurnEnding> => {
    const wrapped = wrapTools(bare, gate, { pause, ...(signal !== undefined && { signal }) });
    const llm = new ScriptedLlm();
    const suspension = await play(agent({ llm, tools: [...wrapped, leashStatusTool(gate, wrapped)] }));
    return suspension === null ? { kind: "ended", calls: llm.endings() } : { kind: "suspended", suspension };
  };
  const turn: BindingHost["turn"] = (calls, options) =>
    playing(options, (workflow) => run(workflow, request(calls), options.stream === true));
  return {
    turn,
    resume: (suspension, options) => playing(options, (workflow) => resumed(workflow, suspension)),
    async status(ref) {
      const ending = await turn([{ id: randomUUID(), tool: "leash_status", arguments: JSON.stringify({ ref }) }], {});
      return ending.kind === "ended" ? (ending.calls[0]?.text ?? "") : "suspended";
    },
  };
}
