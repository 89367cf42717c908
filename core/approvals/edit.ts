import { editedRecords } from "../audit/answers.ts";
import { canonicalText } from "../canonical.ts";
import { actionDigest } from "../digest.ts";
import { LeashError } from "../errors.ts";
import { shortRef, uuidv7 } from "../ids.ts";
import { journalId, readEntry, writeEntry } from "../journal/entries.ts";
import type { Approval, Approver, Edit } from "../model/approval.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { Json } from "../model/json.ts";
import type { SettleOptions } from "../model/desk.ts";
import type { Stored } from "../store/envelope.ts";
import { signEdit } from "../tokens/edit.ts";
import { type DeskParts, findApproval, presented, refuseAnswer, refuseUnlessOpen, type Reviewed } from "./answer.ts";
import { samePerson } from "./person.ts";
import { readRef, type RefRow, writeApproval, writeRef } from "./rows.ts";

/** True when the yes of this approver does not count because they made the call what it is. */
export function isOwnEdit({ edit, terms }: Pick<Approval, "edit" | "terms">, approver: string): boolean {
  return edit?.editor !== undefined && samePerson(edit.editor, approver) && !(edit.self && terms.edit === "self");
}

/**
 * Puts a question about other bytes in the place of an open one, in one commit: the old question ends, the new one opens, and
 * the row of the waiting call points to it. Nothing runs by it: the new question needs a yes of its own.
 */
export async function editApproval(
  parts: DeskParts,
  approver: Approver,
  idOrRef: string,
  input: Json,
  options: SettleOptions = {},
): Promise<Approval> {
  // As for a call: a text is sealed as an object.
  const text = canonicalText(typeof input === "string" ? { input } : input);
  for (;;) {
    const stored = await findApproval(parts, idOrRef);
    refuseUnlessOpen(stored.value);
    const call = await waitingCall(parts, stored);
    if (call === undefined) continue;
    const question = await reword(parts, { asked: call.asked, old: stored.value }, approver, text);
    const successor = successorOf(parts, stored.value, approver, question, call.ref.proposedDigest, options);
    // Its time ran out since it was read; the next read settles it as expired.
    if (successor.openedAt >= stored.value.expiresAt) continue;
    if (!(await replace(parts, stored, successor, call))) continue;
    parts.announce?.({ ...stored.value, status: "cancelled" });
    parts.announce?.(successor);
    return successor;
  }
}

/** The rows by which the call that waits for an approval is found. */
interface WaitingCall {
  /** The approval that the call was first asked under. */
  readonly asked: Approval;
  readonly ref: RefRow;
  readonly id: string;
  readonly entry: Stored<JournalEntry>;
}

/** Undefined: the approval moved meanwhile, look again. */
async function waitingCall(parts: DeskParts, { value, version }: Stored<Approval>): Promise<WaitingCall | undefined> {
  const ref = await readRef(parts.store, value.principal, value.ref);
  const id = ref === undefined ? undefined : journalId({ callKey: value.callKey, digest: ref.proposedDigest });
  const entry = id === undefined ? undefined : await readEntry(parts.store, id);
  if (ref !== undefined && id !== undefined && entry?.value.state === "held" && entry.value.approvalId === value.id) {
    const asked = ref.approvalId === value.id ? value : (await findApproval(parts, ref.approvalId)).value;
    return { asked, ref, id, entry };
  }
  if ((await findApproval(parts, value.id)).version !== version) return undefined;
  throw new LeashError(
    "LEASH_STORE_UNAVAILABLE",
    "The rows of the call that waits for this approval are missing or contradict it, so it cannot be edited. Deny it.",
  );
}

/** The question about the edited call. A desk with a policy asks it at once; the use of the yes asks it again in any case. */
async function reword(
  parts: DeskParts,
  { asked, old }: { readonly asked: Approval; readonly old: Approval },
  approver: Approver,
  text: string,
): Promise<Approval> {
  const edited: Approval = { ...old, text, digest: actionDigest(old.principal, old.tool, text) };
  const question = parts.review === undefined ? edited : reviewed(await parts.review(asked, edited), edited);
  if ("denied" in question) {
    throw await refuseAnswer(parts, old, approver, {
      why: "the policy denies the edited call",
      reason: `stays as it is: the policy denies the edited call (${question.denied})`,
    });
  }
  if (question.digest !== old.digest) return question;
  throw new LeashError("LEASH_INPUT_INVALID", "The edit changes nothing of what would run. Approve or deny the call.");
}

function reviewed({ action, decision }: Reviewed, edited: Approval): Approval | { readonly denied: string } {
  if (decision.effect === "deny") return { denied: decision.reason };
  if (action.tool !== edited.tool) return { denied: "The policy puts another tool in its place." };
  const { text, digest, schemaDigest } = action;
  const question = { ...edited, text, digest, schemaDigest, counterparty: decision.counterparty };
  // A person was asked: what the policy would allow by itself still needs the yes, on the terms it was asked for.
  if (decision.effect === "allow" || decision.terms === null) return question;
  const { effect: demand, rule, ruleDigest, reason, policyId, policyDigest, terms } = decision;
  return { ...question, demand, rule, ruleDigest, reason, policyId, policyDigest, terms };
}

function successorOf(
  parts: DeskParts,
  old: Approval,
  approver: Approver,
  question: Approval,
  proposedDigest: string,
  options: SettleOptions,
): Approval & { readonly edit: Edit } {
  const at = parts.store.now();
  const successor = { ...question, id: uuidv7(at, parts.random), ref: shortRef(parts.random) };
  const edit = signEdit(parts.keys.signer("approval"), {
    successor,
    editor: approver.id,
    ...presented(approver),
    reason: options.reason ?? null,
    at,
    predecessor: old.id,
    proposedDigest,
    // What one form of the call demands, another form of it does not lift.
    self: old.terms.edit === "self" && question.terms.edit === "self" && old.edit?.self !== false,
    random: parts.random,
  });
  const expiresAt = at + question.terms.expiresInMs;
  return { ...successor, status: "pending", openedAt: at, expiresAt, settledAt: null, verdicts: [], edit };
}

/** False when somebody else moved first. */
async function replace(
  parts: DeskParts,
  { value, version }: Stored<Approval>,
  successor: Approval & { readonly edit: Edit },
  { ref, id, entry }: WaitingCall,
): Promise<boolean> {
  const ended: Approval = { ...value, status: "cancelled", settledAt: successor.openedAt };
  const moved: JournalEntry = { ...entry.value, finalDigest: successor.digest, approvalId: successor.id };
  const result = await parts.store.commit(
    [
      writeApproval(ended, version),
      writeApproval(successor, 0),
      // Both refs lead to the approval that the call was first asked under, and from there to the latest.
      writeRef(successor, ref),
      writeEntry(id, moved, entry.version),
    ],
    { stream: parts.stream, records: editedRecords(ended, successor, successor.edit) },
  );
  return result.ok;
}
