import type { Approval, Approver, Edit, Verdict } from "../model/approval.ts";
import type { AuditPayload, AuditRecord } from "../model/audit.ts";
import { approvalRecord } from "./approval-records.ts";

/** A person answered: who, how, from what device. */
export function settledRecord(approval: Approval, verdict: Verdict): AuditRecord {
  return {
    payload: {
      type: answerType(approval, verdict),
      tenant: approval.principal.tenant,
      actor_type: "person",
      actor_id: verdict.approver,
      action_type: approval.tool,
      rule: approval.rule,
      policy_id: approval.policyId,
      policy_digest: approval.policyDigest,
      digest: approval.digest,
      answer: verdict.answer,
      method: verdict.method,
      assurance: verdict.assurance,
      device: verdict.device,
      ...(verdict.reason === null ? {} : { detail: verdict.reason }),
      subject: approval.principal.subject,
      agent: approval.principal.agent,
    },
    envelope: { action_id: approval.actionId, approval_id: approval.id },
  };
}

/** A person was shown the whole card: who, how, on what device. It is no answer. */
export function viewedRecord(
  approval: Approval,
  approver: string,
  { assurance, device, method }: Pick<Verdict, "method" | "assurance" | "device">,
): AuditRecord {
  return {
    payload: {
      type: "approval.viewed",
      tenant: approval.principal.tenant,
      actor_type: "person",
      actor_id: approver,
      action_type: approval.tool,
      rule: approval.rule,
      policy_id: approval.policyId,
      policy_digest: approval.policyDigest,
      digest: approval.digest,
      method,
      assurance,
      device,
      subject: approval.principal.subject,
      agent: approval.principal.agent,
    },
    envelope: { action_id: approval.actionId, approval_id: approval.id },
  };
}

/** Whether the answer ended the question, is one of several that it takes, or takes a yes back. */
function answerType(approval: Approval, { answer }: Verdict): AuditPayload["type"] {
  if (answer === "revoke") return "approval.revoked";
  return approval.status === "pending" ? "approval.voted" : "approval.settled";
}

/** An approver changed the input: the old question ended and one about the new bytes was opened, both by that person. */
export function editedRecords(predecessor: Approval, successor: Approval, edit: Edit): AuditRecord[] {
  const { editor, method, assurance, device, reason } = edit;
  const byEditor = ({ payload, envelope: ids }: AuditRecord): AuditRecord => ({
    payload: { ...payload, actor_type: "person", actor_id: editor, method, assurance, device },
    envelope: ids,
  });
  const why = reason === null ? "" : `: ${reason}`;
  return [
    approvalRecord(predecessor, "approval.cancelled", `edited into ${successor.digest}${why}`),
    approvalRecord(successor, "approval.opened", `edit of ${predecessor.digest}${why}`),
  ].map(byEditor);
}

/** A person answered and the desk did not take it. */
export function refusedAnswerRecord(approval: Approval, approver: Approver, detail: string): AuditRecord {
  const record = approvalRecord(approval, "approval.refused", detail);
  return { ...record, payload: { ...record.payload, actor_type: "person", actor_id: approver.id } };
}
