import { type Gate, isNarrowedFrom } from "@leashkit/core";
import type { BaseTool } from "@llamaindex/core/llms";
import type { Layer } from "./guard.ts";
import { guardedOf, type Rules } from "./marks.ts";
import type { Settings } from "./options.ts";

/** A tool, and how a gate is to be put before it. */
export interface Wrapping<T extends BaseTool> {
  readonly tool: T;
  readonly rules: Rules;
  readonly settings: Settings;
}

/** True where the gate, or one that was narrowed from it, is before the tool already. */
export function isBehind(layer: Layer | undefined, gate: Gate): boolean {
  if (layer === undefined) return false;
  // A child's gate decides by all that its parent's does: the parent's in front of it would only ask and count twice.
  return layer.gate === gate || isNarrowedFrom(layer.gate, gate) || isBehind(layer.beneath, gate);
}

/**
 * What stands behind the gates that this one was narrowed from. It takes their place: it decides by all that they do, and they
 * behind it would only ask and count twice. It knows the calls, and reads their arguments, as they did; where other things were
 * stated to both, both stay.
 */
export function withoutParents<T extends BaseTool>(own: Wrapping<T>, gate: Gate): Wrapping<T> {
  const guarded = guardedOf(own.tool);
  if (guarded === undefined || !isNarrowedFrom(gate, guarded.layer.gate)) return own;
  const theirs = { tool: guarded.tool as T, rules: guarded.rules, settings: guarded.layer.settings };
  const registrations = { ...theirs.settings.registrations, ...own.settings.registrations };
  const named = { ...own, settings: { ...own.settings, registrations } };
  return contradict(own, theirs) ? named : withoutParents(together(named, theirs), gate);
}

function contradict<T extends BaseTool>(own: Wrapping<T>, theirs: Wrapping<T>): boolean {
  const pairs = [
    [own.rules.parameters, theirs.rules.parameters],
    [own.settings.session, theirs.settings.session],
    [own.settings.scope, theirs.settings.scope],
    [own.settings.signal, theirs.settings.signal],
  ];
  return pairs.some(([one, other]) => one !== undefined && other !== undefined && one !== other);
}

function together<T extends BaseTool>(own: Wrapping<T>, theirs: Wrapping<T>): Wrapping<T> {
  const { rules, settings } = own;
  return {
    tool: theirs.tool,
    rules: {
      parameters: rules.parameters ?? theirs.rules.parameters,
      parsesAgain: rules.parsesAgain && theirs.rules.parsesAgain,
    },
    settings: {
      ...settings,
      session: settings.session ?? theirs.settings.session,
      scope: settings.scope ?? theirs.settings.scope,
      signal: settings.signal ?? theirs.settings.signal,
    },
  };
}
