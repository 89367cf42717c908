import type { Action } from "./call.ts";
import type { Decision } from "./decision.ts";
import type { Effect, Mode } from "./effect.ts";
import type { Charge, Facts, Need } from "./facts.ts";
import type { Json } from "./json.ts";
import type { Redaction } from "./redaction.ts";
import type { ToolSpec } from "./tool.ts";

/** A compiled, immutable policy. `evaluate` is pure and synchronous: no I/O, no clock, no randomness. */
export interface Policy {
  readonly id: string;
  /** SHA-256 (hex) of the canonical document after `extends`, without `tests`. */
  readonly digest: string;
  /** Canonical text of the document the digest covers, for the archive. */
  readonly source: string;
  /** The document's own mode; undefined where it states none. */
  readonly mode: Mode | undefined;
  /** True when some call could be answered `approve` or `step_up`. */
  readonly canAsk: boolean;
  /** Whether the document says that a tool may be repeated after a crash; undefined where it says nothing. It wins over the registry. */
  idempotent?(tool: ToolSpec): boolean | undefined;
  /**
   * What of the tool's calls is never written, beside what its registration names; also asked about tools that are not registered.
   * Absent: nothing.
   */
  redacts?(tool: Pick<ToolSpec, "id" | "aliases">): Redaction;
  /** What must be in `facts.probes` before the call can be decided; `facts` are those that are known by then. */
  needs(action: Action, tool: ToolSpec, facts: Facts): readonly Need[];
  evaluate(action: Action, tool: ToolSpec, facts: Facts): Decision;
  /** What the call, once it has leave, counts on: every counter was among `needs`. Absent: this engine has no limits. */
  charges?(action: Action, tool: ToolSpec, facts: Facts): readonly Charge[];
  /** Why `evaluate` answers as it does, rule by rule. For people; a model must not see it. Absent: this engine cannot tell. */
  explain?(action: Action, tool: ToolSpec, facts: Facts): Explanation;
  /**
   * The fewest changes of the input after which `evaluate` allows the call, found by asking it; undefined where none was found, or
   * where it allows the call as it is.
   */
  suggest?(action: Action, tool: ToolSpec, facts: Facts): Suggestion | undefined;
  /** What the document demands of whoever enforces it. What cannot be met there refuses to start. Absent: nothing. */
  readonly requires?: PolicyRequirements;
}

/** What a document uses that not every enforcement point has. */
export interface PolicyRequirements {
  /** Types of obligations, for which handlers must be registered. */
  readonly obligations: readonly string[];
  /** True where it states limits: somebody must keep the counters. */
  readonly counters: boolean;
  /** Notification targets as URLs, of `channels` and `notify`. */
  readonly channels: readonly string[];
  /** Terms of asking that a desk must keep: `quorum`, `roles`, `four_eyes`, `reason_required`, `escalate_after`, `deny_memory`. */
  readonly terms: readonly string[];
}

/** How a decision fell. */
export interface Explanation {
  readonly decision: Decision;
  /** For people: what could not be told, and what the nearest allowing rules lack. Null where the call is allowed or none is near. */
  readonly because: string | null;
  /** The rules that speak of the tool, by document, the broadest document first, in the order in which they were looked at. */
  readonly rules: readonly ExplainedRule[];
  readonly guards: readonly ExplainedGuard[];
  readonly limits: readonly ExplainedLimit[];
}

export interface ExplainedRule {
  /** The document's id. */
  readonly policy: string;
  readonly rule: string;
  readonly effect: Effect;
  readonly holds: "true" | "false" | "unknown";
  /** The parts of its condition that are not true, as written; unknown ones end in ` (unknown)`. */
  readonly failing: readonly string[];
  /** True where this rule is the decision's. */
  readonly decides: boolean;
}

export interface ExplainedGuard {
  readonly policy: string;
  readonly tool: string;
  readonly guard: string;
  /** Null where the call passes. */
  readonly refusal: { readonly code: string; readonly message: string } | null;
}

export interface ExplainedLimit {
  readonly limit: string;
  readonly window: string;
  readonly max: number;
  /** Null where it is not known. */
  readonly used: number | null;
  readonly amount: number | null;
}

/** One member of the input, changed. */
export interface SuggestedChange {
  /** As `input.a.b`. */
  readonly path: string;
  readonly from: Json | null;
  readonly to: Json;
}

export interface Suggestion {
  readonly changes: readonly SuggestedChange[];
  /** The whole input with the changes. */
  readonly input: Json;
  /** The answer to it: always an allow. */
  readonly decision: Decision;
}

/** One thing wrong with a policy text. `line` and `column` start at 1. */
export interface PolicyIssue {
  readonly code: string;
  readonly message: string;
  readonly line: number;
  readonly column: number;
  /** RFC 6901 pointer into the document. */
  readonly pointer: string;
  readonly hint?: string;
}
