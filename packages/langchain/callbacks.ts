import { type Gate, isNarrowedFrom, LeashDenied } from "@leashkit/core";
import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import { AIMessage } from "@langchain/core/messages";
import type { LLMResult } from "@langchain/core/outputs";
import { markOfDescription } from "./marks.ts";
import { refusalOf } from "./refusal.ts";

/** What happened, without arguments or results. `tool` is undefined where LangChain does not say the name. */
export interface LeashEvent {
  readonly type: "proposed" | "started" | "unguarded" | "vetoed" | "refused" | "ended" | "failed";
  readonly runId: string;
  readonly toolCallId: string | undefined;
  readonly tool: string | undefined;
  /** For `refused`: why, such as `LEASH_DENIED`. */
  readonly code?: string;
}

export interface CallbackOptions {
  /** Stops tools that start without a guard, where LangChain says that they start. Default false. */
  readonly strict?: boolean;
  /** Gets every event. In strict mode its exceptions stop the tool. */
  readonly onEvent?: (event: LeashEvent) => void;
}

const KEPT_EVENTS = 1_000;

/**
 * Watches what a run does with tools, and finds tool calls that no guard stands before (`unguarded`). With `leash`, only that
 * very gate counts as one, and its log is told of the others.
 *
 * **It is not the enforcement point.** LangChain tells handlers nothing of runnables made into tools, provider-run tools or
 * calls with invalid arguments, and what a handler sees are the model's raw arguments. `strict` is a second line behind
 * `wrapTools`, never a replacement.
 *
 * @example
 * const watcher = new LeashCallbackHandler(leash, { strict: true, onEvent: (event) => logger.info(event) });
 * await agent.invoke(input, { callbacks: [watcher] });
 */
export class LeashCallbackHandler extends BaseCallbackHandler {
  override readonly name = "LeashCallbackHandler";
  readonly #leash: Gate | undefined;
  readonly #strict: boolean;
  readonly #onEvent: (event: LeashEvent) => void;
  readonly #events: LeashEvent[] = [];
  readonly #names = new Map<string, string>();
  readonly #open = new Map<string, Pick<LeashEvent, "tool" | "toolCallId">>();

  constructor(leash?: Gate, options: CallbackOptions = {}) {
    // Set here and not as class fields: a handler that raises without being awaited kills the process instead of the call.
    super({ raiseError: options.strict ?? false, _awaitHandler: true });
    this.#leash = leash;
    this.#strict = options.strict ?? false;
    this.#onEvent = options.onEvent ?? ((): void => undefined);
  }

  /** The last thousand events, oldest first. */
  get events(): readonly LeashEvent[] {
    return [...this.#events];
  }

  override copy(): LeashCallbackHandler {
    return this;
  }

  override handleLLMEnd(output: LLMResult, runId: string): void {
    for (const generation of output.generations.flat()) {
      const message: unknown = "message" in generation ? generation.message : undefined;
      if (!AIMessage.isInstance(message)) continue;
      for (const { id, name } of message.tool_calls ?? []) {
        if (id !== undefined) this.#names.set(id, name);
        this.#emit({ type: "proposed", runId, toolCallId: id, tool: name });
      }
    }
  }

  override async handleToolStart(...[description, , runId, , , , runName, toolCallId]: ToolStart): Promise<void> {
    const tool = (toolCallId === undefined ? undefined : this.#names.get(toolCallId)) ?? runName;
    const call = { tool, toolCallId };
    this.#open.set(runId, call);
    this.#emit({ type: "started", runId, ...call });
    const mark = markOfDescription(description);
    if (mark === true || (mark !== undefined && this.#isBehindOwn(mark))) return;
    this.#emit({ type: "unguarded", runId, ...call });
    await this.#leash?.reportUnguarded(tool, { adapter: "langchain", stopped: this.#strict });
    if (this.#strict) this.#veto(runId, call);
  }

  #isBehindOwn(gate: Gate): boolean {
    return this.#leash === undefined || gate === this.#leash || isNarrowedFrom(gate, this.#leash);
  }

  override handleToolEnd(output: unknown, runId: string): void {
    const refusal = refusalOf(output);
    this.#close(runId, refusal === undefined ? { type: "ended" } : { type: "refused", code: refusal.code });
  }

  override handleToolError(_error: unknown, runId: string): void {
    this.#close(runId, { type: "failed" });
  }

  #veto(runId: string, call: Pick<LeashEvent, "tool" | "toolCallId">): never {
    this.#open.delete(runId);
    this.#emit({ type: "vetoed", runId, ...call });
    throw new LeashDenied({
      reasonCode: "tool_unknown",
      reason: "A tool was about to run that this leash does not guard. Wrap it, or let leashMiddleware do so.",
    });
  }

  #close(runId: string, event: Pick<LeashEvent, "type" | "code">): void {
    const call = this.#open.get(runId) ?? { tool: undefined, toolCallId: undefined };
    this.#open.delete(runId);
    if (call.toolCallId !== undefined) this.#names.delete(call.toolCallId);
    this.#emit({ ...event, runId, ...call });
  }

  #emit(event: LeashEvent): void {
    this.#events.push(event);
    if (this.#events.length > KEPT_EVENTS) this.#events.shift();
    this.#onEvent(event);
  }
}

type ToolStart = Parameters<NonNullable<BaseCallbackHandler["handleToolStart"]>>;
