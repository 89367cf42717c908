import type { Approval } from "./approval.ts";
import type { Action } from "./call.ts";
import type { Decision } from "./decision.ts";
import type { Json } from "./json.ts";
import type { Redaction } from "./redaction.ts";

/** How a call ended, for whoever watches. */
export type WatchedEnd =
  | "done"
  | "failed"
  | "refused"
  | "pending"
  | "suspended"
  | "aborted"
  | "unknown"
  /** An earlier result was handed out. */
  | "recorded";

/** Watches one call on its way. Every method is cheap and none throws: what is watched must not depend on who watches. */
export interface CallWatch {
  /** W3C trace id of the call, where there is one. */
  readonly traceId: string | undefined;
  /** W3C `traceparent` for what the tool sends on, where there is one. */
  readonly traceparent: string | undefined;
  decided(action: Pick<Action, "actionId" | "digest" | "tool"> | undefined, decision: Decision): void;
  /** A person is asked. */
  asked(approval: Approval): void;
  /** The question that was waited for is open no more. */
  settled(approval: Approval): void;
  /** What is about to run, sealed: never in the richer form that a tool may get. */
  starting(input: Json, redaction: Redaction): void;
  /** The tool begins: everything that it does belongs to this call. */
  run<T>(work: () => T): T;
  /** What the tool gave. */
  returned(result: unknown): void;
  /** The call is over. `error` is what was thrown to the caller. */
  ended(end: WatchedEnd, error?: unknown): void;
}

/** Something worth a line in a program's own log: no argument, result, link or secret is in it. */
export interface TelemetryEntry {
  readonly level: "info" | "warn";
  /** Such as `call.refused`. */
  readonly event: string;
  readonly tool: string;
  readonly agent: string;
  readonly action_id?: string;
  readonly effect?: string;
  readonly reason_code?: string;
  readonly approval_id?: string;
  readonly error_code?: string;
  readonly duration_ms?: number;
  readonly trace_id?: string;
}

/** What is told of calls, and to whom. */
export interface TelemetryOptions {
  /** Spans through `@opentelemetry/api`. Default true. */
  readonly traces?: boolean;
  /** Metrics through `@opentelemetry/api`. Default true. */
  readonly metrics?: boolean;
  /**
   * True: spans carry arguments and results, without what `ToolSpec.redact`, the policy and `record.redact` name; a result that repeats some of
   * that is left out. Default false: neither is in anything that leaves.
   */
  readonly content?: boolean;
  /** Told of every call that ended, and of questions. What it throws is ignored. Default: nobody is told. */
  readonly log?: (entry: TelemetryEntry) => unknown;
}
