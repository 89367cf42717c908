import { refusedAnswerRecord, settledRecord } from "../audit/records.ts";
import { LeashDenied, LeashError } from "../errors.ts";
import type { Approval, Approver, Assurance, Verdict } from "../model/approval.ts";
import type { Desk, SettleOptions } from "../model/leash.ts";
import type { Random } from "../model/runtime.ts";
import { openRow, type Stored } from "../store/envelope.ts";
import type { Store } from "../store/store.ts";
import { watchFor } from "../store/watch-for.ts";
import type { KeyRing } from "../tokens/keys.ts";
import { signVerdict } from "../tokens/verdict.ts";
import { readCurrent } from "./expiry.ts";
import { openApprovalsOf, showsWhatRuns, writeApproval } from "./rows.ts";
import { isStepUp } from "./step-up.ts";

/** What a desk works with. */
export interface DeskParts {
  readonly store: Store;
  readonly stream: string;
  readonly keys: KeyRing;
  readonly tenant: string;
  readonly random: Random;
}

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
    get: async (idOrRef) => (await find(parts, idOrRef)).value,
    approve: (idOrRef, options) => settle(parts, approver, idOrRef, "approve", options),
    deny: (idOrRef, options) => settle(parts, approver, idOrRef, "deny", options),
    wait: (idOrRef, options) => wait(parts, idOrRef, options?.signal),
  };
}

async function openApprovals(parts: DeskParts): Promise<Stored<Approval>[]> {
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

async function pending(parts: DeskParts): Promise<readonly Approval[]> {
  const now = parts.store.now();
  const open = await openApprovals(parts);
  return open.map(({ value }) => value).filter((approval) => isAnswerable(approval, now));
}

function isAnswerable(approval: Approval, now: number): boolean {
  return approval.status === "pending" && approval.expiresAt > now && showsWhatRuns(approval);
}

function checked(stored: Stored<Approval>): Stored<Approval> {
  if (showsWhatRuns(stored.value)) return stored;
  throw new LeashError(
    "LEASH_STORE_UNAVAILABLE",
    "A stored approval was altered: its text does not fit its digest. It cannot be answered.",
  );
}

async function find(parts: DeskParts, idOrRef: string): Promise<Stored<Approval>> {
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

async function settle(
  parts: DeskParts,
  approver: Approver,
  idOrRef: string,
  answer: Verdict["answer"],
  options: SettleOptions = {},
): Promise<Approval> {
  for (;;) {
    const stored = await find(parts, idOrRef);
    refuseUnlessOpen(stored.value);
    if (answer === "approve" && !mayApprove(stored.value, approver))
      throw await refuseAnswer(parts, stored.value, approver);
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

/** What an approver shows of themselves; a surface that states nothing vouches for a login and no more. */
function presented({ assurance = "login", method = "code" }: Approver): { assurance: Assurance; method: string } {
  return { assurance, method };
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
    roles: approver.roles ?? [],
    ...presented(approver),
    device: approver.device ?? null,
    reason: options.reason ?? null,
    at: parts.store.now(),
    random: parts.random,
  });
}

function refuseUnlessOpen(approval: Approval): void {
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

function mayApprove(approval: Approval, approver: Approver): boolean {
  return approval.demand !== "step_up" || isStepUp(presented(approver), approval);
}

async function refuseAnswer(
  { store, stream }: DeskParts,
  approval: Approval,
  approver: Approver,
): Promise<LeashDenied> {
  const reason = `Approval ${approval.ref} needs a step-up: the approver must prove who they are. The answer has no effect.`;
  await store.commit([], { stream, records: [refusedAnswerRecord(approval, approver, "step-up needed")] });
  return new LeashDenied({ reasonCode: "approval_void", reason, approvalId: approval.id });
}

async function wait(parts: DeskParts, idOrRef: string, signal = new AbortController().signal): Promise<Approval> {
  let stored = await find(parts, idOrRef);
  while (stored.value.status === "pending" && !signal.aborted) {
    const { id, expiresAt } = stored.value;
    const atMostMs = expiresAt - parts.store.now() + 1;
    await watchFor(parts.store, { kind: "approval", id, version: stored.version, atMostMs, signal });
    stored = (await readCurrent(parts.store, parts.stream, id)) ?? stored;
  }
  return stored.value;
}
