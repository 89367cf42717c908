import type { Effect, Mode } from "../../core/model/effect.ts";
import type { Json } from "../../core/model/json.ts";

/** A layer's document as plain JSON. Only the conditions and expressions in CEL are trees here and become text in `print.ts`. */
export interface Document {
  readonly default?: Exclude<Effect, "step_up"> | "passthrough";
  readonly mode?: Mode;
  readonly counterparties?: readonly { readonly match: string; readonly trust: string }[];
  readonly tools?: Readonly<Record<string, Entry>>;
  readonly rules?: readonly Rule[];
  readonly limits?: readonly Limit[];
}

export interface Money {
  readonly amount: string;
  readonly currency: string;
  readonly currencies: readonly string[];
  readonly max?: number;
}

export interface Entry {
  readonly aliases?: readonly string[];
  readonly counterparty?: string;
  readonly money?: Money;
  readonly decision?: Effect;
  /** What becomes of a call that the guard of money finds outside. */
  readonly otherwise?: Exclude<Effect, "allow">;
  readonly obligations?: readonly Obligation[];
}

export interface Obligation {
  readonly type: string;
  readonly at?: "before" | "after";
}

export interface Rule {
  readonly id: string;
  readonly action: string | readonly string[];
  readonly when?: Condition;
  readonly effect: string;
  readonly mode?: Mode;
  readonly overridable?: true;
  readonly compute?: Compute;
  readonly constraints?: Constraints;
  readonly requirements?: Requirements;
  readonly obligations?: readonly Obligation[];
  readonly proof?: { readonly ttl: number };
}

export interface Constraints {
  readonly amount_min?: number;
  readonly amount_max?: number;
  readonly currency?: readonly string[];
  readonly allowed_domains?: readonly string[];
  readonly blocked_domains?: readonly string[];
}

export interface Requirements {
  readonly min_assurance_level?: "LOW" | "SUBSTANTIAL" | "HIGH";
  readonly credential_scheme?: string;
}

export interface Compute {
  readonly set?: Readonly<Record<string, number | boolean | { readonly cel: Term }>>;
  readonly remove?: readonly string[];
  readonly tool?: string;
}

export type LimitPart = string | { readonly path: string; readonly values: readonly string[] };

export interface Limit {
  readonly id: string;
  readonly action: string | readonly string[];
  readonly sum?: string;
  readonly per?: readonly LimitPart[];
  readonly window: string;
  readonly fixed?: boolean;
  readonly max: number;
  readonly over?: Exclude<Effect, "allow">;
}

/** What stands under `when`: the structured form, or a tree that is printed as CEL. */
export type Condition = boolean | Tree | { readonly cel: Tree };

export type Operator =
  | "eq"
  | "neq"
  | "in"
  | "nin"
  | "lt"
  | "lte"
  | "gt"
  | "gte"
  | "matches"
  | "starts_with"
  | "ends_with"
  | "contains"
  | "exists";

/** A condition. The last three forms exist in CEL alone: `has`, a choice, and a text whose worth somebody knows. */
export type Tree =
  | { readonly all: readonly Tree[] }
  | { readonly any: readonly Tree[] }
  | { readonly not: Tree }
  | Leaf
  | { readonly has: string }
  | { readonly if: readonly [Tree, Tree, Tree] }
  | { readonly text: string; readonly worth?: boolean };

export type Leaf = { readonly path: string } & { readonly [Name in Operator]?: Json };

/** An expression of a compute, which is always CEL. */
export type Term =
  | { readonly path: string }
  | { readonly value: Json }
  | { readonly call: "min" | "max" | "+"; readonly of: readonly [Term, Term] };

/** One call as both evaluators see it. */
export interface Call {
  readonly tool: string;
  /** Names that only the registry knows. */
  readonly aliases?: readonly string[];
  /** Where the registry says that the counterparty stands. */
  readonly registered?: string;
  readonly sideEffect?: "none" | "read" | "write" | "unknown";
  readonly idempotent?: boolean;
  readonly input: Json;
  readonly agent?: string;
  readonly subject?: string;
  readonly session?: string;
  /** What the host says of the counterparty. */
  readonly counterparty?: string;
  readonly probes?: Readonly<Record<string, Json>>;
}

/** What a call is where it says nothing else. */
export const USUAL = { agent: "shopper", subject: "ada", sideEffect: "write", idempotent: false } as const;

/** What is compared. */
export interface Answer {
  readonly effect: Effect;
  readonly rule: string | null;
  readonly reasonCode: string;
  readonly transform: { readonly tool: string; readonly input: Json } | null;
  /** Types, in order. */
  readonly obligations: readonly string[];
  readonly counterparty: { readonly id: string; readonly trust: string } | null;
  readonly shadow: { readonly effect: Effect; readonly rule: string | null } | null;
}
