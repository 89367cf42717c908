import type { Probe } from "../facts/gather.ts";
import { createReadings, type Readings } from "../limits/readings.ts";
import type { Action } from "../model/call.ts";
import type { Json } from "../model/json.ts";
import type { Need } from "../model/facts.ts";
import type { Reservation } from "../model/journal.ts";
import type { Policy } from "../model/policy.ts";
import type { ToolSpec } from "../model/tool.ts";
import type { Heard } from "../recording/recorder.ts";
import { type DecidingScope, inForce, type Scope } from "./context.ts";
import { ledgerOf } from "./ledger.ts";
import { redactionBy } from "./redaction.ts";

/** A policy that decides in a scope: what is in force, or what a parent added for its child. */
export interface Judge {
  readonly policy: Policy;
  /** Before the names of its counters: a child's limit is none of its parent's, whatever it is called. */
  readonly space: string;
}

/**
 * One decision from its first round to its last: one moment, and each thing that is asked has one answer. What it heard is what the
 * same decision can be made of again.
 */
export interface Hearing extends Heard {
  readonly judges: readonly Judge[];
  readonly counterparties: (string | null)[];
  readonly answers: Map<string, Json | null>;
  readonly tools: Map<string, ToolSpec>;
  /** The host's word on whom the call deals with; a round asks once. */
  stated(action: Action): string | null;
  /** False where nobody wants to know why: what a decision does not depend on is not looked at then. */
  readonly explains: boolean;
  /** Finds out what has no answer yet; a counter by its full name. */
  readonly ask: Probe;
  /** What was seen of the counters; undefined where none was asked for. */
  readings(): Readings | undefined;
}

/** @param own what this very call counts on already: it does not stand in its own way. */
export function openHearing(scope: Scope, action: Action, own: readonly Reservation[]): Hearing {
  const { context } = scope;
  const now = context.store.now();
  let readings: Readings | undefined;
  return emptyHearing(scope, now, {
    explains: true,
    stated: (form) => statedBy(context.counterparty, form),
    ask(need) {
      if (need.kind !== "counter") return context.probe(need);
      readings ??= createReadings(ledgerOf(scope, action), now, own);
      return readings.read(need);
    },
    readings: () => readings,
  });
}

/** A hearing that has heard nothing so far, and whom it asks. */
export function emptyHearing(
  scope: DecidingScope,
  now: number,
  { ask, explains, readings, stated }: Pick<Hearing, "ask" | "explains" | "readings" | "stated">,
): Hearing {
  const judges = judgesOf(scope);
  const tools = new Map<string, ToolSpec>();
  // Written out, not put together: this is made for every call, and objects that are spread are slow to make.
  return {
    now,
    judges,
    explains,
    stated,
    ask,
    readings,
    policy: inForce(scope).policy.digest,
    counterparties: [],
    answers: new Map(),
    tools,
    narrowings: scope.narrowings,
    needsOf: (action) => needsOf(judges, action, tools.get(action.tool), now),
    redaction: (name) => redactionBy(judges, name, tools.get(name)),
  };
}

function judgesOf(scope: DecidingScope): readonly Judge[] {
  const first = { policy: inForce(scope).policy, space: "" };
  if (scope.narrowings.length === 0) return [first];
  const added = scope.narrowings.flatMap(({ policy, space }) => (policy === undefined ? [] : [{ policy, space }]));
  // What one child was given twice decides, and counts, once.
  const spaces = added.map(({ space }) => space);
  return [first, ...added.filter(({ space }, place) => spaces.indexOf(space) === place)];
}

function needsOf(
  judges: readonly Judge[],
  action: Action,
  tool: ToolSpec | undefined,
  now: number,
): ReadonlySet<string> {
  if (tool === undefined) return new Set();
  const facts = { now, counterparty: null, probes: {} };
  try {
    return new Set(
      judges.flatMap(({ policy, space }) => policy.needs(action, tool, facts).map((need) => nameOf(space, need))),
    );
  } catch {
    return new Set();
  }
}

/** By what an answer is known: of a counter, with its window and with the space of the policy that keeps it. */
export function nameOf(space: string, need: Need): string {
  if (need.kind !== "counter") return `${need.kind}:${need.key}`;
  const { fixed, lengthMs } = need.window;
  return `counter:${lengthMs}${fixed ? "f" : ""}:${space}${need.key}`;
}

function statedBy(counterparty: ((action: Action) => string | undefined) | undefined, action: Action): string | null {
  try {
    const id = counterparty?.(action);
    return typeof id === "string" && id !== "" ? id : null;
  } catch {
    return null;
  }
}
