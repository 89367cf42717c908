import {
  type Approval,
  type AuditRecord,
  canonicalText,
  domainDigest,
  type JournalEntry,
  type JournalState,
} from "@leashkit/core";
import type { Commit, Transition } from "./disk.ts";
import { TOOLS, type ToolName } from "./policies.ts";
import { count, violate, type World } from "./world.ts";

/** A row that changed, its bodies read as what its kind implies. */
interface Moved<T> {
  readonly id: string;
  readonly before: T | undefined;
  readonly after: T | undefined;
}

function moved<T>({ after, before, id }: Transition): Moved<T> {
  return { id, before: before?.body as unknown as T | undefined, after: after?.body as unknown as T | undefined };
}

const JOURNAL_MOVES: Readonly<Record<JournalState | "none", readonly JournalState[]>> = {
  none: ["held", "running"],
  held: ["held", "running"],
  running: ["done", "failed", "suspended", "unknown", "running"],
  suspended: ["running"],
  failed: ["held", "running"],
  // Whoever was taken for dead and was not tells late what happened.
  unknown: ["done", "failed", "suspended", "unknown"],
  done: [],
};

const APPROVAL_MOVES: Readonly<Record<string, readonly string[]>> = {
  none: ["pending"],
  // A yes of several that are needed.
  pending: ["pending", "approved", "denied", "expired", "cancelled"],
  approved: ["consumed", "lapsed", "revoked", "cancelled"],
};

/** Looks at every commit as it becomes durable: what is written there is what all processes go by. */
export function checkCommit(world: World, { records, transitions }: Commit): void {
  for (const transition of transitions) {
    if (transition.kind === "approval") checkApproval(world, moved<Approval>(transition), records);
    if (transition.kind === "journal") checkJournal(world, moved<JournalEntry>(transition), records);
  }
}

function checkJournal(world: World, { after, before, id }: Moved<JournalEntry>, records: readonly AuditRecord[]): void {
  const from = before?.state ?? "none";
  if (after === undefined) return violate(world, "I5", `the journal row ${id} was deleted`);
  count(world, `journal ${from} -> ${after.state}`);
  if (!JOURNAL_MOVES[from].includes(after.state))
    violate(world, "I2", `the journal row ${id} went from ${from} to ${after.state}`);
  if (after.state === "running") return checkLeave(world, { id, before, after }, records);
  checkAborted(world, after, id);
  const isOutcome = before !== undefined && (from === "running" || from === "unknown");
  if (isOutcome && before.attemptId !== after.attemptId)
    violate(world, "I2", `the outcome of another attempt was written over the one of ${before.attemptId}`);
  return undefined;
}

/** Nobody knows what a run did that threw after its agent had gone away. */
function checkAborted(world: World, { state, failure }: JournalEntry, id: string): void {
  const run = world.starts.findLast(({ journalId }) => journalId === id);
  if (state !== "failed" || failure?.effect !== "unknown" || run?.ending !== "threw" || !run.wasAborted) return;
  violate(world, "I5", `${run.wanted.name} threw after an abort, and its row says that it merely failed`);
}

/** Leave to run was given: everything that it stands on must be durable in this very commit. */
function checkLeave(world: World, { after, before, id }: Moved<JournalEntry>, records: readonly AuditRecord[]): void {
  if (after === undefined) return;
  const tool = TOOLS[after.tool as ToolName];
  if (before?.state === "running" && !tool.idempotent)
    violate(world, "I5", `a run of ${after.tool} that was cut off is repeated`);
  const granted = records.find(({ payload }) => payload.type === "granted");
  if (granted?.payload.digest !== after.finalDigest || granted.envelope.decision_id !== after.attemptId)
    violate(world, "I5", `leave for ${id} without the record that says so`);
  const { action_id: actionId, proof_jti: jti } = granted?.envelope ?? {};
  const { approvalId, attemptId, finalDigest: digest } = after;
  if (jti !== undefined && attemptId !== null)
    world.leaves.set(jti, { journalId: id, attemptId, digest, actionId, approvalId, before: before?.state ?? "none" });
  if (approvalId !== null) return checkApproved(world, approvalId, after);
  if (tool.asks) violate(world, "I3", `leave for ${after.tool} though nobody was asked`);
  return undefined;
}

