import { actionDigest } from "../digest.ts";
import type { DecidingScope } from "../enforce/context.ts";
import { decideIn } from "../enforce/decide.ts";
import { emptyHearing, type Hearing, nameOf } from "../enforce/hearing.ts";
import type { ObligationHandlers } from "../enforce/obligations.ts";
import type { Action } from "../model/call.ts";
import type { Decision } from "../model/decision.ts";
import type { Json } from "../model/json.ts";
import type { Narrowed } from "../model/leash.ts";
import type { Policy } from "../model/policy.ts";
import { TRAPPED } from "../policy/members.ts";
import type { DecisionRecording } from "../model/recording.ts";
import { type Trapped, trap } from "./trap.ts";

/** What decides again. */
export interface Judges {
  readonly policy: Policy;
  readonly narrowings: readonly Narrowed[];
}

/** A decision that was made again. */
export interface Redecided {
  readonly decision: Decision;
  /** What would run. */
  readonly action: Action;
  /** What was asked and is not among the recorded facts, by kind and key. */
  readonly missing: readonly string[];
  /** True where it depends on a value that was redacted. */
  readonly looked: boolean;
}

/**
 * Decides a recorded call again, all rounds and transforms, by what was recorded and nothing else: no clock, no probe, no store.
 * Undefined where the input is not there.
 */
export async function redecide(recording: DecisionRecording, judges: Judges): Promise<Redecided | undefined> {
  const trapped = inputOf(recording);
  if (trapped === undefined) return undefined;
  const missing = new Set<string>();
  const scope = scopeOf(recording, judges, missing);
  const hearing = hearingOf(recording, scope, missing);
  const { action, decision } = await decideIn(scope, actionOf(recording, trapped.input), hearing);
  // The host's word on the counterparty of a redacted call is not kept: it may have read it there.
  const looked = trapped.looked() || recording.facts.counterparties === undefined;
  return { action, decision, missing: [...missing], looked };
}

/** True where the recorded input is the one that the digest names; also for one that cannot be told. */
export function isIntact({ action, redacted }: DecisionRecording): boolean {
  if (action.text === undefined || redacted !== undefined) return true;
  return actionDigest(action.principal, action.tool, action.text) === action.digest;
}

function inputOf({ action: { text }, redacted = [] }: DecisionRecording): Trapped | undefined {
  return text === undefined ? undefined : trap(text, redacted);
}

function actionOf({ action }: DecisionRecording, input: Json): Action {
  const { labels = {}, text = "", ...rest } = action;
  return Object.freeze({ v: 1, ...rest, labels, text, input, members: TRAPPED });
}

function scopeOf(
  { action, decision, facts }: DecisionRecording,
  { narrowings, policy }: Judges,
  missing: Set<string>,
): DecidingScope {
  const handled = [...(facts.handlers ?? []), ...(policy.requires?.obligations ?? [])];
  const obligations: ObligationHandlers = new Map(handled.map((type) => [type, () => undefined] as const));
  const inForce = Object.freeze({ policy, mode: decision.mode });
  const registry = {
    get(id: string) {
      if (Object.hasOwn(facts.tools, id)) return facts.tools[id];
      // Whether another tool than the one that was called is registered nobody wrote down.
      if (id !== action.tool) missing.add(`tool:${id}`);
      return undefined;
    },
  };
  return { context: { inForce, obligations, registry }, narrowings, pinned: inForce };
}

function hearingOf({ facts }: DecisionRecording, scope: DecidingScope, missing: Set<string>): Hearing {
  const { counterparties = [], now, probes } = facts;
  const isStated = counterparties.some((stated) => stated !== null);
  const hearing = emptyHearing(scope, now, {
    explains: false,
    stated() {
      const stated = counterparties[hearing.counterparties.length];
      if (stated === undefined && isStated) missing.add("counterparty");
      return stated ?? null;
    },
    ask(need) {
      missing.add(nameOf("", need));
      return null;
    },
    readings: () => undefined,
  });
  for (const [name, answer] of Object.entries(probes)) hearing.answers.set(name, answer);
  return hearing;
}
