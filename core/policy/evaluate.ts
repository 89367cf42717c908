import { canonicalText } from "../canonical.ts";
import type { Action } from "../model/call.ts";
import type { Counterparty, Decision, Obligation } from "../model/decision.ts";
import { atLeast } from "../model/effect.ts";
import type { Charge, Facts, Need } from "../model/facts.ts";
import type { ToolSpec } from "../model/tool.ts";
import { withoutAgain } from "./answers.ts";
import type { CompiledPolicy } from "./compile.ts";
import type { ComputeForm } from "./language/compute.ts";
import { answerOf, type LayerAnswer, strictest } from "./layer.ts";
import { beyond, chargeOf, counterNeed } from "./limits.ts";
import { Members } from "./members.ts";
import { runProgram, UNSURE } from "./program.ts";
import type { Portions, ToolIndex } from "./tool-index.ts";
import { changesNothing, computed } from "./transform.ts";
import { CallView } from "./view.ts";

/**
 * Decides one call: pure, synchronous and total. The same action, tool, facts and policy give the same bytes; whatever throws
 * is a denial with the reason code `policy_error`.
 *
 * Each document answers for itself (`answerOf`), and the strictest answer counts. Then the safe form is computed; where that
 * changes the call, its guards and limits wait for the changed form, which must be decided again.
 */
export function evaluate(policy: CompiledPolicy, action: Action, tool: ToolSpec, facts: Facts): Decision {
  try {
    const decision = decideBy(policy.index, policy, action, tool, facts);
    if (policy.shadow === undefined) return decision;
    const { effect, rule } = decideBy(policy.shadow, policy, action, tool, facts);
    if (effect === decision.effect && rule === decision.rule) return decision;
    return Object.freeze({ ...decision, shadow: Object.freeze({ effect, rule }) });
  } catch {
    return policy.failed;
  }
}

/** What must be known before the call can be decided. */
export function needsOf(policy: CompiledPolicy, action: Action, tool: ToolSpec, facts: Facts): readonly Need[] {
  const found = new Map<string, Need>();
  for (const index of [policy.index, policy.shadow]) {
    for (const portion of index?.of(tool).portions ?? []) {
      const view = new CallView(action, tool, facts, portion);
      const needs = [
        ...portion.guarding.flatMap(({ guards }) => guards.flatMap((guard) => guard.needs(action.input))),
        ...portion.limits.flatMap((limit) => counterNeed(limit, view)),
      ];
      for (const need of needs) found.set(`${need.kind}:${need.key}`, need);
    }
  }
  return [...found.values()];
}

/** What the call counts on once it has leave to run. */
export function chargesOf(policy: CompiledPolicy, action: Action, tool: ToolSpec, facts: Facts): readonly Charge[] {
  return policy.index.of(tool).portions.flatMap((portion) => {
    if (portion.limits.length === 0) return [];
    const view = new CallView(action, tool, facts, portion);
    return portion.limits.map((limit) => chargeOf(limit, view));
  });
}

function decideBy(index: ToolIndex, policy: CompiledPolicy, action: Action, tool: ToolSpec, facts: Facts): Decision {
  const slot = Members.slotFor(action, tool);
  // What was sealed for this tool has its name.
  if (slot < 0 && action.tool !== tool.id) return policy.failed;
  const start = facts.counterparty === null ? index.quick.startOf(slot) || index.of(tool).start : 0;
  if (start > 0) {
    const found = runProgram(index.quick.entries, start, Members.of(action), undefined);
    if (found !== UNSURE) return found ?? policy.unanswered;
  }
  const { portions } = index.of(tool);
  const [portion] = portions;
  if (portions.length > 1) return decideInLayers(portions, policy, action, tool, facts);
  const view = new CallView(action, tool, facts, portion);
  const said = answerOf(portion, view);
  const decision = (said.answers ? said.decision : null) ?? policy.unanswered;
  if (decision.effect === "deny" || (portion.isPlain && said.isPlain))
    return withCounterparty(decision, view.counterparty);
  return settle(policy, [view], decision, computingOf(said, view), said.heard);
}

function decideInLayers(
  portions: Portions,
  policy: CompiledPolicy,
  action: Action,
  tool: ToolSpec,
  facts: Facts,
): Decision {
  const views = portions.map((portion) => new CallView(action, tool, facts, portion));
  const answers = views.map((view) => answerOf(view.portion, view));
  const lastToSpeak = answers.findLastIndex(({ speaks }) => speaks);
  let decision: Decision | null = null;
  let isAnswered = false;
  const computing: Computing[] = [];
  const heard: Decision[] = [];
  for (const [place, view] of views.entries()) {
    const said = answers[place];
    const counting = place < lastToSpeak ? (said?.firm ?? said) : said;
    if (counting === undefined) continue;
    decision = strictest(decision, counting.decision);
    isAnswered ||= counting.answers;
    computing.push(...computingOf(counting, view));
    heard.push(...counting.heard);
  }
  const asked = heardAsking(answers);
  // What one document lets an approver permit in advance is no answer to another document's question.
  if (asked > 1 && decision !== null && decision.terms?.again !== undefined)
    decision = Object.freeze({ ...decision, terms: withoutAgain(decision.terms) });
  // Asks that could not be decided raise an answer and are none: a call that nobody answers is refused.
  return settle(policy, views, (isAnswered ? decision : null) ?? policy.unanswered, computing, heard);
}

