import { readCurrent } from "../approvals/expiry.ts";
import { LeashError } from "../errors.ts";
import { journalId, readEntry } from "../journal/entries.ts";
import type { Approval } from "../model/approval.ts";
import type { Stored } from "../store/envelope.ts";
import type { Scope } from "./context.ts";

/** An approval as of now. @throws {LeashError} `LEASH_STORE_UNAVAILABLE` where it is gone. */
export async function current(scope: Scope, id: string): Promise<Stored<Approval>> {
  const approval = await readCurrent(scope.context.store, scope.context.stream, id);
  if (approval === undefined) {
    throw new LeashError("LEASH_STORE_UNAVAILABLE", "An approval that was opened is missing from the store.");
  }
  return approval;
}

/** The same approval or, where an approver edited its call, the one that the call waits for now. A way to find it, no authority. */
export async function latest(
  scope: Scope,
  approval: Stored<Approval>,
  proposedDigest: string,
): Promise<Stored<Approval>> {
  const { callKey, status } = approval.value;
  if (status !== "cancelled") return approval;
  const entry = await readEntry(scope.context.store, journalId({ callKey, digest: proposedDigest }));
  const id = entry?.value.approvalId ?? null;
  const found = id === null ? approval : await current(scope, id);
  return found.value.edit?.proposedDigest === proposedDigest ? found : approval;
}
