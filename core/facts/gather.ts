import type { Action } from "../model/call.ts";
import type { Facts, Need } from "../model/facts.ts";
import type { Json } from "../model/json.ts";
import type { Policy } from "../model/policy.ts";
import type { ToolSpec } from "../model/tool.ts";

/** The host's own word on whom a call deals with. */
export type StatedCounterparty = (action: Action) => string | undefined;

/** Finds out one thing that a policy must know; null where it cannot be had. */
export type Probe = (need: Need) => Promise<Json> | Json;

/** Where facts come from. */
export interface FactSources {
  /** Epoch milliseconds, store clock. */
  readonly now: number;
  readonly counterparty: StatedCounterparty | undefined;
  readonly probe: Probe;
}

/** Things that one call may need to know; what is beyond stays unknown, and so refused. */
const MOST_NEEDS = 256;

/** Milliseconds for all probes of one call together. */
const LONGEST_GATHERING_MS = 5_000;

/**
 * Step 4: what the policy may know beside the call. A fact that cannot be had in time is missing, and so unknown to the
 * policy; it never stops the others. Only the bare facts are ready at once: where the policy needs no probe, nothing is awaited.
 */
export function gatherFacts(
  policy: Policy,
  action: Action,
  tool: ToolSpec,
  { counterparty, now, probe }: FactSources,
): Facts | Promise<Facts> {
  const bare: Facts = { now, counterparty: stated(action, counterparty), probes: NO_PROBES };
  const needs = policy.needs(action, tool, bare);
  return needs.length === 0 ? bare : gatherAnswers(needs, probe).then((probes) => ({ ...bare, probes }));
}

const NO_PROBES: Facts["probes"] = Object.freeze({});

/** The answers that can be had in time, by kind and key. */
export async function gatherAnswers(needs: readonly Need[], probe: Probe): Promise<Facts["probes"]> {
  const found = new Map<string, Json>();
  const looking = needs.slice(0, MOST_NEEDS).map(async (need) => {
    const answer = await probe(need);
    if (answer !== null) found.set(`${need.kind}:${need.key}`, answer);
  });
  await inTime(Promise.allSettled(looking));
  // A late answer must not change what was decided by: the map is copied here, once.
  return Object.freeze(Object.fromEntries(found));
}

/** Waits for what ends within the time that all probes have. */
async function inTime(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, LONGEST_GATHERING_MS);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}

function stated(action: Action, counterparty: StatedCounterparty | undefined): string | null {
  try {
    const id = counterparty?.(action);
    return typeof id === "string" && id !== "" ? id : null;
  } catch {
    return null;
  }
}
