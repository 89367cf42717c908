import { approvalRecord, decidedRecord, grantedRecord, type Origin } from "../audit/records.ts";
import { showsWhatRuns, writeApproval } from "../approvals/rows.ts";
import { sha256Hex } from "../digest.ts";
import type { LeashDenied } from "../errors.ts";
import { uuidv7, uuidv8 } from "../ids.ts";
import { commitEntry, freshEntry } from "../journal/entries.ts";
import type { Reserved } from "../limits/readings.ts";
import type { AuditRecord } from "../model/audit.ts";
import type { Approval } from "../model/approval.ts";
import type { Action } from "../model/call.ts";
import type { Obligation } from "../model/decision.ts";
import type { Json } from "../model/json.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { Stored } from "../store/envelope.ts";
import type { Append, Change } from "../store/store.ts";
import { issueProof, type IssuedProof } from "../tokens/proof.ts";
import type { Scope } from "./context.ts";
import { uncovered } from "./coverage.ts";
import { decide, decideEdited, type Decided } from "./decide.ts";
import { deny } from "./deny.ts";
import { changeNotice } from "./notice.ts";
import type { Proposal } from "./proposal.ts";
import { deniedByPolicy, policyChanged } from "./refusals.ts";
import { reseal } from "./seal.ts";

/** What leave to run stands on. Nothing else gives leave. */
export type Standing =
  /** The policy's word of just now: an allow gives leave. */
  | {
      readonly kind: "decided";
      readonly version: number;
      readonly entry: JournalEntry | undefined;
      readonly decided: Decided;
    }
  /** A person's yes, used up by this grant. */
  | {
      readonly kind: "approved";
      readonly version: number;
      readonly entry: JournalEntry;
      readonly approval: Stored<Approval>;
    }
  /** Leave that was given before, with the approval behind it if a person was asked: the same run goes on. */
  | {
      readonly kind: "continued";
      readonly version: number;
      readonly entry: JournalEntry;
      readonly approval: Stored<Approval> | undefined;
    };

/** Leave to run, durable before it is handed out. */
export interface Grant {
  readonly proposal: Proposal;
  /** What runs: the proposed action after all transforms. */
  readonly action: Action;
  readonly entry: JournalEntry;
  readonly version: number;
  readonly proof: IssuedProof;
  readonly idempotencyKey: string;
  readonly obligations: readonly Obligation[];
}

/**
 * Step 7: unless the policy was asked just now, decides again with fresh facts; then, in one commit, uses up the approval and
 * writes the journal row and the records. Undefined when somebody else moved first: look again.
 * @throws {LeashDenied} when the standing does not cover what is demanded now; nothing but a log record was written.
 */
export async function consume(
  scope: Scope,
  proposal: Proposal,
  standing: Standing,
  origin: Origin,
): Promise<Grant | undefined> {
  const decided = standing.kind === "decided" ? standing.decided : await decideAgain(scope, proposal, standing);
  if (decided.counted === undefined) return grantBy(scope, proposal, standing, decided, origin);
  const turn = await scope.context.turns.take(decided.counted.charges.map(({ counter }) => counter));
  try {
    const now = turn.waited ? await decideAgain(scope, proposal, standing) : decided;
    const isAllowed = now.decision.effect === "allow" || now.decision.effect === "deny";
    // Others came to the limit first, and beyond it a person is asked.
    if (standing.kind === "decided" && !isAllowed) return undefined;
    return await grantBy(scope, proposal, standing, now, origin);
  } finally {
    turn.end();
  }
}

