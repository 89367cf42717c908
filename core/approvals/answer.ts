import { refusedAnswerRecord } from "../audit/answers.ts";
import { LeashDenied, LeashError } from "../errors.ts";
import type { Approval, Approver, Verdict } from "../model/approval.ts";
import type { Action } from "../model/call.ts";
import type { Decision } from "../model/decision.ts";
import type { Random } from "../model/runtime.ts";
import { openRow, type Stored } from "../store/envelope.ts";
import type { Store } from "../store/store.ts";
import type { KeyRing } from "../tokens/keys.ts";
import { readCurrent } from "./expiry.ts";
import { openApprovalsOf, showsWhatRuns } from "./rows.ts";

/** An edited call as the policy would have it run, and its word on that. */
export interface Reviewed {
  readonly action: Action;
  readonly decision: Decision;
}

/** What a desk works with. */
export interface DeskParts {
  readonly store: Store;
  readonly stream: string;
  readonly keys: KeyRing;
  readonly tenant: string;
  readonly random: Random;
  /** Asks the policy about the call that was asked about first, as an edit would have it. Absent at a desk without a policy. */
  readonly review?: (asked: Approval, edited: Approval) => Promise<Reviewed>;
  /** Tells people of an approval that the desk itself opened, and whoever tells them of one that it ended. */
  readonly announce?: (approval: Approval) => void;
}

export async function openApprovals(parts: DeskParts): Promise<Stored<Approval>[]> {
  const found: Stored<Approval>[] = [];
  let after: string | undefined;
  for (;;) {
    const page = await parts.store.list("approval", {
      by: openApprovalsOf(parts.tenant),
      limit: 1_000,
      ...(after === undefined ? {} : { after }),
    });
    found.push(...page.map((row) => openRow<Approval>(row)));
    after = page.at(-1)?.id;
    if (page.length < 1_000) return found;
  }
}

/** The approval that an answer is about, as of now. */
export async function findApproval(parts: DeskParts, idOrRef: string): Promise<Stored<Approval>> {
  const direct = await readCurrent(parts.store, parts.stream, idOrRef);
  if (direct !== undefined && direct.value.principal.tenant === parts.tenant) return checked(direct);
  const ref = idOrRef.trim().toUpperCase();
  const [only, ...others] = (await openApprovals(parts)).filter(({ value }) => value.ref === ref);
  const found = only === undefined ? undefined : await readCurrent(parts.store, parts.stream, only.value.id);
  if (found === undefined || others.length > 0) {
    const problem = others.length > 0 ? "names several approvals: use the full id" : "names no open approval";
    throw new LeashError("LEASH_CONFIG_INVALID", `${JSON.stringify(idOrRef.slice(0, 64))} ${problem}.`);
  }
  return checked(found);
}

function checked(stored: Stored<Approval>): Stored<Approval> {
  if (showsWhatRuns(stored.value)) return stored;
  throw new LeashError(
    "LEASH_STORE_UNAVAILABLE",
    "A stored approval was altered: its text does not fit its digest. It cannot be answered.",
  );
}

export function refuseUnlessOpen(approval: Approval): void {
  if (approval.status === "pending") return;
  if (approval.status === "expired") {
    throw new LeashDenied({
      code: "LEASH_EXPIRED",
      reasonCode: "approval_expired",
      reason: `Approval ${approval.ref} expired before this answer. The answer has no effect.`,
      approvalId: approval.id,
    });
  }
  throw new LeashDenied({
    reasonCode: "approval_void",
    reason: `Approval ${approval.ref} is already ${approval.status}. The answer has no effect.`,
    approvalId: approval.id,
  });
}

/** What an approver shows of themselves; a surface that states nothing vouches for a login and no more. */
export function presented(approver: Approver): Pick<Verdict, "roles" | "method" | "assurance" | "device"> {
  const { method = "code", assurance = "login" } = approver;
  return { roles: approver.roles ?? [], method, assurance, device: approver.device ?? null };
}

/** Records an answer that does not count, and gives the refusal to throw. */
export async function refuseAnswer(
  { store, stream }: DeskParts,
  approval: Approval,
  approver: Approver,
  refusal: { readonly why: string; readonly reason: string },
): Promise<LeashDenied> {
  await store.commit([], { stream, records: [refusedAnswerRecord(approval, approver, refusal.why)] });
  const reason = `Approval ${approval.ref} ${refusal.reason} The answer has no effect.`;
  return new LeashDenied({ reasonCode: "approval_void", reason, approvalId: approval.id });
}
