import type { AgainTerms } from "./allowance.ts";
import type { Effect, Mode } from "./effect.ts";
import type { Json, JsonObject } from "./json.ts";

/** Why a decision is what it is, for programs. */
export type ReasonCode =
  | "rule"
  | "rule_unknown"
  | "tool_default"
  | "default"
  | "guard"
  | "limit"
  | "limit_unknown"
  | "compute_unknown"
  | "tool_unknown"
  | "input_invalid"
  | "policy_error"
  | "obligation_unknown"
  | "obligation_failed"
  | "narrowed"
  | "person_denied"
  | "approval_expired"
  | "approval_void"
  | "already_executed"
  | "aborted";

/** Whom the call deals with. `trust` comes from the policy only, never from the call. */
export interface Counterparty {
  readonly id: string;
  readonly trust: string;
}

/** Something that must be done before or after the run; a handler must be registered for its type, else the call is denied. */
export interface Obligation {
  readonly type: string;
  readonly at: "before" | "after";
  readonly params: JsonObject;
}

/** A safe form computed by the policy: the input (and, rarely, the tool) to decide again and run instead. */
export interface Transform {
  readonly tool: string;
  readonly input: Json;
}

/** What an approval must satisfy. Durations in milliseconds. */
export interface ApprovalTerms {
  readonly expiresInMs: number;
  readonly useWithinMs: number;
  readonly quorum: number;
  readonly roles: readonly string[];
  readonly fourEyes: boolean;
  readonly reasonRequired: boolean;
  /** Step-up methods of which one must be used; empty for a plain approval. */
  readonly methods: readonly string[];
  readonly notify: readonly string[];
  /** Whose yes counts after an edit: another person's only, or the editor's too. */
  readonly edit: "other" | "self";
  /** After which time others are told, too. Absent: never. */
  readonly escalateAfterMs?: number;
  /** How long a no answers calls like it without asking; 0: not at all. Absent: the default, which is narrower in what is like it. */
  readonly denyMemoryMs?: number;
  /** What an approver may permit beyond the one call. Absent: nothing. */
  readonly again?: AgainTerms;
}

/** A limit that the call would pass: what would be on its counter then. */
export interface Overrun {
  readonly limit: string;
  readonly total: number;
  readonly max: number;
}

/** What rules and layers that are only observed would have made of the call. */
export interface Shadow {
  readonly effect: Effect;
  readonly rule: string | null;
}

/** A policy's answer. Pure data; the same action, policy and facts give the same bytes. */
export interface Decision {
  readonly v: 1;
  readonly effect: Effect;
  /** Id of the deciding rule, `tools.<name>` or `default`; null where no policy was reached. */
  readonly rule: string | null;
  /** SHA-256 (hex) of the deciding rule's canonical text: tells whether "the same rule" still says the same. */
  readonly ruleDigest: string | null;
  readonly reasonCode: ReasonCode;
  /** For people; never shown to the model. */
  readonly reason: string;
  /** For people: what stands in the way, in the policy's own words. Only where the call is not allowed and the policy can tell. */
  readonly because?: string;
  readonly transform: Transform | null;
  readonly obligations: readonly Obligation[];
  /** Set when the effect asks a person. */
  readonly terms: ApprovalTerms | null;
  /** The limits beyond which the call would go, where a person may let it. Absent: none. */
  readonly over?: readonly Overrun[];
  readonly counterparty: Counterparty | null;
  /** Lifetime of the proof, milliseconds. */
  readonly proofTtlMs: number;
  readonly mode: Mode;
  readonly policyId: string;
  readonly policyDigest: string;
  /** Present only where rules or layers of `mode: observe` would have answered otherwise. */
  readonly shadow?: Shadow;
}
