import { answers, isLeft } from "../approvals/allowances.ts";
import { showsWhatRuns, writeApproval } from "../approvals/rows.ts";
import { approvalRecord } from "../audit/approval-records.ts";
import type { LeashDenied } from "../errors.ts";
import { commitEntry } from "../journal/entries.ts";
import type { Allowance } from "../model/allowance.ts";
import type { AuditRecord } from "../model/audit.ts";
import type { Json } from "../model/json.ts";
import type { Stored } from "../store/envelope.ts";
import type { Scope } from "./context.ts";
import { uncovered, whatIsUnsigned } from "./coverage.ts";
import { decide, type Decided, decideEdited } from "./decide.ts";
import { deny } from "./deny.ts";
import { draft } from "./draft.ts";
import type { Proposal } from "./proposal.ts";
import { deniedByPolicy, policyChanged } from "./refusals.ts";
import { reseal } from "./seal.ts";
import type { Grant, Standing } from "./standing.ts";
import { asks } from "./strictest.ts";
import { type Surroundings, WATCH } from "./watched.ts";

/**
 * Step 7: unless the policy was asked just now, decides again with fresh facts; then, in one commit, uses up the approval and
 * writes the journal row and the records. Undefined when somebody else moved first: look again.
 * @throws {LeashDenied} when the standing does not cover what is demanded now; nothing but a log record was written.
 */
export async function consume(
  scope: Scope,
  proposal: Proposal,
  standing: Standing,
  origin: Surroundings,
): Promise<Grant | undefined> {
  const decided = standing.kind === "decided" ? standing.decided : await decideAgain(scope, proposal, standing);
  if (decided.counted === undefined) return await grantBy(scope, proposal, standing, decided, origin);
  const turn = await scope.context.turns.take(decided.counted.charges.map(({ counter }) => counter));
  try {
    const now = turn.waited ? await decideAgain(scope, proposal, standing) : decided;
    // Others came to the limit first, and beyond it a person is asked.
    if (standing.kind === "decided" && asks(now.decision) && !isLifted(scope, now, standing.allowance))
      return undefined;
    return await grantBy(scope, proposal, standing, now, origin);
  } finally {
    turn.end();
  }
}

/** True where a standing yes answers the question, and is not used up. */
function isLifted(scope: Scope, now: Decided, allowance: Stored<Allowance> | undefined): boolean {
  const { keys, store } = scope.context;
  if (allowance === undefined || !isLeft(allowance.value, store.now())) return false;
  return answers(allowance.value, now, keys.publicKeys("approval"));
}

async function grantBy(
  scope: Scope,
  proposal: Proposal,
  standing: Standing,
  decided: Decided,
  origin: Surroundings,
): Promise<Grant | undefined> {
  const { presence, store } = scope.context;
  const { effect } = decided.decision;
  if (effect === "deny") await deny(scope, decided, origin);
  const problem = problemWith(scope, decided, standing);
  if (problem !== undefined) await refuse(scope, standing, problem);
  const { grant, changes, append } = draft(scope, proposal, standing, decided, origin);
  const entered = presence.enter(proposal.journalId);
  const term = typeof entered === "number" ? entered : await entered;
  let ok = false;
  try {
    ok = await commitEntry(
      store,
      { id: proposal.journalId, entry: grant.entry, expect: standing.version },
      changes,
      append,
    );
  } finally {
    if (!ok) presence.leave(proposal.journalId);
  }
  if (!ok) return undefined;
  if (standing.kind === "decided") origin[WATCH]?.decided(decided.action, decided.decision);
  return { ...grant, term };
}

/**
 * Decides the call as proposed or, where an approver edited this very call, as edited. Only a claim of the row so far: that the
 * desk signed the edit and the yes to these bytes is `uncovered`'s question.
 */
function decideAgain(scope: Scope, { action, proposedDigest }: Proposal, standing: Standing): Promise<Decided> {
  const own = standing.kind === "continued" ? (standing.entry.reserved ?? []) : [];
  const approval = standing.kind === "decided" ? undefined : standing.approval;
  if (approval === undefined || approval.value.edit?.proposedDigest !== proposedDigest)
    return decide(scope, action, own);
  if (!showsWhatRuns(approval.value)) return decide(scope, action, own);
  const { tool, text } = approval.value;
  const spec = scope.context.registry.get(tool);
  return decideEdited(scope, action, reseal(action, tool, JSON.parse(text) as Json, spec), own);
}

async function refuse({ context }: Scope, standing: Standing, problem: LeashDenied): Promise<never> {
  const { store, stream } = context;
  if (standing.kind !== "decided" && standing.approval !== undefined) {
    const { value, version } = standing.approval;
    const { envelope, payload } = approvalRecord(value, "approval.refused", problem.reason);
    const isSigned = whatIsUnsigned({ context }, value) === undefined;
    const records: AuditRecord[] = [{ envelope, payload: { ...payload, signature_valid: isSigned } }];
    // A yes to what is not demanded any more is withdrawn, so that the call can be asked about anew.
    const withdrawn = standing.kind === "approved" && problem.code === "LEASH_POLICY_CHANGED";
    if (withdrawn) records.push(approvalRecord(value, "approval.cancelled"));
    const changes = withdrawn ? [writeApproval({ ...value, status: "cancelled" }, version)] : [];
    await store.commit(changes, { stream, records });
  }
  throw problem;
}

function problemWith(scope: Scope, now: Decided, standing: Standing): LeashDenied | undefined {
  if (standing.kind === "approved") return uncovered(scope, standing.approval.value, now, "first");
  if (standing.kind === "continued") return problemWithContinuing(scope, now, standing);
  if (now.decision.effect === "allow" || isLifted(scope, now, standing.allowance)) return undefined;
  return deniedByPolicy(now.decision);
}

/** Going on is no new leave: the same bytes, and nothing demanded that was not granted. */
function problemWithContinuing(
  scope: Scope,
  now: Decided,
  { entry, approval, allowance }: Extract<Standing, { kind: "continued" }>,
): LeashDenied | undefined {
  if (now.action.digest !== entry.finalDigest)
    return policyChanged("the policy computes other input now", entry.approvalId);
  // Edited bytes are the approver's: the policy's word alone does not put them in the place of what was proposed.
  if (now.decision.effect === "allow" && (approval?.value.edit ?? null) === null) return undefined;
  // Whether it is used up or over by now does not matter: this is the use that began.
  if (allowance !== undefined && answers(allowance.value, now, scope.context.keys.publicKeys("approval")))
    return undefined;
  if (approval === undefined) return policyChanged("the policy demands a person now", entry.approvalId);
  return uncovered(scope, approval.value, now, "continued");
}
