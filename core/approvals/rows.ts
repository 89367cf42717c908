import type { Approval } from "../model/approval.ts";
import { principalKey, type Principal } from "../model/principal.ts";
import { openRow, toBody, type Stored } from "../store/envelope.ts";
import type { Change, Store } from "../store/store.ts";
import { actionDigest, sha256Hex } from "../digest.ts";

/** Names the approval to its own principal: unique per principal by construction. */
export interface RefRow {
  readonly v: 1;
  /** The approval itself; of an edited call the one that it was first asked under. */
  readonly approvalId: string;
  /** Digest of the call as proposed, which with the approval's call key names the journal row. */
  readonly proposedDigest: string;
}

const SETTLED_FOR_GOOD = new Set(["denied", "expired", "cancelled", "consumed", "lapsed", "revoked"]);

/** True when the text that people are shown is what the digest covers, and can run: a row is only a claim. */
export function showsWhatRuns({ principal, tool, text, digest }: Approval): boolean {
  return actionDigest(principal, tool, text) === digest && isJson(text);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** True when nothing can come of the approval any more. */
export function isClosed(approval: Approval): boolean {
  return SETTLED_FOR_GOOD.has(approval.status);
}

export function openApprovalsOf(tenant: string): string {
  return `${tenant}/open`;
}

export function writeApproval(approval: Approval, expect: number): Change {
  return {
    kind: "approval",
    id: approval.id,
    expect,
    body: toBody(approval),
    by: isClosed(approval) ? `${approval.principal.tenant}/closed` : openApprovalsOf(approval.principal.tenant),
    dueAt: approval.status === "pending" ? approval.expiresAt : null,
  };
}

export async function readApproval(store: Store, id: string): Promise<Stored<Approval> | undefined> {
  const row = await store.get("approval", id);
  return row === undefined ? undefined : openRow<Approval>(row);
}

function refId(principal: Principal, ref: string): string {
  return sha256Hex(JSON.stringify(["leashkit/ref/1", ...principalKey(principal), ref]));
}

export function writeRef({ principal, ref }: Approval, row: RefRow): Change {
  return { kind: "ref", id: refId(principal, ref), expect: 0, body: toBody(row) };
}

export async function readRef(store: Store, principal: Principal, ref: string): Promise<RefRow | undefined> {
  const row = await store.get("ref", refId(principal, ref.trim().toUpperCase()));
  return row === undefined ? undefined : openRow<RefRow>(row).value;
}
