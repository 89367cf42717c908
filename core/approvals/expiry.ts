import { approvalRecord } from "../audit/approval-records.ts";
import type { Approval, ApprovalStatus } from "../model/approval.ts";
import type { Stored } from "../store/envelope.ts";
import type { Store } from "../store/store.ts";
import { watchFor } from "../store/watch-for.ts";
import { readApproval, writeApproval } from "./rows.ts";

/** The end that time has already brought, or undefined while there is still time. Milliseconds, store clock. */
export function dueEnd(approval: Approval, now: number): "expired" | "lapsed" | undefined {
  if (approval.status === "pending" && now >= approval.expiresAt) return "expired";
  if (approval.status !== "approved") return undefined;
  const since = approval.settledAt ?? approval.openedAt;
  return now >= since + approval.terms.useWithinMs ? "lapsed" : undefined;
}

/**
 * Reads an approval as of now: one whose time has run out is first settled as expired or lapsed, so that nobody can act on
 * it after this read.
 */
export async function readCurrent(store: Store, stream: string, id: string): Promise<Stored<Approval> | undefined> {
  for (;;) {
    const stored = await readApproval(store, id);
    const end = stored === undefined ? undefined : dueEnd(stored.value, store.now());
    if (stored === undefined || end === undefined) return stored;
    await endApproval(store, stream, stored, end);
  }
}

/** Moves an approval to a final state that no person chose. False when somebody else moved it first. */
export async function endApproval(
  store: Store,
  stream: string,
  stored: Stored<Approval>,
  status: Extract<ApprovalStatus, "expired" | "lapsed" | "cancelled">,
): Promise<boolean> {
  const settled: Approval = {
    ...stored.value,
    status,
    settledAt: stored.value.settledAt ?? store.now(),
  };
  const result = await store.commit([writeApproval(settled, stored.version)], {
    stream,
    records: [approvalRecord(settled, `approval.${status}`)],
  });
  return result.ok;
}

/** What of an approval says when people must be told again. */
export type Escalatable = Pick<Approval, "status" | "openedAt" | "escalatedAt" | "terms">;

/** When people must be told again; undefined where they need not be, or were. Epoch milliseconds. */
export function escalationAt({ status, openedAt, escalatedAt, terms }: Escalatable): number | undefined {
  if (status !== "pending" || escalatedAt !== undefined || terms.escalateAfterMs === undefined) return undefined;
  return openedAt + terms.escalateAfterMs;
}

/** Marks an approval as told again: of any number of processes one does, and tells. Undefined when somebody moved it first. */
export async function escalate(store: Store, stream: string, stored: Stored<Approval>): Promise<Approval | undefined> {
  const escalated: Approval = { ...stored.value, escalatedAt: store.now() };
  const result = await store.commit([writeApproval(escalated, stored.version)], {
    stream,
    records: [approvalRecord(escalated, "approval.escalated")],
  });
  return result.ok ? escalated : undefined;
}

/** Sleeps until the approval may have changed, its time is up, or the signal aborts. Holds the process open meanwhile. */
export async function waitForChange(
  store: Store,
  { value, version }: Stored<Approval>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const atMostMs = value.expiresAt - store.now() + 1;
  await watchFor(store, { kind: "approval", id: value.id, version, atMostMs, signal });
}
