import type { Json } from "./json.ts";
import type { Principal } from "./principal.ts";

/** Data labels by JSON pointer into the input. */
export type CallLabels = Readonly<Record<string, readonly string[]>>;

/**
 * What a framework hands over: the proposal. `input` is what the tool would get, after the framework's schema parse.
 * With both `scope` and `callId` the call's identity is durable (it survives a restart); without one of them it is ephemeral.
 */
export interface ToolCall {
  readonly tool: string;
  readonly input: unknown;
  /** The framework's id of this call. */
  readonly callId?: string;
  /** Where `callId` is unique and restored after a restart: a thread and checkpoint namespace, a run id … */
  readonly scope?: string;
  /** Position among calls that share a `callId`. Default 0. */
  readonly index?: number;
  readonly session?: string;
  readonly labels?: CallLabels;
  /**
   * What is wrong with the arguments, where the adapter could not read them: the call is refused and recorded, whatever the
   * policy says. In observe mode it runs where it has an input. The model is told, so name the place and never a value.
   */
  readonly problem?: string;
}

export type CallIdentity = "durable" | "ephemeral";

/** The sealed, canonical form of a ToolCall: what is decided, shown, signed and run. Deeply frozen. */
export interface Action {
  readonly v: 1;
  readonly tool: string;
  /** The input, parsed from `text`, frozen. String inputs are `{ "input": text }`. */
  readonly input: Json;
  /**
   * How whoever decides is to read the members of `input`, where that is not as usual: a replay's input tells when it is looked
   * at. Opaque, and never shown, written or sent.
   */
  readonly members?: object | undefined;
  /** RFC 8785 text of the input: the very bytes a person sees and the tool gets. */
  readonly text: string;
  /** SHA-256 (hex) of `text`. */
  readonly inputDigest: string;
  /** SHA-256 (hex) over `{ v, tenant, agent, subject, tool, input }`, domain-separated. */
  readonly digest: string;
  readonly identity: CallIdentity;
  /** SHA-256 (hex) over tenant, subject, agent, chain, session, scope, call id, index and tool; random for ephemeral calls. */
  readonly callKey: string;
  /** UUIDv8 of the call key. */
  readonly actionId: string;
  readonly principal: Principal;
  readonly session: string | null;
  readonly labels: CallLabels;
  /** The tool's schema digest when the call was sealed. */
  readonly schemaDigest: string | null;
  /** Epoch milliseconds, store clock. */
  readonly requestedAt: number;
}
