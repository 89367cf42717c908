import { randomUUID } from "node:crypto";
import { LeashError, readOptions, type Gate } from "@leashkit/core";
import type { ChatMessage, MessageContent } from "@llamaindex/core/llms";
import type { Memory } from "@llamaindex/core/memory";
import type { ZodSchema } from "@llamaindex/core/zod";
import type { AgentWorkflow, WorkflowEventData } from "@llamaindex/workflow";
import { contextOf, live, loadWorkflow, type WorkflowRun } from "./live-run.ts";
import { isGuarded } from "./marks.ts";
import { readSuspension, type Suspension } from "./suspension.ts";
import { turnsOf } from "./turns.ts";

export interface ResumeWorkflowOptions {
  /** As for LlamaIndex's `run`. It is no part of a suspension: state it again when you resume. */
  readonly responseFormat?: ZodSchema;
  /** Gets every event of the run, at once. What it throws ends the run. */
  readonly onEvent?: (event: WorkflowEventData<unknown>) => void;
}

export interface RunWorkflowOptions extends ResumeWorkflowOptions {
  readonly input?: MessageContent;
  readonly chatHistory?: readonly ChatMessage[];
  /**
   * A name for this one run, never used for another. A run that was killed before it was suspended can be started once more under
   * its name: calls that the model makes the same way again run once. Default: a random one.
   */
  readonly scope?: string;
}

/**
 * Runs an agent workflow as its own `run` does, until it ends or a call of a wrapped tool waits for a person. Then the run stops
 * right there and comes back as plain JSON, to be kept and resumed later, in another process too.
 *
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for wrong options, without `@llamaindex/workflow` or for a workflow of another copy of
 * it; `LEASH_INPUT_INVALID` for a conversation that cannot be kept as JSON; and what the workflow throws (a model that fails, a call
 * of a tool that does not exist), which ends the process under LlamaIndex's own `run`.
 * @example
 * const { result, suspension } = await runWorkflow(workflow, { input: "Buy tea." });
 * if (suspension !== null) await writeFile("waiting.json", JSON.stringify(suspension));
 */
export async function runWorkflow(workflow: AgentWorkflow, options: RunWorkflowOptions): Promise<WorkflowRun> {
  const { input, chatHistory, scope, responseFormat, onEvent } = readOptions(
    "running a workflow",
    options,
    RUN_DEFAULTS,
  );
  const library = await loadWorkflow();
  const context = contextOf(workflow);
  context.state.responseFormat = responseFormat;
  const history = chatHistory === undefined ? undefined : [...chatHistory];
  const first = library.startAgentEvent.with({ userInput: input, chatHistory: history });
  return live(library, { context, turns: turnsOf(scope ?? randomUUID(), { turn: 1, results: [] }), first, onEvent });
}

/**
 * Takes a suspended run up again, with a workflow that was built the same way. The calls of its turn that had not ended are made
 * again: the one that was approved runs once, one that was denied is refused, and where nobody has answered yet the run is
 * suspended again. Resuming carries no authority, and doing it twice, even at once, runs no approved call twice.
 *
 * The run goes on with the suspension's messages in a memory of its own (`result.state.memory`), with the blocks and limits of
 * the workflow's.
 *
 * @throws {LeashError} `LEASH_INPUT_INVALID` for what is no suspension of this workflow, one too whose waiting tool has no gate any
 * more; else as `runWorkflow`.
 * @example
 * const suspension = JSON.parse(await readFile("waiting.json", "utf8"));
 * await settledWorkflow(suspension, leash);
 * const { result } = await resumeWorkflow(workflow, suspension);
 */
