import { domainDigest } from "../digest.ts";
import type { Approval, ApprovalGroup } from "../model/approval.ts";

/** Equal for approvals that differ in nothing that a person decides by, who answered them so far included. */
export function groupKey(approval: Approval): string {
  const { tool, text, principal, demand, rule, ruleDigest, terms, counterparty, edit, verdicts } = approval;
  const answered = verdicts.map(({ answer, approver }) => [answer, approver]);
  return domainDigest("leashkit/group/1", {
    tool,
    text,
    principal,
    demand,
    rule,
    ruleDigest,
    terms,
    counterparty,
    edit: edit?.token ?? null,
    answered,
  });
}

/** @param approvals oldest first */
export function groupsOf(approvals: readonly Approval[]): readonly ApprovalGroup[] {
  const groups = new Map<string, { readonly first: Approval; readonly ids: string[] }>();
  for (const approval of approvals) {
    const key = groupKey(approval);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { first: approval, ids: [approval.id] });
    else group.ids.push(approval.id);
  }
  return [...groups.values()];
}
