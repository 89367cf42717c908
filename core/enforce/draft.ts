import { writeAllowance } from "../approvals/allowances.ts";
import { writeApproval } from "../approvals/rows.ts";
import { recoveredRecord } from "../audit/recovered.ts";
import { allowanceUsedRecord, approvalRecord } from "../audit/approval-records.ts";
import { decidedRecord, grantedRecord, type Origin } from "../audit/records.ts";
import { uuidv7 } from "../ids.ts";
import { freshEntry } from "../journal/entries.ts";
import type { Reserved } from "../limits/readings.ts";
import type { Allowance } from "../model/allowance.ts";
import type { Approval } from "../model/approval.ts";
import type { AuditRecord } from "../model/audit.ts";
import type { Action } from "../model/call.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { Append, Change } from "../store/store.ts";
import { issueProof } from "../tokens/proof.ts";
import type { Scope } from "./context.ts";
import type { Decided } from "./decide.ts";
import { changeNotice } from "./notice.ts";
import type { Proposal } from "./proposal.ts";
import { redactionOf } from "./redaction.ts";
import type { Grant, Standing } from "./standing.ts";

/** The grant, and the one commit that makes it true. */
export function draft(
  scope: Scope,
  proposal: Proposal,
  standing: Standing,
  decided: Decided,
  origin: Origin,
): { grant: Omit<Grant, "term">; changes: Change[]; append: Append } {
  const { keys, presence, random, recorder, store, stream } = scope.context;
  const { action, decision, heard } = decided;
  const at = store.now();
  const { approvalId, behind, lifting } = behindOf(standing);
  const decisionId = uuidv7(at, random);
  const proof = issueProof(keys.signer("proof"), { action, decision, approvalId: behind, decisionId, now: at, random });
  const held = reservedBy(standing, decided);
  const start = { attemptId: decisionId, approvalId, owner: presence.owner, startedAt: at, proofKid: proof.kid };
  const entry = startedEntry(proposal, standing, action, start);
  if (held.reservations.length > 0) entry.reserved = held.reservations;
  if (lifting !== undefined) entry.allowanceId = lifting.value.id;
  const grant = {
    proposal,
    action,
    decision,
    entry,
    version: standing.version + 1,
    proof,
    obligations: decision.obligations,
    redaction: redactionOf(heard, proposal.action.tool, action.tool),
    // Also where it was decided before: the last word is the one that lets the call run.
    recording: recorder.leave(decisionId, decided),
    repeats: isTakenOver(standing),
  };
  const used = usedBy(standing, action);
  const records = [...used.records, ...grantRecords(decided, standing, grant, decisionId, origin)];
  return { grant, changes: [...used.changes, ...held.changes], append: { stream, records } };
}

/** The approval of this very call, the standing yes that lifts it instead, and the approval behind either. */
function behindOf(standing: Standing) {
  const isApproved = standing.kind === "approved";
  const approvalId = isApproved ? standing.approval.value.id : (standing.entry?.approvalId ?? null);
  const lifting = isApproved ? undefined : standing.allowance;
  return { approvalId, lifting, behind: lifting?.value.approvalId ?? approvalId };
}

type Start = Pick<JournalEntry, "attemptId" | "approvalId" | "owner" | "startedAt" | "proofKid">;

/** The call's row as it starts. What earlier starts counted on limits, and the standing yes they stood on, is not in it. */
function startedEntry(
  proposal: Proposal,
  standing: Standing,
  action: Action,
  { approvalId, attemptId, owner, proofKid, startedAt }: Start,
): { -readonly [Member in keyof JournalEntry]: JournalEntry[Member] } {
  const before = standing.entry ?? freshEntry(proposal, action);
  // Written out, not put together: this is made for every call, and objects that are spread are slow to make.
  return {
    v: 1,
    state: "running",
    tenant: before.tenant,
    callKey: before.callKey,
    digest: before.digest,
    finalDigest: action.digest,
    tool: action.tool,
    attempt: before.attempt + 1,
    attemptId,
    requestedAt: before.requestedAt,
    approvalId,
    owner,
    startedAt,
    endedAt: null,
    proofKid,
    outputRef: before.outputRef,
    failure: null,
    notice: changeNotice(proposal.action, action) ?? before.notice ?? null,
  };
}

/** Going on counts once: what was reserved at the start is still held. */
function reservedBy(standing: Standing, { counted }: Decided): Reserved {
  if (standing.kind === "continued") return { changes: [], reservations: standing.entry.reserved ?? [] };
  return counted?.readings.reserve(counted.charges) ?? NOTHING_RESERVED;
}

const NOTHING_RESERVED: Reserved = { changes: [], reservations: [] };

/** What a person gave is used in the very commit that starts the run: that is what makes a yes good for one execution. */
function usedBy(standing: Standing, action: Action): { changes: Change[]; records: AuditRecord[] } {
  if (standing.kind === "approved") {
    const { value, version } = standing.approval;
    const used: Approval = { ...value, status: "consumed" };
    return { changes: [writeApproval(used, version)], records: [approvalRecord(used, "approval.consumed")] };
  }
  if (standing.kind === "continued" || standing.allowance === undefined) return { changes: [], records: [] };
  const { value, version } = standing.allowance;
  const used: Allowance = { ...value, used: value.used + 1 };
  return { changes: [writeAllowance(used, version)], records: [allowanceUsedRecord(used, action)] };
}

function grantRecords(
  { action, decision }: Decided,
  standing: Standing,
  { entry, proof }: Pick<Grant, "entry" | "proof">,
  decisionId: string,
  origin: Origin,
): AuditRecord[] {
  const granted = grantedRecord(action, decision, origin, {
    decision_id: decisionId,
    proof_kid: proof.kid,
    proof_jti: proof.jti,
    approval_id: entry.approvalId ?? undefined,
  });
  if (isTakenOver(standing)) return [recoveredRecord(action.principal, standing.entry), granted];
  if (standing.kind !== "decided") return [granted];
  return [decidedRecord(action, decision, origin, { decision_id: decisionId }), granted];
}

type TakenOver = Extract<Standing, { kind: "continued" }>;

/** True where an attempt that was cut off is repeated: whoever ran it is gone. */
function isTakenOver(standing: Standing): standing is TakenOver {
  return standing.kind === "continued" && standing.entry.state === "running";
}
