import type { Mode } from "./effect.ts";
import type { Json } from "./json.ts";

/** Leave to run one action once. What a tool may see of it; see `currentPermit`. */
export interface Permit {
  readonly v: 1;
  readonly actionId: string;
  readonly tool: string;
  /** Digest of exactly the input that runs. */
  readonly digest: string;
  /** The same over all attempts at one call: send it to whoever can recognise a repetition. */
  readonly idempotencyKey: string;
  /** PASETO v4.public for the counterparty; null in observe mode, which permits nothing. */
  readonly proof: string | null;
  readonly approvalId: string | null;
  readonly mode: Mode;
  readonly signal: AbortSignal;
  /** W3C trace context of the call, to be sent along. Undefined without telemetry, or where nothing is traced. */
  readonly traceparent?: string | undefined;
}

/** What `authorize` gives: the permit and the one chance to use it. */
export interface Authorization extends Permit {
  /** The sealed input, a fresh copy parsed from the canonical text. */
  readonly input: Json;
  /**
   * Runs once and records the outcome before it resolves.
   * @throws {LeashDenied} `LEASH_DENIED` when the permit was used before.
   */
  run<T>(run: (input: Json, permit: Permit) => T | Promise<T>): Promise<T>;
}
