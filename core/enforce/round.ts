import { gatherFacts, type Probe } from "../facts/gather.ts";
import type { Readings } from "../limits/readings.ts";
import type { Action } from "../model/call.ts";
import type { Decision } from "../model/decision.ts";
import type { Charge, Facts, Need } from "../model/facts.ts";
import type { ToolSpec } from "../model/tool.ts";
import { type DecidingScope, inForce } from "./context.ts";
import { cannotBeMet } from "./demands.ts";
import { denial } from "./denial.ts";
import { type Hearing, type Judge, nameOf } from "./hearing.ts";
import { asks, together } from "./strictest.ts";

/** What a call counts on, and the counters as its decision saw them. */
export interface Counted {
  readonly charges: readonly Charge[];
  readonly readings: Readings;
}

/** What was said of one form of a call. */
export interface Round {
  readonly decision: Decision;
  /** Absent where the call is denied or counts on no limit. */
  readonly counted?: Counted | undefined;
}

/**
 * One round: what is in force decides, then whatever the parents added, and the strictest word counts. Total: whatever goes
 * wrong is a denial.
 */
export async function decideOnce(scope: DecidingScope, action: Action, hearing: Hearing): Promise<Round> {
  const tool = scope.context.registry.get(action.tool);
  if (tool === undefined)
    return { decision: denial(scope, "tool_unknown", "The tool is not registered with this leash.") };
  hearing.tools.set(tool.id, tool);
  if (!isWithin(scope, action.tool))
    return { decision: denial(scope, "narrowed", "The tool is outside what the parent agent passed on.") };
  try {
    const counterparty = hearing.stated(action);
    hearing.counterparties.push(counterparty);
    const charges: Charge[] = [];
    let decision: Decision | undefined;
    for (const judge of hearing.judges) {
      const heard = hear(scope, judge, { action, tool, counterparty, hearing });
      const said = heard instanceof Promise ? await heard : heard;
      charges.push(...said.charges);
      decision = decision === undefined ? said.decision : together(decision, said.decision);
      if (decision.effect === "deny") return { decision: finished(scope, decision) };
    }
    if (decision === undefined) throw new Error("some policy is always in force");
    const readings = hearing.readings();
    return { decision: finished(scope, decision), counted: readings && { charges, readings } };
  } catch {
    return { decision: denial(scope, "policy_error", "The policy could not be evaluated.") };
  }
}

interface Asked {
  readonly action: Action;
  readonly tool: ToolSpec;
  readonly counterparty: string | null;
  readonly hearing: Hearing;
}

/** What one policy says. */
interface Said {
  readonly decision: Decision;
  readonly charges: readonly Charge[];
}

/** At once where the policy needs to know nothing that must be waited for: most calls pay for no promise here. */
function hear(scope: DecidingScope, judge: Judge, asking: Asked): Said | Promise<Said> {
  const { policy, space } = judge;
  const { action, counterparty, hearing, tool } = asking;
  const asked: Need[] = [];
  const probe: Probe = (need) => {
    asked.push(need);
    const known = hearing.answers.get(nameOf(space, need));
    if (known !== undefined) return known;
    return hearing.ask(need.kind === "counter" ? { ...need, key: space + need.key } : need);
  };
  const { now } = hearing;
  const gathered = gatherFacts(policy, action, tool, { now, counterparty: () => counterparty ?? undefined, probe });
  return gathered instanceof Promise
    ? gathered.then((facts) => judged(scope, judge, asking, asked, facts))
    : judged(scope, judge, asking, asked, gathered);
}

function judged(
  scope: DecidingScope,
  { policy, space }: Judge,
  { action, hearing, tool }: Asked,
  asked: readonly Need[],
  facts: Facts,
): Said {
  // What could not be had in this round is not had in the next one either: a decision is made of one set of answers.
  for (const need of asked) hearing.answers.set(nameOf(space, need), facts.probes[`${need.kind}:${need.key}`] ?? null);
  const decision = policy.evaluate(action, tool, facts);
  const problem = cannotBeMet(decision, scope.context.obligations);
  if (problem !== undefined) return { decision: denial(scope, problem.code, problem.reason), charges: [] };
  const because =
    decision.effect === "allow" || !hearing.explains ? null : (policy.explain?.(action, tool, facts).because ?? null);
  const explained = because === null ? decision : { ...decision, because };
  const counts = asked.some(({ kind }) => kind === "counter");
  if (!counts || decision.effect === "deny") return { decision: explained, charges: [] };
  const charges = policy.charges?.(action, tool, facts) ?? [];
  return { decision: explained, charges: charges.map((charge) => ({ ...charge, counter: space + charge.counter })) };
}

/** In the mode of what is in force; a question that can reach nobody is denied. */
function finished(scope: DecidingScope, decision: Decision): Decision {
  if (asks(decision) && scope.narrowings.some((narrowing) => narrowing.asks === false))
    return denial(scope, "narrowed", "A person must be asked, and this child agent reaches nobody.");
  const { mode } = inForce(scope);
  return decision.mode === mode ? decision : { ...decision, mode };
}

/** True when every parent passed the tool on. */
export function isWithin({ narrowings }: Pick<DecidingScope, "narrowings">, tool: string): boolean {
  return narrowings.every((limits) => limits.tools === undefined || limits.tools.includes(tool));
}
