import { type Approval, type AuditRecord, canonicalText, domainDigest, type Verdict } from "@leashkit/core";
import { chainOf, factsOf } from "./children.ts";
import type { Moved } from "./commits.ts";
import type { Commit } from "./disk.ts";
import { TOOLS, type ToolName } from "./policies.ts";
import { count, violate, type World } from "./world.ts";

const MOVES: Readonly<Record<string, readonly string[]>> = {
  none: ["pending"],
  // A yes of several that are needed.
  pending: ["pending", "approved", "denied", "expired", "cancelled"],
  approved: ["consumed", "lapsed", "revoked", "cancelled"],
};

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

/** How long a person's no answers calls like it. Milliseconds: what holds where a policy says nothing. */
const NO_LASTS_MS = 900_000;

export function checkApproval(
  world: World,
  { after, before, id }: Moved<Approval>,
  records: readonly AuditRecord[],
): void {
  if (world.forged.has(id)) return undefined;
  const from = before?.status ?? "none";
  if (after === undefined) return violate(world, "I2", `the approval ${id} was deleted`);
  count(world, `approval ${from} -> ${after.status}`);
  const isMove = (MOVES[from] ?? []).includes(after.status);
  if (!isMove) violate(world, "I2", `an approval went from ${from} to ${after.status}`);
  if (before === undefined) return checkQuestion(world, after, records);
  const changed = BOUND.filter((member) => canonicalText(before[member]) !== canonicalText(after[member]));
  if (changed.length > 0) violate(world, "I1", `the approval's ${changed.join(", ")} changed`);
  if (after.verdicts.length > before.verdicts.length) checkAnswer(world, after);
  else if (["approved", "denied", "revoked"].includes(after.status) && from !== after.status)
    violate(world, "I3", `an approval is ${after.status} and nobody said so`);
  checkTimes(world, before, after);
  return undefined;
}

/** A new question is about the bytes it shows, was decided, or edited by a person, and says who asks and by which way. */
function checkQuestion(world: World, approval: Approval, records: readonly AuditRecord[]): void {
  const { agent, chain, subject, tenant } = approval.principal;
  const shown = { v: 1, tenant, agent, subject, tool: approval.tool, input: JSON.parse(approval.text) as unknown };
  if (domainDigest("leashkit/action/1", shown) !== approval.digest)
    violate(world, "I1", "a question shows other bytes than its digest");
  if (canonicalText(chain) !== canonicalText(chainOf(agent)))
    violate(world, "I1", `a question of ${agent} does not say by which way it came`);
  if (factsOf(agent)?.reachesPeople === false) violate(world, "I4", `${agent} reaches nobody, and asked a person`);
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

function checkAnswer(world: World, approval: Approval): void {
  const { edit, expiresAt, id, settledAt, status, terms } = approval;
  const verdict = approval.verdicts.at(-1);
  const isClicked = world.clicks.some(
    (click) => click.verb === verdict?.answer && click.approvalId === id && click.person === verdict.approver,
  );
  if (!isClicked) violate(world, "I3", `an approval is ${status} and nobody said so`);
  if (verdict === undefined) return;
  checkSigned(world, approval, verdict);
  if (verdict.answer !== "approve") {
    world.refused.push({ approval, at: world.time.now(), until: verdict.at + NO_LASTS_MS });
    return;
  }
  if ((settledAt ?? 0) >= expiresAt) violate(world, "I3", "an answer that came too late has an effect");
  const isOwn = status === "approved" && edit !== null && edit.editor === verdict.approver;
  if (isOwn && !(edit.self && terms.edit === "self")) violate(world, "I3", "the editor's own yes counts");
}

/** Whoever answered many at once signed each of them: a verdict names one question and its bytes. */
function checkSigned(world: World, { digest, id }: Approval, { answer, token }: Verdict): void {
  const payload = Buffer.from(token.slice("v4.public.".length), "base64url").subarray(0, -64);
  const claims = JSON.parse(payload.toString()) as Readonly<Record<string, unknown>>;
  if (claims["approval_id"] !== id || claims["action_hash"] !== digest || claims["answer"] !== answer)
    violate(world, "I1", "an answer is signed for another question");
}

/** Nobody's time is cut short. */
function checkTimes(world: World, before: Approval, after: Approval): void {
  const now = world.disk.store.now();
  const end = (before.settledAt ?? 0) + before.terms.useWithinMs;
  if (after.status === "expired" && now < before.expiresAt) violate(world, "liveness", "a question expired too early");
  if (after.status === "lapsed" && now < end) violate(world, "liveness", "a yes lapsed too early");
}

/** What is answered by one commit is what one click was about: all of a list, or one question by itself. */
export function checkAnswered(world: World, { transitions }: Commit): void {
  const answered = transitions.flatMap(({ after, before, kind }) => {
    if (kind !== "approval" || before === undefined || after === undefined) return [];
    const [was, is] = [before.body, after.body] as unknown as readonly [Approval, Approval];
    return is.verdicts.length > was.verdicts.length && !world.forged.has(is.id) ? [is] : [];
  });
  const [first] = answered;
  const verdict = first?.verdicts.at(-1);
  if (first === undefined || verdict === undefined) return;
  const ids = canonicalText(answered.map(({ id }) => id).toSorted());
  const theirs = world.clicks.filter(({ person, verb }) => person === verdict.approver && verb === verdict.answer);
  const isWhole = theirs.some(
    ({ approvalId, list = [approvalId] }) => canonicalText([...new Set(list)].toSorted()) === ids,
  );
  if (!isWhole) violate(world, "I3", `${answered.length} questions were answered by a click on others`);
  if (answered.length > 1) count(world, "answered together");
  for (const { demand, id } of answered) {
    const isAlone = theirs.some(({ approvalId, list }) => list === undefined && approvalId === id);
    if (demand === "step_up" && !isAlone) violate(world, "I3", "a step-up was answered in a list");
  }
}
