import { LeashError } from "../errors.ts";
import type { Approval, Approver } from "../model/approval.ts";
import type { Desk } from "../model/desk.ts";
import { revokeAllowance, standing } from "./again.ts";
import { type DeskParts, findApproval, openApprovals } from "./answer.ts";
import { editApproval } from "./edit.ts";
import { readCurrent, waitForChange } from "./expiry.ts";
import { groupsOf } from "./groups.ts";
import { showsWhatRuns } from "./rows.ts";
import { answering, revoke } from "./settle.ts";
import { viewed } from "./viewed.ts";

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
    groups: async () => groupsOf(await pending(parts)),
    get: async (idOrRef) => (await findApproval(parts, idOrRef)).value,
    viewed: (idOrRef) => viewed(parts, approver, idOrRef),
    approve: answering(parts, approver, "approve"),
    deny: answering(parts, approver, "deny"),
    revoke: (idOrRef, options) => revoke(parts, approver, idOrRef, options),
    edit: (idOrRef, input, options) => editApproval(parts, approver, idOrRef, input, options),
    allowances: () => standing(parts),
    revokeAllowance: (id, options) => revokeAllowance(parts, approver, id, options),
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

async function wait(parts: DeskParts, idOrRef: string, signal = new AbortController().signal): Promise<Approval> {
  let stored = await findApproval(parts, idOrRef);
  while (stored.value.status === "pending" && !signal.aborted) {
    await waitForChange(parts.store, stored, signal);
    stored = (await readCurrent(parts.store, parts.stream, stored.value.id)) ?? stored;
  }
  return stored.value;
}
