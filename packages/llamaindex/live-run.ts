import { LeashError, type LeashPending } from "@leashkit/core";
import type * as Workflow from "@llamaindex/workflow";
import type {
  AgentResultData,
  AgentWorkflow,
  AgentWorkflowState,
  WorkflowContext,
  WorkflowEventData,
} from "@llamaindex/workflow";
import { watchCallIds } from "./call-ids.ts";
import { withinRun, type SuspendableRun } from "./run-context.ts";
import { suspend, type Suspension } from "./suspension.ts";
import type { Turns } from "./turns.ts";

/** A call that waits for a person, for whoever shows it. */
export interface PendingCall {
  /** Short name of the approval, such as `K7Q2`. */
  readonly ref: string;
  readonly approvalId: string;
  readonly tool: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** How a run ended: with LlamaIndex's result, or suspended because a call waits for a person. */
export type WorkflowRun =
  | { readonly result: AgentResultData; readonly suspension: null; readonly pending: readonly [] }
  | { readonly result: null; readonly suspension: Suspension; readonly pending: readonly PendingCall[] };

/** A context of an `AgentWorkflow`: LlamaIndex's types leave out its state, which the handlers work on. */
type LiveContext = WorkflowContext & { readonly state: AgentWorkflowState };

type Library = typeof Workflow;

/** Loaded only where it is needed: who only wraps tools need not have it. */
export async function loadWorkflow(): Promise<Library> {
  try {
    return await import("@llamaindex/workflow");
  } catch (cause) {
    throw new LeashError(
      "LEASH_CONFIG_INVALID",
      "Running a workflow needs @llamaindex/workflow. Install it beside @llamaindex/core.",
      { cause },
    );
  }
}

export function contextOf(workflow: AgentWorkflow): LiveContext {
  return workflow.createContext() as LiveContext;
}

/** A run about to begin, or to be taken up again. */
interface Life {
  readonly context: LiveContext;
  readonly turns: Turns;
  readonly first: WorkflowEventData<unknown>;
  readonly onEvent: ((event: WorkflowEventData<unknown>) => void) | undefined;
}

/** Sends the first event and follows the run to its end. Events are heard as they are sent, before anything acts on them. */
export function live(library: Library, { context, turns, first, onEvent }: Life): Promise<WorkflowRun> {
  const { state, stream } = context;
  return new Promise((resolve, reject) => {
    let isSuspended = false;
    const park = (waiting: LeashPending): Promise<never> => {
      isSuspended = true;
      try {
        resolve(suspended(state, turns, waiting));
      } catch (error) {
        reject(error);
      }
      // Nothing holds it, so it is collected together with the handler that waits for it.
      return new Promise<never>(() => undefined);
    };
    const run: SuspendableRun = { scope: turns.scopeOf, state, park };
    // Whatever surrounds a wrapped tool may give up the wait. The run must not go on then: it will, where it is resumed.
    stream.on(everyEvent(library), () => {
      if (isSuspended) throw new Error("The run was suspended and goes on where it is resumed.");
    });
    stream.on(library.toolCallsEvent, ({ data }) => turns.begin(data));
    stream.on(library.agentToolCallResultEvent, ({ data }) => turns.ended(data));
    stream.on(library.toolResultsEvent, ({ data }) => turns.complete(data.results));
    stream.on(library.stopAgentEvent, ({ data }) => resolve({ result: data, suspension: null, pending: [] }));
    if (onEvent !== undefined) stream.on(everyEvent(library), onEvent);
    // Nobody reads the stream itself: without this it would keep every event.
    void stream.cancel();
    watchCallIds();
    const isHeard = watchHandlers(context, reject);
    withinRun(run, () => context.sendEvent(first));
    if (!isHeard()) reject(foreignWorkflow());
  });
}

function suspended(state: AgentWorkflowState, turns: Turns, waiting: LeashPending): WorkflowRun {
  const { ref, approvalId, tool, expiresAt } = waiting;
  const suspension = suspend({
    ...turns.rest(),
    memory: state.memory.snapshot(),
    scratchpad: state.scratchpad,
    currentAgentName: state.currentAgentName,
    nextAgentName: state.nextAgentName ?? null,
    refs: [ref],
  });
  return { result: null, suspension, pending: [{ ref, approvalId, tool, expiresAt }] };
}

function everyEvent({ workflowEvent }: Library): ReturnType<typeof workflowEvent<unknown>> {
  return { ...workflowEvent<unknown>(), include: (event): event is WorkflowEventData<unknown> => event !== undefined };
}

type HandlerCall = { handler: (...inputs: readonly unknown[]) => unknown };
type Middleware = (call: HandlerCall, next: (call: HandlerCall) => void) => void;

/**
 * What a handler throws is nobody's in LlamaIndex: Node ends the process on it. Its middlewares see each handler before it is
 * called, and so does this. Returns whether any was called.
 */
function watchHandlers(context: LiveContext, onError: (error: unknown) => void): () => boolean {
  const { __internal__call_context: calls } = context as {
    readonly __internal__call_context?: { subscribe(middleware: Middleware): void };
  };
  let heard = calls === undefined;
  calls?.subscribe((call, next) => {
    heard = true;
    const { handler } = call;
    call.handler = async (...inputs) => {
      try {
        return await handler(...inputs);
      } catch (error) {
        onError(error);
        return undefined;
      }
    };
    next(call);
  });
  return () => heard;
}

function foreignWorkflow(): LeashError {
  return new LeashError(
    "LEASH_CONFIG_INVALID",
    "The workflow does not know the events of @llamaindex/workflow: two copies of it are installed, or it is loaded both by import and by require. Use one.",
  );
}
