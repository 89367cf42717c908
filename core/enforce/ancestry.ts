import type { Gate } from "../model/gate.ts";

const parents = new WeakMap<Gate, Gate>();

export function rememberParent(child: Gate, parent: Gate): void {
  parents.set(child, parent);
}

/**
 * True for a gate that was made from the other one by `narrow`, at once or over others between them. Whatever decides by the other
 * one decides by it, too: an adapter that is asked to put the other one in front of it leaves the tool as it is, or a call would be
 * asked about twice, and count twice.
 * @example if (known === gate || isNarrowedFrom(known, gate)) return tool;
 */
export function isNarrowedFrom(gate: Gate, other: Gate): boolean {
  const parent = parents.get(gate);
  return parent !== undefined && (parent === other || isNarrowedFrom(parent, other));
}
