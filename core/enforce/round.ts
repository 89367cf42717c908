import { gatherFacts, type Probe } from "../facts/gather.ts";
import { createReadings, type Readings } from "../limits/readings.ts";
import type { Ledger } from "../limits/rows.ts";
import type { Action } from "../model/call.ts";
import type { Decision } from "../model/decision.ts";
import type { Charge } from "../model/facts.ts";
import type { Reservation } from "../model/journal.ts";
import type { Policy } from "../model/policy.ts";
import type { ToolSpec } from "../model/tool.ts";
import { inForce, type Scope } from "./context.ts";
import { cannotBeMet } from "./demands.ts";
import { denial } from "./denial.ts";
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

/** A policy that decides in a scope: what is in force, or what a parent added for its child. */
interface Judge {
  readonly policy: Policy;
  /** Before the names of its counters: a child's limit is none of its parent's, whatever it is called. */
  readonly space: string;
}

/**
 * One round: what is in force decides, then whatever the parents added, and the strictest word counts. Total: whatever goes
 * wrong is a denial.
 */
export async function decideOnce(scope: Scope, action: Action, own: readonly Reservation[]): Promise<Round> {
  const tool = scope.context.registry.get(action.tool);
  if (tool === undefined)
    return { decision: denial(scope, "tool_unknown", "The tool is not registered with this leash.") };
  if (!isWithin(scope, action.tool))
    return { decision: denial(scope, "narrowed", "The tool is outside what the parent agent passed on.") };
  try {
    const now = scope.context.store.now();
    let readings: Readings | undefined;
    const read: Probe = (need) => {
      if (need.kind !== "counter") return scope.context.probe(need);
      readings ??= createReadings(ledgerOf(scope, action), now, own);
      return readings.read(need);
    };
    const charges: Charge[] = [];
    let decision: Decision | undefined;
    for (const judge of judgesOf(scope)) {
      const said = await hear(scope, judge, { action, tool, now, read });
      charges.push(...said.charges);
      decision = decision === undefined ? said.decision : together(decision, said.decision);
      if (decision.effect === "deny") return { decision: finished(scope, decision) };
    }
    if (decision === undefined) throw new Error("some policy is always in force");
    return { decision: finished(scope, decision), counted: readings && { charges, readings } };
  } catch {
    return { decision: denial(scope, "policy_error", "The policy could not be evaluated.") };
  }
}

function judgesOf(scope: Scope): readonly Judge[] {
  const added = scope.narrowings.flatMap(({ policy }) =>
    policy === undefined ? [] : [{ policy, space: `${policy.digest}/` }],
  );
  return [{ policy: inForce(scope).policy, space: "" }, ...added];
}

interface Asked {
  readonly action: Action;
  readonly tool: ToolSpec;
  readonly now: number;
  readonly read: Probe;
}

async function hear(
  scope: Scope,
  { policy, space }: Judge,
  { action, now, read, tool }: Asked,
): Promise<{ readonly decision: Decision; readonly charges: readonly Charge[] }> {
  const { counterparty } = scope.context;
  let counts = false;
  const probe: Probe = (need) => {
    if (need.kind !== "counter") return read(need);
    counts = true;
    return read({ ...need, key: space + need.key });
  };
  const gathered = gatherFacts(policy, action, tool, { now, counterparty, probe });
  const facts = gathered instanceof Promise ? await gathered : gathered;
  const decision = policy.evaluate(action, tool, facts);
  const problem = cannotBeMet(decision, scope.context.obligations);
  if (problem !== undefined) return { decision: denial(scope, problem.code, problem.reason), charges: [] };
  const because = decision.effect === "allow" ? null : (policy.explain?.(action, tool, facts).because ?? null);
  const explained = because === null ? decision : { ...decision, because };
  if (!counts || decision.effect === "deny") return { decision: explained, charges: [] };
  const charges = policy.charges?.(action, tool, facts) ?? [];
  return { decision: explained, charges: charges.map((charge) => ({ ...charge, counter: space + charge.counter })) };
}

/** In the mode of what is in force; a question that can reach nobody is denied. */
function finished(scope: Scope, decision: Decision): Decision {
  if (asks(decision) && scope.narrowings.some((narrowing) => narrowing.asks === false))
    return denial(scope, "narrowed", "A person must be asked, and this child agent reaches nobody.");
  return { ...decision, mode: inForce(scope).mode };
}

/** The counters of the call's tenant; what is only observed has its own. */
export function ledgerOf(scope: Scope, { principal }: Pick<Action, "principal">): Ledger {
  return { store: scope.context.store, tenant: principal.tenant, mode: inForce(scope).mode };
}

/** True when every parent passed the tool on. */
export function isWithin({ narrowings }: Scope, tool: string): boolean {
  return narrowings.every((limits) => limits.tools === undefined || limits.tools.includes(tool));
}
