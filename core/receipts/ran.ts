import { sha256Hex } from "../digest.ts";
import { idempotencyKeyOf } from "../journal/entries.ts";
import type { Approval } from "../model/approval.ts";
import type { Action } from "../model/call.ts";
import type { Decision } from "../model/decision.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { PublicKey } from "../model/keys.ts";
import type { ReceiptVerdict } from "../model/receipt.ts";
import { isoTime } from "../tokens/claims.ts";
import { verifyVerdict } from "../tokens/verdict.ts";
import type { ReceiptInput } from "./receipt.ts";

/** A run that ended, as the process that ran it knows it. */
export interface RanCall {
  /** What ran. */
  readonly action: Pick<Action, "actionId" | "tool" | "digest" | "inputDigest" | "principal">;
  readonly decision: Pick<Decision, "rule" | "policyId" | "policyDigest">;
  readonly proof: { readonly jti: string; readonly kid: string };
  readonly journalId: string;
  /** The row with the outcome in it. */
  readonly entry: JournalEntry;
}

/**
 * What a receipt says of a run, or undefined where the row tells of none that ended.
 * @param keys the desk's: a yes that it did not sign is none, whatever a row says.
 */
export function receiptInput(
  ran: RanCall,
  approval: Approval | undefined,
  keys: readonly PublicKey[],
): ReceiptInput | undefined {
  const { action, decision, entry, journalId, proof } = ran;
  const { attemptId, endedAt, startedAt, state } = entry;
  if (state !== "done" && state !== "failed" && state !== "unknown") return undefined;
  if (attemptId === null || startedAt === null || endedAt === null) return undefined;
  const { agent, chain, subject, tenant } = action.principal;
  return {
    tenant,
    sub: subject,
    agent_id: agent,
    chain,
    action_id: action.actionId,
    action_type: action.tool,
    action_hash: action.digest,
    input_hash: action.inputDigest,
    outcome: state,
    ...(entry.failure !== null && { effect: entry.failure.effect }),
    output_hash: entry.outputRef,
    started_at: isoTime(startedAt),
    ended_at: isoTime(endedAt),
    duration_ms: Math.max(0, endedAt - startedAt),
    attempt: entry.attempt,
    policy_id: decision.policyId,
    policy_digest: decision.policyDigest,
    rule: decision.rule,
    decision_id: attemptId,
    proof_jti: proof.jti,
    proof_kid: proof.kid,
    idempotency_key: idempotencyKeyOf(journalId),
    approval_id: approval?.id ?? entry.approvalId,
    ...(entry.allowanceId !== undefined && { allowance_id: entry.allowanceId }),
    approvers: approval === undefined ? [] : yesesOf(approval, keys),
  };
}

function yesesOf(approval: Approval, keys: readonly PublicKey[]): readonly ReceiptVerdict[] {
  return approval.verdicts
    .filter((verdict) => verdict.answer === "approve" && verifyVerdict(verdict, approval, keys))
    .map(({ approver, assurance, at, method, token }) => ({
      approver,
      method,
      assurance,
      at: isoTime(at),
      verdict_hash: sha256Hex(token),
    }));
}
