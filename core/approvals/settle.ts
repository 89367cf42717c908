import { settledRecord } from "../audit/answers.ts";
import { LeashDenied } from "../errors.ts";
import type { Approval, Approver, Verdict } from "../model/approval.ts";
import type { Answering, ApproveOptions, SettleOptions } from "../model/desk.ts";
import type { Stored } from "../store/envelope.ts";
import type { Change } from "../store/store.ts";
import { signVerdict } from "../tokens/verdict.ts";
import { type DeskParts, findApproval, presented, refuseAnswer, refuseUnlessOpen } from "./answer.ts";
import { grantAgain, objectionToAgain } from "./again.ts";
import { hasAnswered, type Objection, objectionTo, yesCount } from "./eligibility.ts";
import { memoryOf } from "./memory.ts";
import { writeApproval } from "./rows.ts";

/** An approval as it was read, and what an answer makes of it. */
interface Answered {
  readonly before: Stored<Approval>;
  readonly after: Approval;
  readonly verdict: Verdict;
}

/** One verb of a desk. */
export function answering(parts: DeskParts, approver: Approver, answer: "approve" | "deny"): Answering<ApproveOptions> {
  function settle(idOrRef: string, options?: ApproveOptions): Promise<Approval>;
  function settle(list: readonly string[], options?: ApproveOptions): Promise<readonly Approval[]>;
  async function settle(
    target: string | readonly string[],
    options: ApproveOptions = {},
  ): Promise<Approval | readonly Approval[]> {
    if (typeof target !== "string") return settleAll(parts, approver, target, answer, { ...options, listed: true });
    const [only] = await settleAll(parts, approver, [target], answer, { ...options, listed: false });
    return only ?? (await findApproval(parts, target)).value;
  }
  return settle;
}

/** Answers all of them in one commit, or none. An answer to approvals that moved meanwhile is made anew from what they are now. */
async function settleAll(
  parts: DeskParts,
  approver: Approver,
  list: readonly string[],
  answer: "approve" | "deny",
  options: ApproveOptions & { readonly listed: boolean },
): Promise<readonly Approval[]> {
  for (;;) {
    const found = await findAll(parts, list);
    for (const { value } of found) {
      refuseUnlessOpen(value);
      const objection = whyNot(value, approver, answer, options);
      if (objection !== undefined) throw await refuseAnswer(parts, value, approver, objection);
    }
    const answered = found.map((before) => answerTo(parts, before, approver, answer, options));
    // Its time ran out since it was read; the next read settles it as expired.
    if (answered.some(({ before, verdict }) => verdict.at >= before.value.expiresAt)) continue;
    if (await commit(parts, answered, options.again)) return answered.map(({ after }) => after);
  }
}

/** The same approval named twice is answered once. */
async function findAll(parts: DeskParts, list: readonly string[]): Promise<readonly Stored<Approval>[]> {
  const found = new Map<string, Stored<Approval>>();
  for (const idOrRef of list) {
    const stored = await findApproval(parts, idOrRef);
    found.set(stored.value.id, stored);
  }
  return [...found.values()];
}

function whyNot(
  approval: Approval,
  approver: Approver,
  answer: "approve" | "deny",
  options: ApproveOptions & { readonly listed: boolean },
): Objection | undefined {
  if (options.listed && approval.demand === "step_up") {
    return { why: "step-up in a list", reason: "needs a step-up and is answered by itself: leave it out of the list." };
  }
  if (answer === "deny") return undefined;
  if (hasAnswered(approval, approver.id)) {
    return {
      why: "a second yes of one person",
      reason: "has this approver's yes: the next one must be another person's.",
    };
  }
  const again = options.again === undefined ? undefined : objectionToAgain(approval, options.again, options.listed);
  if (again !== undefined) return again;
  return objectionTo({ approver: approver.id, ...presented(approver), reason: options.reason ?? null }, approval);
}

function answerTo(
  parts: DeskParts,
  before: Stored<Approval>,
  approver: Approver,
  answer: Verdict["answer"],
  options: SettleOptions,
): Answered {
  const { value } = before;
  const verdict = signVerdict(parts.keys.signer("approval"), {
    approval: value,
    answer,
    approver: approver.id,
    ...presented(approver),
    reason: options.reason ?? null,
    at: parts.store.now(),
    random: parts.random,
  });
  const verdicts = [...value.verdicts, verdict];
  if (answer === "revoke") return { before, after: { ...value, status: "revoked", verdicts }, verdict };
  const open = answer === "approve" && yesCount(verdicts) < value.terms.quorum;
  if (open) return { before, after: { ...value, verdicts }, verdict };
  const status = answer === "approve" ? "approved" : "denied";
  return { before, after: { ...value, status, settledAt: verdict.at, verdicts }, verdict };
}

/** False when somebody else moved one of them first: then nothing was written. */
async function commit(
  parts: DeskParts,
  answered: readonly Answered[],
  again?: ApproveOptions["again"],
): Promise<boolean> {
  const { announce, store, stream } = parts;
  const granted =
    again === undefined ? [] : answered.map(({ after, verdict }) => grantAgain(parts, after, verdict, again));
  const memory = new Map<string, Change>();
  for (const { after, verdict } of answered) {
    if (verdict.answer === "approve") continue;
    for (const change of await memoryOf(store, after, verdict)) memory.set(change.id, change);
  }
  const changes = answered.map(({ before, after }) => writeApproval(after, before.version));
  const records = answered.map(({ after, verdict }) => settledRecord(after, verdict));
  const result = await store.commit([...changes, ...granted.map(({ change }) => change), ...memory.values()], {
    stream,
    records: [...records, ...granted.map(({ record }) => record)],
  });
  if (result.ok) for (const { after } of answered) if (after.status !== "pending") announce?.(after);
  return result.ok;
}

/** Takes a yes back. The row is the one that a use of it must change, so of the two exactly one happens. */
export async function revoke(
  parts: DeskParts,
  approver: Approver,
  idOrRef: string,
  options: SettleOptions = {},
): Promise<Approval> {
  for (;;) {
    const stored = await findApproval(parts, idOrRef);
    refuseUnlessApproved(stored.value);
    const revoked = answerTo(parts, stored, approver, "revoke", options);
    if (await commit(parts, [revoked])) return revoked.after;
  }
}

function refuseUnlessApproved(approval: Approval): void {
  if (approval.status === "approved") return;
  if (approval.status !== "pending") return refuseUnlessOpen(approval);
  throw new LeashDenied({
    reasonCode: "approval_void",
    reason: `Approval ${approval.ref} is pending, and there is no yes to take back: deny it.`,
    approvalId: approval.id,
  });
}
