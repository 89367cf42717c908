import type { Need } from "../../model/facts.ts";
import type { Json } from "../../model/json.ts";
import type { Block, Shape, Values } from "../readers.ts";
import type { Report } from "../issues.ts";

/** Answers to needs, keyed `kind:key`. What nobody answered is not there. */
export type Probes = Readonly<Record<string, Json>>;

/** Why a guard does not let a call pass. */
export interface Refusal {
  /**
   * `outside`: nothing that the policy lists; the tool's `otherwise` may ask a person instead. `forbidden`: nobody's yes lifts
   * it. What is missing, malformed or not known is forbidden.
   */
  readonly kind: "outside" | "forbidden";
  /** For programs, such as `host_not_listed`. */
  readonly code: string;
  /** For people, one clause without full stop; never shown to the model. */
  readonly message: string;
}

/**
 * A check that parses one kind of argument instead of matching its text. Pure: the input and the probes are all it knows, so a
 * decision can be replayed.
 */
export interface Guard {
  /** What it guards, such as `hosts`. */
  readonly name: string;
  /** What must be known before this input can be checked. */
  needs(input: Json): readonly Need[];
  /** Undefined where the input passes. Total: an argument that is missing, or a probe that nobody answered, is a refusal. */
  check(input: Json, probes: Probes): Refusal | undefined;
}

/** A kind of guard as an entry of `tools` states it. */
export interface GuardForm<T> {
  readonly keys: Shape<T>["keys"];
  /** Reports keys that mean nothing without one another. */
  check?(block: Block<T>, report: Report): void;
  /**
   * The guard, or undefined where none of its keys stands.
   * @param asks true where a person is asked about a call that is `outside`, so that it may still run.
   */
  create(values: Values<T>, asks: boolean): Guard | undefined;
}

export function forbidden(code: string, message: string): Refusal {
  return { kind: "forbidden", code, message };
}

export function outside(code: string, message: string): Refusal {
  return { kind: "outside", code, message };
}
