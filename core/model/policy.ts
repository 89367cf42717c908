import type { Action } from "./call.ts";
import type { Decision } from "./decision.ts";
import type { Mode } from "./effect.ts";
import type { Facts, Need } from "./facts.ts";
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
  needs(action: Action, tool: ToolSpec): readonly Need[];
  evaluate(action: Action, tool: ToolSpec, facts: Facts): Decision;
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
