import type { Action } from "../model/call.ts";
import type { Counterparty, Decision } from "../model/decision.ts";
import { atLeast } from "../model/effect.ts";
import type { Facts } from "../model/facts.ts";
import type { ToolSpec } from "../model/tool.ts";
import type { CompiledPolicy, CompiledRule } from "./compile.ts";
import { type Bindings, type CallInView, createBindings } from "./conditions/bindings.ts";
import { normalizeHost } from "./hosts.ts";
import { valueAt } from "./language/paths.ts";
import type { ToolRules } from "./tool-index.ts";

/** The trust of a counterparty that the policy does not list. */
const NO_TRUST = "NONE";

/**
 * Decides one call: pure, synchronous and total. The same action, tool, facts and policy give the same bytes; whatever throws
 * is a denial with the reason code `policy_error`.
 *
 * Order: every deny that is not false, first in the file first; then the first other rule that is true; else the tool's own
 * decision; else the default. A rule that asks and could not be decided (*unknown*) counts beside what was found: the
 * strictest of them is the answer, the earlier one where two are equally strict. An unknown allow counts for nothing.
 */
export function evaluate(policy: CompiledPolicy, action: Action, tool: ToolSpec, facts: Facts): Decision {
  try {
    if (action.tool !== tool.id) return policy.failed;
    const rules = policy.index.of(tool);
    const counterparty = counterpartyOf(policy, rules, action, facts);
    const call: CallInHand = { action, tool, facts, counterparty, bindings: createBindings() };
    const decision = firstDeny(rules.denies, call) ?? strictestOther(rules, call, policy.fallback);
    return counterparty === null ? decision : Object.freeze({ ...decision, counterparty });
  } catch {
    return policy.failed;
  }
}

interface CallInHand extends CallInView {
  readonly bindings: Bindings;
}

/** True, false, or undefined for unknown. */
function holds({ condition }: CompiledRule, call: CallInHand): boolean | undefined {
  return condition === undefined ? true : condition(call, call.bindings);
}

/** A deny fires on anything but false. */
function firstDeny(denies: readonly CompiledRule[], call: CallInHand): Decision | undefined {
  for (const rule of denies) {
    const held = holds(rule, call);
    if (held !== false) return held === true ? rule.whenTrue : rule.whenUnknown;
  }
  return undefined;
}

function strictestOther(rules: ToolRules, call: CallInHand, fallback: Decision): Decision {
  let asked: Decision | undefined;
  for (const rule of rules.others) {
    const held = holds(rule, call);
    if (held === true) return strictest(asked, rule.whenTrue);
    if (held === undefined && rule.effect !== "allow") asked = strictest(asked, rule.whenUnknown);
  }
  return strictest(asked, rules.tool?.decision ?? fallback);
}

/** The stricter answer; the earlier one where both are equally strict. */
function strictest(earlier: Decision | undefined, later: Decision): Decision {
  return earlier !== undefined && atLeast(earlier.effect, later.effect) ? earlier : later;
}

/**
 * Whom the call deals with. The id may come from the call, where the policy or the registry say it stands; the trust never
 * does. An id that is missing or no text is no counterparty, and a condition that uses it is unknown.
 */
function counterpartyOf(policy: CompiledPolicy, rules: ToolRules, action: Action, facts: Facts): Counterparty | null {
  const { counterparty: path } = rules;
  if (path === "unreadable") return null;
  const id = path === undefined ? facts.counterparty : valueAt(action.input, path);
  if (typeof id !== "string" || id === "") return null;
  const host = normalizeHost(id);
  if (host === undefined) return Object.freeze({ id, trust: NO_TRUST });
  return Object.freeze({ id: host, trust: policy.trust?.find(host) ?? NO_TRUST });
}
