import type { AuditPayload, AuditRecord, Change } from "@leashkit/core";
import type { Commit } from "./disk.ts";
import { digestOf } from "./identity.ts";
import { hasResult } from "./known.ts";
import { LIMITS, MUCH, POLICIES, type ToolName } from "./policies.ts";
import { count, type Machine, violate, type Wanted, type World } from "./world.ts";

/** Rows by which calls are decided, and by which others know of them. */
const DECIDING: ReadonlySet<string> = new Set([
  "approval",
  "ref",
  "journal",
  "deferral",
  "denial",
  "instance",
  "blob",
  "used",
  "allowance",
]);

/** A process that observes changes nothing that decides: no question, no leave, no counter of those who enforce. */
export function checkUntouched(world: World, machine: Machine, changes: readonly Change[]): void {
  const { counters } = world.observed;
  for (const { expect, id, kind } of changes) {
    const isShadow = counters.has(id);
    if (machine.mode === "enforce") {
      if (isShadow) violate(world, "I12", "a process that enforces counts where others only observe");
    } else if (kind === "counter") {
      if (expect > 0 && !isShadow) violate(world, "I12", "a process that observes counts where others enforce");
      counters.add(id);
    } else if (DECIDING.has(kind)) violate(world, "I12", `a process that observes changes a row of ${kind}`);
  }
}

/** What the records of observed calls say: what would have been decided, and which bytes ran. */
export function checkObserved(world: World, { records, transitions }: Commit): void {
  const { decided, ran } = world.observed;
  const isCounted = transitions.some(({ kind }) => kind === "counter");
  for (const record of records) {
    const { effective, type } = record.payload;
    const { action_id: id = "" } = record.envelope;
    if (type === "decided" && effective === "OBSERVED") {
      decided.set(id, (decided.get(id) ?? 0) + 1);
      checkSaid(world, record, isCounted);
    }
    // A call may be observed here and enforced there, under one action id: only what no proof goes with is observed.
    const isOutcome = (type === "executed" || type === "failed") && record.envelope.proof_kid === undefined;
    if (isOutcome && ran.get(id)?.has(record.payload.digest ?? "") !== true)
      violate(world, "I1", "the record of an observed run names other bytes than ran");
  }
}

const ASKED: Readonly<Partial<Record<ToolName, string>>> = { wire: "STEP_UP", ping: "ALLOW", wipe: "DENY" };

/** The policy's word, worked out by hand. Limits count what is observed, apart. */
function checkSaid(world: World, { payload }: AuditRecord, isCounted: boolean): void {
  const { action_type: tool, actor_id: agent, decision, reason_code: code, tenant } = payload;
  const { used } = world.observed;
  const limits = LIMITS.filter(({ tools }) => tools.includes(tool as ToolName));
  const counterOf = (id: string): string => `${id} of ${agent} in ${tenant}`;
  const isFull = limits.some(({ asks, id, max }) => !asks && (used.get(counterOf(id)) ?? 0) >= max);
  const expected = isFull ? "DENY" : wouldSay(world, payload);
  count(world, `would have been: ${decision}`);
  // Where a counter cannot be read, no call is let pass.
  const isBlind = limits.length > 0 && decision === "DENY" && code === "limit_unknown" && world.failedAt >= 0;
  if (decision !== expected && !isBlind)
    violate(world, "I12", `the policy would have said ${expected} to ${tool}, and the record says ${decision}`);
  if (decision === "DENY" || limits.length === 0) return;
  if (isCounted) for (const { id } of limits) used.set(counterOf(id), (used.get(counterOf(id)) ?? 0) + 1);
  // Leave for a call that ran before, and is not run again.
  else if (!world.wanted.some((one) => digestOf(one) === payload.digest && hasResult(world, one)))
    violate(world, "I12", `a call of ${tool} was observed and counts on no limit`);
}

function wouldSay(world: World, { action_type: tool, digest, policy_digest: policyDigest }: AuditPayload): string {
  const version = POLICIES.findIndex((policy) => policy.digest === policyDigest);
  if (tool === "note") return version === 0 ? "ALLOW" : "APPROVE";
  if (tool === "tell") {
    const wanted = world.wanted.find((one) => one.tool === tool && digestOf(one) === digest);
    return amountOf(wanted) > MUCH ? "STEP_UP" : "APPROVE";
  }
  return ASKED[tool as ToolName] ?? "APPROVE";
}

function amountOf(wanted: Wanted | undefined): number {
  return (wanted?.input as { readonly amount: number } | undefined)?.amount ?? 0;
}
