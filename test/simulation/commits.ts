import type { Allowance, Approval, AuditRecord, JournalEntry, JournalState } from "@leashkit/core";
import { mustAsk } from "./children.ts";
import type { Commit, Transition } from "./disk.ts";
import { TOOLS, type ToolName } from "./policies.ts";
import { checkAnswered, checkApproval } from "./questions.ts";
import { checkSettled, followLease } from "./settling.ts";
import { checkAllowance, checkLeaveByStanding } from "./standing.ts";
import { count, violate, type World } from "./world.ts";

/** A row that changed, its bodies read as what its kind implies. */
export interface Moved<T> {
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
  // Whoever was taken for dead and was not tells late what happened; or a person does.
  unknown: ["done", "failed", "suspended", "unknown"],
  done: [],
};

/** Looks at every commit as it becomes durable: what is written there is what all processes go by. */
export function checkCommit(world: World, commit: Commit): void {
  // What a standing yes is and what it is used for may stand in one commit: first what it is.
  for (const transition of commit.transitions) {
    if (transition.kind === "allowance") checkAllowance(world, moved<Allowance>(transition), commit);
    if (transition.kind === "instance") followLease(world, transition);
  }
  for (const transition of commit.transitions) {
    if (transition.kind === "approval") checkApproval(world, moved<Approval>(transition), commit.records);
    if (transition.kind === "journal") checkJournal(world, moved<JournalEntry>(transition), commit);
  }
  checkAnswered(world, commit);
}

function checkJournal(world: World, row: Moved<JournalEntry>, commit: Commit): void {
  const { after, before, id } = row;
  const from = before?.state ?? "none";
  if (after === undefined) return violate(world, "I5", `the journal row ${id} was deleted`);
  count(world, `journal ${from} -> ${after.state}`);
  if (!JOURNAL_MOVES[from].includes(after.state))
    violate(world, "I2", `the journal row ${id} went from ${from} to ${after.state}`);
  if (after.state === "running") return checkLeave(world, { id, before, after }, commit);
  const isOutcome = before !== undefined && (from === "running" || from === "unknown");
  if (isOutcome && before.attemptId !== after.attemptId)
    violate(world, "I2", `the outcome of another attempt was written over the one of ${before.attemptId}`);
  const settled = commit.records.find(({ payload }) => payload.type === "journal.settled");
  if (settled !== undefined) return checkSettled(world, row, settled);
  checkAborted(world, after, id);
  return undefined;
}

/** Nobody knows what a run did that threw after its agent had gone away. */
function checkAborted(world: World, { attemptId, failure, state }: JournalEntry, id: string): void {
  const run = world.starts.findLast((start) => start.journalId === id && start.attemptId === attemptId);
  if (state !== "failed" || failure?.effect !== "unknown" || run?.ending !== "threw" || !run.wasAborted) return;
  violate(world, "I5", `${run.wanted.name} threw after an abort, and its row says that it merely failed`);
}

/** Leave to run was given: everything that it stands on must be durable in this very commit. */
function checkLeave(
  world: World,
  { after, before, id }: Moved<JournalEntry> & { readonly after: JournalEntry },
  commit: Commit,
): void {
  const tool = after.tool as ToolName;
  if (before?.state === "running" && !TOOLS[tool].idempotent)
    violate(world, "I5", `a run of ${tool} that was cut off is repeated`);
  checkRecovered(world, before, commit.records);
  const granted = commit.records.find(({ payload }) => payload.type === "granted");
  if (granted?.payload.digest !== after.finalDigest || granted.envelope.decision_id !== after.attemptId)
    violate(world, "I5", `leave for ${id} without the record that says so`);
  rememberLeave(world, { id, before, after }, granted);
  checkLeaveByStanding(world, { before, after }, commit);
  const { allowanceId, approvalId } = after;
  if (approvalId !== null) return checkApproved(world, approvalId, after);
  if (allowanceId === undefined && mustAsk(granted?.payload.actor_id ?? "", tool))
    violate(world, "I3", `leave for ${tool} though nobody was asked`);
  return undefined;
}

/** The log tells of a run that was taken over from a process that is gone, and of no other one. */
function checkRecovered(world: World, before: JournalEntry | undefined, records: readonly AuditRecord[]): void {
  const told = records
    .filter(({ payload }) => payload.type === "recovered")
    .map(({ envelope }) => envelope.decision_id);
  const cutOff = before?.state === "running" ? [before.attemptId] : [];
  const [says, is] = [String(told), String(cutOff)];
  if (says !== is) violate(world, "I5", `the log says that "${says}" was taken over, and it is "${is}"`);
}

function rememberLeave(
  world: World,
  { after, before, id }: Moved<JournalEntry> & { readonly after: JournalEntry },
  granted: AuditRecord | undefined,
): void {
  const { action_id: actionId, proof_jti: jti } = granted?.envelope ?? {};
  const { allowanceId, approvalId, attemptId, finalDigest: digest } = after;
  if (jti === undefined || attemptId === null) return;
  const from = before?.state ?? "none";
  world.leaves.set(jti, { journalId: id, attemptId, digest, actionId, approvalId, allowanceId, before: from });
}

/** The yes that a leave stands on: a person's, to these bytes, not taken back, and used up. */
function checkApproved(world: World, approvalId: string, entry: JournalEntry): void {
  const approval = world.disk.row("approval", approvalId)?.body as unknown as Approval | undefined;
  if (approval?.status !== "consumed") violate(world, "I2", `leave under an approval that is ${approval?.status}`);
  if (world.takenBack.has(approvalId)) violate(world, "I3", "leave under a yes that was taken back");
  if (approval?.digest !== entry.finalDigest || approval.callKey !== entry.callKey)
    violate(world, "I1", "leave for other bytes than the approval's");
  const yeses = world.clicks.filter((click) => click.verb === "approve" && click.approvalId === approvalId);
  const people = new Set(yeses.map(({ person }) => person));
  if (people.size < (approval?.terms.quorum ?? 1))
    violate(world, "I3", `leave under an approval that ${people.size} people said yes to`);
  if (yeses.some(({ digest }) => digest !== entry.finalDigest))
    violate(world, "I1", "leave for other bytes than the person saw");
}
