import type { Json } from "./json.ts";

/** Something the policy must know before it can decide; the enforcement point gathers it. */
export interface Need {
  readonly kind: "resolve" | "realpath" | "self" | "counter" | "label" | "session";
  readonly key: string;
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
