import { settledRecord } from "../audit/records.ts";
import { LeashError } from "../errors.ts";
import type { Approval, Approver, Verdict } from "../model/approval.ts";
import type { Desk, SettleOptions } from "../model/leash.ts";
import { signVerdict } from "../tokens/verdict.ts";
import { type DeskParts, findApproval, openApprovals, presented, refuseAnswer, refuseUnlessOpen } from "./answer.ts";
import { editApproval, isOwnEdit } from "./edit.ts";
import { readCurrent, waitForChange } from "./expiry.ts";
import { showsWhatRuns, writeApproval } from "./rows.ts";
import { isStepUp } from "./step-up.ts";

/**
 * A desk for one approver. The approver is whoever the calling surface authenticated; the desk signs what they say.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for an approver without an id.
 */
export function createDesk(parts: DeskParts, approver: Approver): Desk {
  if (approver.id.trim() === "") {
    throw new LeashError("LEASH_CONFIG_INVALID", "An approver needs an id: the log must be able to say who answered.");
  }
  return {
    approver,
    pending: () => pending(parts),
    get: async (idOrRef) => (await findApproval(parts, idOrRef)).value,
    approve: (idOrRef, options) => settle(parts, approver, idOrRef, "approve", options),
    deny: (idOrRef, options) => settle(parts, approver, idOrRef, "deny", options),
    edit: (idOrRef, input, options) => editApproval(parts, approver, idOrRef, input, options),
    wait: (idOrRef, options) => wait(parts, idOrRef, options?.signal),
  };
}

async function pending(parts: DeskParts): Promise<readonly Approval[]> {
  const now = parts.store.now();
  const open = await openApprovals(parts);
  return open.map(({ value }) => value).filter((approval) => isAnswerable(approval, now));
}

function isAnswerable(approval: Approval, now: number): boolean {
  return approval.status === "pending" && approval.expiresAt > now && showsWhatRuns(approval);
}

async function settle(
  parts: DeskParts,
  approver: Approver,
  idOrRef: string,
  answer: Verdict["answer"],
  options: SettleOptions = {},
): Promise<Approval> {
  for (;;) {
    const stored = await findApproval(parts, idOrRef);
    refuseUnlessOpen(stored.value);
    const refusal = answer === "approve" ? whyNotApprove(stored.value, approver) : undefined;
    if (refusal !== undefined) throw await refuseAnswer(parts, stored.value, approver, refusal);
    const verdict = sign(parts, stored.value, approver, answer, options);
    // Its time ran out since it was read; the next read settles it as expired.
    if (verdict.at >= stored.value.expiresAt) continue;
    const settled: Approval = {
      ...stored.value,
      status: answer === "approve" ? "approved" : "denied",
      settledAt: verdict.at,
      verdicts: [...stored.value.verdicts, verdict],
    };
    const result = await parts.store.commit([writeApproval(settled, stored.version)], {
      stream: parts.stream,
      records: [settledRecord(settled, verdict)],
    });
    if (result.ok) return settled;
  }
}

function sign(
  parts: DeskParts,
  approval: Approval,
  approver: Approver,
  answer: Verdict["answer"],
  options: SettleOptions,
): Verdict {
  return signVerdict(parts.keys.signer("approval"), {
    approval,
    answer,
    approver: approver.id,
    ...presented(approver),
    reason: options.reason ?? null,
    at: parts.store.now(),
    random: parts.random,
  });
}

/** Why this approver's yes would not count; the same is asked of the signed yes when it is used. */
function whyNotApprove(approval: Approval, approver: Approver): Parameters<typeof refuseAnswer>[3] | undefined {
  if (approval.demand === "step_up" && !isStepUp(presented(approver), approval)) {
    return { why: "step-up needed", reason: "needs a step-up: the approver must prove who they are." };
  }
  if (isOwnEdit(approval, approver.id)) {
    return { why: "the editor's own yes", reason: "is this approver's own edit: another person must say yes to it." };
  }
  return undefined;
}

async function wait(parts: DeskParts, idOrRef: string, signal = new AbortController().signal): Promise<Approval> {
  let stored = await findApproval(parts, idOrRef);
  while (stored.value.status === "pending" && !signal.aborted) {
    await waitForChange(parts.store, stored, signal);
    stored = (await readCurrent(parts.store, parts.stream, stored.value.id)) ?? stored;
  }
  return stored.value;
}