async function grantBy(
  scope: Scope,
  proposal: Proposal,
  standing: Standing,
  decided: Decided,
  origin: Origin,
): Promise<Grant | undefined> {
  const { presence, store } = scope.context;
  await refuseUnlessCovered(scope, decided, standing, origin);
  const { grant, changes, append } = draft(scope, proposal, standing, decided, origin);
  await presence.enter(proposal.journalId);
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
  return ok ? grant : undefined;
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

/** The grant, and the one commit that makes it true. */
function draft(
  scope: Scope,
  proposal: Proposal,
  standing: Standing,
  decided: Decided,
  origin: Origin,
): { grant: Grant; changes: Change[]; append: Append } {
  const { keys, presence, random, store, stream } = scope.context;
  const { action, decision } = decided;
  const at = store.now();
  const approvalId = standing.kind === "approved" ? standing.approval.value.id : (standing.entry?.approvalId ?? null);
  const decisionId = uuidv7(at, random);
  const proof = issueProof(keys.signer("proof"), { action, decision, approvalId, decisionId, now: at, random });
  const { reserved, ...before } = standing.entry ?? freshEntry(proposal, action);
  // Going on counts once: what was reserved at the start is still held.
  const held: Reserved =
    standing.kind === "continued"
      ? { changes: [], reservations: reserved ?? [] }
      : (decided.counted?.readings.reserve(decided.counted.charges) ?? NOTHING_RESERVED);
  const entry: JournalEntry = {
    ...before,
    ...(held.reservations.length > 0 && { reserved: held.reservations }),
    state: "running",
    finalDigest: action.digest,
    tool: action.tool,
    attempt: before.attempt + 1,
    attemptId: decisionId,
    approvalId,
    owner: presence.owner,
    startedAt: at,
    endedAt: null,
    proofKid: proof.kid,
    failure: null,
    notice: changeNotice(proposal.action, action) ?? before.notice ?? null,
  };
  const idempotencyKey = uuidv8(sha256Hex(`leashkit/idempotency/1\n${proposal.journalId}`));
  const { obligations } = decision;
  const grant: Grant = { proposal, action, entry, version: standing.version + 1, proof, idempotencyKey, obligations };
  const used = standing.kind === "approved" ? useUp(standing.approval) : { changes: [], records: [] };
  const records = [...used.records, ...grantRecords(decided, standing, grant, decisionId, origin)];
  return { grant, changes: [...used.changes, ...held.changes], append: { stream, records } };
}

const NOTHING_RESERVED: Reserved = { changes: [], reservations: [] };

/** The approval is used in the very commit that starts the run: that is what makes it good for one execution. */
function useUp({ value, version }: Stored<Approval>): { changes: Change[]; records: AuditRecord[] } {
  const used: Approval = { ...value, status: "consumed" };
  return { changes: [writeApproval(used, version)], records: [approvalRecord(used, "approval.consumed")] };
}

function grantRecords(
  { action, decision }: Decided,
  standing: Standing,
  { entry, proof }: Grant,
  decisionId: string,
  origin: Origin,
): AuditRecord[] {
  const granted = grantedRecord(action, decision, origin, {
    decision_id: decisionId,
    proof_kid: proof.kid,
    proof_jti: proof.jti,
    ...(entry.approvalId === null ? {} : { approval_id: entry.approvalId }),
  });
  if (standing.kind !== "decided") return [granted];
  return [decidedRecord(action, decision, origin, { decision_id: decisionId }), granted];
}

async function refuseUnlessCovered(scope: Scope, now: Decided, standing: Standing, origin: Origin): Promise<void> {
  const { store, stream } = scope.context;
  if (now.decision.effect === "deny") await deny(scope, now, origin);
  const problem = problemWith(scope, now, standing);
  if (problem === undefined) return;
  if (standing.kind !== "decided" && standing.approval !== undefined) {
    const { value, version } = standing.approval;
    const records = [approvalRecord(value, "approval.refused", problem.reason)];
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
  return now.decision.effect === "allow" ? undefined : deniedByPolicy(now.decision);
}

/** Going on is no new leave: the same bytes, and nothing demanded that was not granted. */
function problemWithContinuing(
  scope: Scope,
  now: Decided,
  { entry, approval }: Extract<Standing, { kind: "continued" }>,
): LeashDenied | undefined {
  if (now.action.digest !== entry.finalDigest)
    return policyChanged("the policy computes other input now", entry.approvalId);
  // Edited bytes are the approver's: the policy's word alone does not put them in the place of what was proposed.
  if (now.decision.effect === "allow" && (approval?.value.edit ?? null) === null) return undefined;
  if (approval === undefined) return policyChanged("the policy demands a person now", entry.approvalId);
  return uncovered(scope, approval.value, now, "continued");
}