/** The yes that a leave stands on: a person's, to these bytes, and used up. */
function checkApproved(world: World, approvalId: string, entry: JournalEntry): void {
  const approval = world.disk.row("approval", approvalId)?.body as unknown as Approval | undefined;
  if (approval?.status !== "consumed") violate(world, "I2", `leave under an approval that is ${approval?.status}`);
  if (approval?.digest !== entry.finalDigest || approval.callKey !== entry.callKey)
    violate(world, "I1", "leave for other bytes than the approval's");
  const yeses = world.clicks.filter((click) => click.verb === "approve" && click.approvalId === approvalId);
  const people = new Set(yeses.map(({ person }) => person));
  if (people.size < (approval?.terms.quorum ?? 1))
    violate(world, "I3", `leave under an approval that ${people.size} people said yes to`);
  if (yeses.some(({ digest }) => digest !== entry.finalDigest))
    violate(world, "I1", "leave for other bytes than the person saw");
}

const BOUND = [
  "id",
  "ref",
  "callKey",
  "digest",
  "actionId",
  "tool",
  "text",
  "principal",
  "terms",
  "expiresAt",
  "edit",
] as const;

function checkApproval(world: World, { after, before, id }: Moved<Approval>, records: readonly AuditRecord[]): void {
  if (world.forged.has(id)) return undefined;
  const from = before?.status ?? "none";
  if (after === undefined) return violate(world, "I2", `the approval ${id} was deleted`);
  count(world, `approval ${from} -> ${after.status}`);
  const isMove = (APPROVAL_MOVES[from] ?? []).includes(after.status);
  if (!isMove) violate(world, "I2", `an approval went from ${from} to ${after.status}`);
  if (before === undefined) return checkQuestion(world, after, records);
  const changed = BOUND.filter((member) => canonicalText(before[member]) !== canonicalText(after[member]));
  if (changed.length > 0) violate(world, "I1", `the approval's ${changed.join(", ")} changed`);
  if (from === "pending" && (after.status === "approved" || after.status === "denied")) checkAnswer(world, after);
  checkTimes(world, before, after);
  return undefined;
}

/** A new question is about the bytes it shows, and was decided, or edited by a person. */
function checkQuestion(world: World, approval: Approval, records: readonly AuditRecord[]): void {
  const { agent, subject, tenant } = approval.principal;
  const shown = { v: 1, tenant, agent, subject, tool: approval.tool, input: JSON.parse(approval.text) as unknown };
  if (domainDigest("leashkit/action/1", shown) !== approval.digest)
    violate(world, "I1", "a question shows other bytes than its digest");
  const { edit } = approval;
  if (edit === null) {
    const decided = records.find(({ payload }) => payload.type === "decided");
    if (decided?.payload.digest !== approval.digest) violate(world, "I1", "a question about what was not decided");
    return;
  }
  const edits = world.clicks.filter(({ approvalId, verb }) => verb === "edit" && approvalId === edit.predecessor);
  const theirs = edits.filter(({ person }) => person === edit.editor);
  if (theirs.length === 0) violate(world, "I3", "a call was edited and nobody did it");
  if (!TOOLS[approval.tool as ToolName].computed && theirs.every(({ digest }) => digest !== approval.digest))
    violate(world, "I1", "an edited call is not what the approver wrote");
}

function checkAnswer(world: World, { edit, expiresAt, id, settledAt, status, terms, verdicts }: Approval): void {
  const verb = status === "approved" ? "approve" : "deny";
  const verdict = verdicts.at(-1);
  const isClicked = world.clicks.some(
    (click) => click.verb === verb && click.approvalId === id && click.person === verdict?.approver,
  );
  if (!isClicked) violate(world, "I3", `an approval is ${status} and nobody said so`);
  if ((settledAt ?? 0) >= expiresAt) violate(world, "I3", "an answer that came too late has an effect");
  const isOwn = status === "approved" && edit !== null && edit.editor === verdict?.approver;
  if (isOwn && !(edit.self && terms.edit === "self")) violate(world, "I3", "the editor's own yes counts");
}

/** Nobody's time is cut short. */
function checkTimes(world: World, before: Approval, after: Approval): void {
  const now = world.disk.store.now();
  const end = (before.settledAt ?? 0) + before.terms.useWithinMs;
  if (after.status === "expired" && now < before.expiresAt) violate(world, "liveness", "a question expired too early");
  if (after.status === "lapsed" && now < end) violate(world, "liveness", "a yes lapsed too early");
}
