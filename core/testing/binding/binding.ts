import type { Gate } from "../../model/gate.ts";
import type { JsonObject } from "../../model/json.ts";

/** How the host waits for a person. */
export type BindingPause = "hold" | "defer" | "suspend";

/** What not every host can do. */
export type BindingFeature =
  | "suspend"
  | "defer"
  | "stream"
  /** Passes an abort signal to its tools. */
  | "abort"
  /** Takes a model's arguments as text, well-formed or not. */
  | "argument text"
  /** Survives a call of a tool that it does not have. */
  | "unknown tools"
  /** Runs every call of a turn, also two with the same id. */
  | "duplicate ids"
  /** Lets a tool pause the turn from inside; see `AdapterBinding.pauseInside`. */
  | "inner pause";

/** What a model proposes. */
export interface ProposedCall {
  readonly id: string;
  readonly tool: string;
  /** The arguments as the model writes them: JSON text, and not always well-formed. */
  readonly arguments: string;
}

/** A tool of the suite, to be built as the host's own kind of tool and put behind the adapter. */
export interface SuiteTool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments. */
  readonly parameters: JsonObject;
  readonly run: (input: unknown) => Promise<string>;
}

/** What the model is told of one call. */
export interface CallEnding {
  readonly callId: string;
  readonly text: string;
}

/** A turn ended with words for the model, or waits for a person. */
export type TurnEnding =
  | { readonly kind: "ended"; readonly calls: readonly CallEnding[] }
  /** `suspension` survives the host: text that a later host takes up. */
  | { readonly kind: "suspended"; readonly suspension: string };

export interface TurnOptions {
  readonly signal?: AbortSignal;
  /** Lets the model's answer arrive in pieces, where the host can. */
  readonly stream?: boolean;
  /** What is delivered to the host as a person's reply when it is resumed, where it has such a channel. It must carry no authority. */
  readonly reply?: unknown;
}

/** One host's loop: the real framework with the adapter in it. */
export interface BindingHost {
  /**
   * One turn in which the model proposes these calls at once. Endings in the order of the calls.
   * @throws what the host's loop throws, the tool's own error say.
   */
  turn(calls: readonly ProposedCall[], options: TurnOptions): Promise<TurnEnding>;
  /** Takes a suspended turn up, also one of another host that had the same `kept`. */
  resume(suspension: string, options: TurnOptions): Promise<TurnEnding>;
  /** The model asks what became of a deferred call. */
  status(ref: string): Promise<string>;
}

export interface HostSetup {
  readonly gate: Gate;
  readonly tools: readonly SuiteTool[];
  readonly pause: BindingPause;
  /** Survives a restart, as a disk does: a checkpointer may lie here. */
  readonly kept: Map<string, unknown>;
}

/**
 * One adapter as the suite drives it.
 * @example
 * const hello: AdapterBinding = { name: "hello", cannot: { stream: "has no stream" }, rendered: (text) => text, host: … };
 * for (const { name, run } of bindingCases(hello)) it(name, run);
 */
export interface AdapterBinding {
  readonly name: string;
  /** What the host cannot do, and why. The suite leaves those scenarios out and says so. */
  readonly cannot: Readonly<Partial<Record<BindingFeature, string>>>;
  /** How the host shows a tool's text to the model, where it changes it. */
  readonly rendered: (text: string) => string;
  host(setup: HostSetup): BindingHost | Promise<BindingHost>;
  /** Called by a tool to pause its turn with the host's own means: throws what the host throws for it. */
  pauseInside?(): unknown;
}
