import type { Json } from "./json.ts";

/** Something the policy must know before it can decide; the enforcement point gathers it. */
export type Need =
  | CounterNeed
  | { readonly kind: "resolve" | "realpath" | "self" | "label" | "session"; readonly key: string };

/** What a counter holds at the moment of the decision: a whole number of at least 0. */
export interface CounterNeed {
  readonly kind: "counter";
  /** The policy's name for it, which no other counter has. */
  readonly key: string;
  readonly window: CounterWindow;
}

/** How long what was counted counts. */
export interface CounterWindow {
  readonly lengthMs: number;
  /** True: windows that begin at multiples of their length since the epoch; else the time before the call. */
  readonly fixed: boolean;
}

/** What a call adds to a counter when it gets leave to run. */
export interface Charge {
  readonly counter: string;
  /** A whole number of at least 0. */
  readonly amount: number;
  readonly window: CounterWindow;
  /** The limit's name, as `Decision.rule` gives it: for the log. Default: none. */
  readonly rule?: string | undefined;
}

/** What a policy may know beside the call. Recorded with the decision, so that it can be replayed. */
export interface Facts {
  /** Epoch milliseconds, store clock. */
  readonly now: number;
  /** Counterparty id as the host states it, where neither policy nor registry says where it stands in the input. */
  readonly counterparty: string | null;
  /** Answers to `Policy.needs`, keyed `kind:key`; a missing answer is unknown. */
  readonly probes: Readonly<Record<string, Json>>;
}
