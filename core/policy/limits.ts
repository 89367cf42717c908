import { canonicalText } from "../canonical.ts";
import { domainDigest } from "../digest.ts";
import type { Decision } from "../model/decision.ts";
import type { Charge, CounterWindow, Need } from "../model/facts.ts";
import { answer, type Identity, VERBS } from "./answers.ts";
import type { LimitStandings } from "./conditions/bindings.ts";
import type { LimitEntry, LimitPart, LimitSum } from "./language/limits.ts";
import type { Pattern } from "./language/names.ts";
import { valueAt } from "./language/paths.ts";
import { approvalTerms } from "./language/terms.ts";
import type { CallView } from "./view.ts";

/** A limit ready to be held against a call. */
export interface CompiledLimit {
  readonly id: string;
  /** As decisions name it. */
  readonly rule: string;
  readonly patterns: readonly Pattern[];
  readonly sum: LimitSum | undefined;
  readonly parts: readonly LimitPart[];
  readonly window: CounterWindow;
  readonly max: number;
  readonly whenOver: Decision;
  readonly whenUnknown: Decision;
  /** What is on its counter could not be read. */
  readonly whenUnread: Decision;
}

export function compileLimit(limit: LimitEntry, identity: Identity): CompiledLimit {
  const shared = {
    rule: `limits.${limit.id}`,
    ruleDigest: domainDigest("leashkit/rule/1", { limit: limit.json }),
    reasonCode: "limit",
  } as const;
  const over = limit.over ?? "deny";
  return {
    id: limit.id,
    rule: shared.rule,
    patterns: limit.action,
    sum: limit.sum,
    parts: limit.per ?? [],
    window: { lengthMs: limit.window, fixed: limit.fixed === true },
    max: limit.max,
    whenOver: answer(identity, {
      ...shared,
      effect: over,
      reason: `the call would pass the limit "${limit.id}", which ${VERBS[over]}`,
      terms: approvalTerms(over),
    }),
    whenUnknown: answer(identity, {
      ...shared,
      effect: "deny",
      reason: `what counts for the limit "${limit.id}" is not known for this call, so it is refused`,
    }),
    whenUnread: answer(identity, {
      ...shared,
      effect: "deny",
      reasonCode: "limit_unknown",
      reason: `the counter of the limit "${limit.id}" could not be read, so the call is refused`,
    }),
  };
}

/** The counter that a call counts on; undefined where a part of its name cannot be told. */
function counterOf({ id, parts }: CompiledLimit, view: CallView): string | undefined {
  const values: string[] = [id];
  for (const part of parts) {
    const value = partOf(part, view);
    if (typeof value !== "string" || value === "") return undefined;
    values.push(value);
  }
  return canonicalText(values);
}

function partOf(part: LimitPart, { action, counterparty, money }: CallView): unknown {
  switch (part.kind) {
    case "agent":
      return action.principal.agent;
    case "subject":
      return action.principal.subject;
    case "session":
      return action.session;
    case "tool":
      return action.tool;
    case "counterparty":
      return counterparty?.id;
    case "currency":
      return money?.currency;
    default: {
      const value = valueAt(action.input, part.steps);
      return part.values.find((known) => known === value);
    }
  }
}

/** What this call adds; undefined where that is no whole number of at least 0. */
export function amountOf({ sum }: CompiledLimit, { action, money }: CallView): number | undefined {
  if (sum === undefined) return 1;
  const amount = sum === "money" ? money?.amount : valueAt(action.input, sum);
  return typeof amount === "number" && Number.isSafeInteger(amount) && amount >= 0 ? amount : undefined;
}

/** What is on the counter already; undefined where nobody knows. */
export function usedOf(limit: CompiledLimit, view: CallView): number | undefined {
  const counter = counterOf(limit, view);
  return counter === undefined ? undefined : readOf(counter, view);
}

function readOf(counter: string, { facts }: CallView): number | undefined {
  const name = `counter:${counter}`;
  const used = Object.hasOwn(facts.probes, name) ? facts.probes[name] : undefined;
  return typeof used === "number" && Number.isSafeInteger(used) && used >= 0 ? used : undefined;
}

/** What conditions may know of limits; one whose counter is not known is not there, and what is asked of it is unknown. */
export function standingsOf(limits: readonly CompiledLimit[], view: CallView): LimitStandings {
  const known = limits.flatMap((limit) => {
    const used = usedOf(limit, view);
    return used === undefined
      ? []
      : [[limit.id, { used, max: limit.max, left: Math.max(0, limit.max - used) }] as const];
  });
  return Object.fromEntries(known);
}

/** Why the call may not simply go on; undefined where it stays within the limit. */
export function beyond(limit: CompiledLimit, view: CallView): Decision | undefined {
  const [amount, counter] = [amountOf(limit, view), counterOf(limit, view)];
  if (amount === undefined || counter === undefined) return limit.whenUnknown;
  const used = readOf(counter, view);
  if (used === undefined) return limit.whenUnread;
  const total = used + amount;
  if (total <= limit.max) return undefined;
  const over = Object.freeze([Object.freeze({ limit: limit.id, total, max: limit.max })]);
  return Object.freeze({ ...limit.whenOver, reason: `${limit.whenOver.reason}: ${total} of ${limit.max}`, over });
}

/** The counter that must be read before the call can be held against the limit. */
export function counterNeed(limit: CompiledLimit, view: CallView): readonly Need[] {
  const key = counterOf(limit, view);
  return key === undefined ? [] : [{ kind: "counter", key, window: limit.window }];
}

/**
 * What the call adds to the limit's counter when it runs.
 * @throws Error where that is not known: such a call is refused before.
 */
export function chargeOf(limit: CompiledLimit, view: CallView): Charge {
  const [counter, amount] = [counterOf(limit, view), amountOf(limit, view)];
  if (counter === undefined || amount === undefined) throw new Error("what cannot be counted has no leave to run");
  return { counter, amount, window: limit.window, rule: limit.rule };
}