export async function resumeWorkflow(
  workflow: AgentWorkflow,
  suspension: Suspension,
  options: ResumeWorkflowOptions = {},
): Promise<WorkflowRun> {
  const { responseFormat, onEvent } = readOptions("resuming a workflow", options, RESUME_DEFAULTS);
  const saved = readSuspension(suspension);
  refuseUnknownAgents(workflow, saved);
  refuseBareTool(workflow, saved);
  const library = await loadWorkflow();
  const context = contextOf(workflow);
  const { scratchpad, currentAgentName, nextAgentName, agentName, toolCalls } = saved;
  const memory = restored(context.state.memory, saved.memory);
  Object.assign(context.state, { responseFormat, memory, scratchpad, currentAgentName, nextAgentName });
  const first = library.toolCallsEvent.with({ agentName, toolCalls: [...toolCalls] });
  return live(library, { context, turns: turnsOf(saved.scope, saved), first, onEvent });
}

/**
 * Waits until the approvals of a suspension are answered or expired. False where the signal aborted first.
 *
 * @param leash the leash, or the narrowed one, that the waiting tool is wrapped with. It can read approvals, not answer them.
 * @throws {LeashError} `LEASH_INPUT_INVALID` as `resumeWorkflow`; `LEASH_CONFIG_INVALID` for an approval that the leash does not know.
 * @example await settledWorkflow(suspension, leash, { signal: AbortSignal.timeout(60_000) });
 */
export async function settledWorkflow(
  suspension: Suspension,
  leash: Gate,
  options: { readonly signal?: AbortSignal } = {},
): Promise<boolean> {
  for (const ref of readSuspension(suspension).refs) {
    const found = await leash.deferred(ref, { settled: true, ...options });
    if (found === undefined) throw unknownRef(ref);
    if (found.status === "pending") return false;
  }
  return true;
}

/** Every option, stated or undefined. */
type Complete<Options> = { readonly [Key in keyof Options]-?: Options[Key] | undefined };

const RESUME_DEFAULTS: Complete<ResumeWorkflowOptions> = Object.freeze({
  responseFormat: undefined,
  onEvent: undefined,
});

const RUN_DEFAULTS: Complete<RunWorkflowOptions> = Object.freeze({
  ...RESUME_DEFAULTS,
  input: undefined,
  chatHistory: undefined,
  scope: undefined,
});

/** A snapshot holds messages only. Everything else of a memory is the workflow's, and the workflow's own messages stay as they are. */
function restored(own: Memory, snapshot: string): Memory {
  const { messages, memoryCursor = 0 } = JSON.parse(snapshot) as Record<string, unknown>;
  return Object.assign(Object.create(Object.getPrototypeOf(own) as object) as Memory, own, { messages, memoryCursor });
}

function refuseUnknownAgents(
  workflow: AgentWorkflow,
  { agentName, currentAgentName, nextAgentName }: Suspension,
): void {
  const known = new Set(workflow.getAgents().map(({ name }) => name));
  for (const name of [agentName, currentAgentName, nextAgentName]) {
    if (name === null || known.has(name)) continue;
    throw new LeashError(
      "LEASH_INPUT_INVALID",
      `The run was not resumed: it has an agent ${JSON.stringify(name)}, and this workflow has none of that name. Build the workflow as it was.`,
    );
  }
}

/** The call that waits was made behind a gate. By a tool without one it would run undecided. */
function refuseBareTool(workflow: AgentWorkflow, { toolCalls: [waiting] }: Suspension): void {
  const agent = workflow.getAgents().find(({ name }) => name === waiting?.agentName);
  const tool = agent?.tools.find(({ metadata }) => metadata.name === waiting?.toolName);
  if (tool === undefined || isGuarded(tool)) return;
  throw new LeashError(
    "LEASH_INPUT_INVALID",
    `The run was not resumed: it waits in the tool ${JSON.stringify(tool.metadata.name)}, and this workflow's is not wrapped. Wrap its tools as they were, the gate outermost.`,
  );
}

function unknownRef(ref: string): LeashError {
  return new LeashError(
    "LEASH_CONFIG_INVALID",
    `The run waits for an approval (ref ${ref}) that this leash does not know. Ask the leash, store and principal that the tool is wrapped with.`,
  );
}