/** Documents that ask a person, each for a reason of its own. */
function heardAsking(answers: readonly LayerAnswer[]): number {
  return answers.filter(({ decision }) => decision?.effect === "approve" || decision?.effect === "step_up").length;
}

/** A rule's way to the safe form, and the call as the rule's own document sees it. */
type Computing = readonly [ComputeForm, CallView];

const NO_COMPUTING: readonly Computing[] = Object.freeze([]);

function computingOf({ computes }: LayerAnswer, view: CallView): readonly Computing[] {
  return computes.length === 0 ? NO_COMPUTING : computes.map((compute) => [compute, view] as const);
}

/** From the documents' word to the decision: the safe form, guards, limits, obligations, counterparty. */
function settle(
  policy: CompiledPolicy,
  views: readonly CallView[],
  said: Decision,
  computing: readonly Computing[],
  heard: readonly Decision[],
): Decision {
  const counterparty = views[views.length - 1]?.counterparty ?? null;
  if (said.effect === "deny") return withCounterparty(said, counterparty);
  let transform: Decision["transform"] = null;
  if (computing.length > 0) {
    const made = firstChange(computing);
    if (made === "unknown") return withCounterparty(policy.uncomputed, counterparty);
    transform = made;
  }
  const checked = transform === null ? checkedBy(views, said) : said;
  const obligations = heard.length > 0 && checked.effect !== "deny" ? obligationsOf(heard) : checked.obligations;
  if (transform === null && obligations === checked.obligations) return withCounterparty(checked, counterparty);
  return Object.freeze({ ...checked, transform, obligations, counterparty });
}

/** The first safe form, the broadest document's first, that is another call. The others come with the next round. */
function firstChange(computing: readonly Computing[]): Decision["transform"] | "unknown" {
  for (const [compute, view] of computing) {
    const made = computed(compute, view);
    if (made === "unknown") return made;
    if (!changesNothing(made, view)) return Object.freeze(made);
  }
  return null;
}

/** Guards and limits only ever raise. */
function checkedBy(views: readonly CallView[], said: Decision): Decision {
  let decision = said;
  for (const view of views) {
    const { guarding, limits } = view.portion;
    for (const { guards, whenForbidden, whenOutside } of guarding) {
      for (const guard of guards) {
        const refusal = guard.check(view.action.input, view.facts.probes);
        if (refusal === undefined) continue;
        const guarded = refusal.kind === "forbidden" ? whenForbidden : whenOutside;
        if (guarded.effect === "deny") return because(guarded, refusal.message);
        decision = raised(decision, because(guarded, refusal.message));
      }
    }
    for (const limit of limits) {
      const found = beyond(limit, view);
      if (found?.effect === "deny") return found;
      if (found !== undefined) decision = raised(decision, found);
    }
  }
  return decision;
}

function because(decision: Decision, message: string): Decision {
  return Object.freeze({ ...decision, reason: `${decision.reason}: ${message}` });
}

/**
 * The stricter of the two; where both ask, on the terms of who asked first and with the reason of both. A standing yes answers one
 * question alone, so none can be given to both.
 */
function raised(said: Decision, found: Decision): Decision {
  if (said.effect === "allow") return Object.freeze({ ...found, ...permitParts(said) });
  const [strict, other] = atLeast(said.effect, found.effect) ? [said, found] : [found, said];
  const reason = strict === said ? `${said.reason}; ${found.reason}` : `${found.reason}; ${other.reason}`;
  const over = [...(said.over ?? []), ...(found.over ?? [])];
  const terms = strict.terms === null ? null : withoutAgain(strict.terms);
  const both = { ...found, ...permitParts(said), effect: strict.effect, reason, terms };
  return Object.freeze(over.length === 0 ? both : { ...both, over: Object.freeze(over) });
}

/** What the rule that would have let the call pass says of its proof and its duties stays. */
function permitParts({ obligations, proofTtlMs }: Decision): Pick<Decision, "obligations" | "proofTtlMs"> {
  return { obligations, proofTtlMs };
}

function obligationsOf(heard: readonly Decision[]): readonly Obligation[] {
  const found = new Map<string, Obligation>();
  for (const { obligations } of heard) for (const one of obligations) found.set(canonicalText(one), one);
  return Object.freeze([...found.values()]);
}

/** Decisions are frozen and few, counterparties are remembered: their pairs are, too. */
const PAIRS = new WeakMap<Counterparty, WeakMap<Decision, Decision>>();

function withCounterparty(decision: Decision, counterparty: Counterparty | null): Decision {
  if (counterparty === null) return decision;
  const pairs = PAIRS.get(counterparty) ?? new WeakMap<Decision, Decision>();
  PAIRS.set(counterparty, pairs);
  const known = pairs.get(decision);
  if (known !== undefined) return known;
  const paired = Object.freeze({ ...decision, counterparty });
  pairs.set(decision, paired);
  return paired;
}
