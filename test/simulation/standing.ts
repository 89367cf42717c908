import {
  type Allowance,
  type Approval,
  type AuditRecord,
  canonicalText,
  type Json,
  type JournalEntry,
} from "@leashkit/core";
import type { Moved } from "./commits.ts";
import type { Commit } from "./disk.ts";
import { AGAIN, MUCH, type ToolName } from "./policies.ts";
import { type Attempt, count, type Given, type Leave, principalOf, violate, type World } from "./world.ts";

/** What of a standing yes never changes. */
const BOUND = [
  "id",
  "tenant",
  "subject",
  "agent",
  "chain",
  "tool",
  "session",
  "counterparty",
  "shape",
  "vary",
  "rule",
  "ruleDigest",
  "uses",
  "approvalId",
  "text",
  "approver",
  "grantedAt",
  "expiresAt",
] as const;

export function checkAllowance(world: World, { after, before, id }: Moved<Allowance>, commit: Commit): void {
  if (after === undefined) return violate(world, "I7", `the standing yes ${id} was deleted`);
  if (before === undefined) return checkGiven(world, after, commit);
  const changed = BOUND.filter((member) => canonicalText(before[member]) !== canonicalText(after[member]));
  if (changed.length > 0) violate(world, "I1", `the ${changed.join(", ")} of a standing yes changed`);
  const given = world.given.get(id);
  if (given === undefined) return violate(world, "I3", "a standing yes is used that nobody gave");
  if (after.revokedAt !== before.revokedAt) {
    given.isTakenBack = true;
    count(world, "allowance revoked");
  }
  const isUsed = commit.transitions.some(
    ({ kind, after: row }) => kind === "journal" && entryOf(row)?.allowanceId === id,
  );
  if (after.used !== before.used + (isUsed ? 1 : 0)) violate(world, "I7", "uses of a standing yes are miscounted");
  return undefined;
}

function entryOf(row: { readonly body: Json } | undefined): JournalEntry | undefined {
  return row?.body as unknown as JournalEntry | undefined;
}

/** A person gave it, with the yes to one call that they saw by itself, and no more of it than the policy lets them. */
function checkGiven(world: World, allowance: Allowance, { transitions }: Commit): void {
  const { approvalId, approver, expiresAt, grantedAt, id, session, used, uses } = allowance;
  count(world, "allowance given");
  const answered = transitions.find((row) => row.kind === "approval" && row.id === approvalId);
  const approval = answered?.after?.body as unknown as Approval | undefined;
  // Somebody may click twice on one question, and any of the clicks be the one that counts.
  const theirs = world.clicks.filter(
    (one) => one.again !== undefined && one.approvalId === approvalId && one.person === approver,
  );
  if (approval?.status !== "approved" || theirs.length === 0)
    return violate(world, "I3", "there is a standing yes that nobody gave");
  if (theirs.every(({ list }) => list !== undefined))
    violate(world, "I3", "a standing yes came of an answer to a list");
  const forMs = expiresAt - grantedAt;
  const isSaid = theirs.some(({ again }) => again?.uses === uses && again.forMs === forMs);
  if (!isSaid || used !== 0 || grantedAt > world.disk.store.now())
    violate(world, "I7", "a standing yes is for other calls than the person said");
  const most = approval.tool === "tell" || approval.tool === "beep" ? AGAIN[approval.tool] : undefined;
  if (most === undefined || uses > most.uses || forMs > most.forMs || approval.demand !== "approve")
    violate(world, "I3", "a standing yes is for more than the policy lets anybody permit");
  if (most?.session === true && (session === null || session !== approval.session))
    violate(world, "I3", "a standing yes for one session is for others, too");
  world.given.set(id, { approval, grantedAt, uses, forMs, used: 0, isTakenBack: false });
  return undefined;
}

/** Leave that stands on a standing yes: it is there, good, and counted in this very commit. */
export function checkLeaveByStanding(
  world: World,
  { after, before }: { readonly before: JournalEntry | undefined; readonly after: JournalEntry },
  { records, transitions }: Commit,
): void {
  const { allowanceId } = after;
  if (allowanceId === undefined) return;
  const given = world.given.get(allowanceId);
  if (given === undefined) return violate(world, "I3", "leave under a standing yes that nobody gave");
  if (before?.state === "running" || before?.state === "suspended") {
    if (before.allowanceId !== allowanceId) violate(world, "I3", "a run goes on under another standing yes");
    return undefined;
  }
  count(world, "allowance used");
  given.used += 1;
  if (given.used === given.uses) count(world, "allowance used up");
  if (given.used > given.uses) violate(world, "I7", `a standing yes for ${given.uses} calls is used once more`);
  if (given.isTakenBack || world.takenBack.has(allowanceId))
    violate(world, "I3", "leave under a standing yes that was taken back");
  if (!transitions.some(({ id, kind }) => kind === "allowance" && id === allowanceId))
    violate(world, "I7", "leave under a standing yes that is not counted");
  const startedAt = after.startedAt ?? 0;
  if (startedAt < given.grantedAt || startedAt >= given.grantedAt + given.forMs)
    violate(world, "I3", "leave under a standing yes whose time is over");
  return checkQuestion(world, given, after, records);
}

/** It answers the one plain question that it was given to: of this rule, as it was written then. */
function checkQuestion(
  world: World,
  { approval }: Given,
  { tenant, tool }: JournalEntry,
  records: readonly AuditRecord[],
): void {
  const decided = records.find(({ payload }) => payload.type === "decided")?.payload;
  if (decided?.decision !== "APPROVE" || decided.reason_code !== "rule" || decided.rule !== tool)
    violate(world, "I3", `a standing yes answers ${decided?.decision} of ${decided?.rule}`);
  const isSameText = (tool as ToolName) === "beep" || decided?.policy_digest === approval.policyDigest;
  if (!isSameText) violate(world, "I3", "a standing yes outlives the text of its rule");
  if (tenant !== approval.principal.tenant || tool !== approval.tool)
    violate(world, "I3", "a standing yes is used for another tenant or tool");
}

/** What runs under a standing yes is like what the person saw, and nobody else's. */
export function checkAlike(
  world: World,
  { allowanceId = "", before, digest }: Leave,
  attempt: Attempt,
  input: Json,
): void {
  const { wanted } = attempt;
  const given = world.given.get(allowanceId);
  if (given === undefined) return;
  const { approval } = given;
  if (canonicalText(principalOf(wanted)) !== canonicalText(approval.principal))
    violate(world, "I3", `a standing yes for ${approval.principal.agent} serves ${principalOf(wanted).agent}`);
  if (wanted.tool === "tell" && (wanted.session ?? null) !== approval.session)
    violate(world, "I3", "a standing yes serves another session");
  const [seen, runs] = [JSON.parse(approval.text), input] as readonly {
    readonly amount: unknown;
    readonly to: unknown;
  }[];
  if (seen?.to !== runs?.to || typeof seen?.amount !== typeof runs?.amount)
    violate(world, "I3", `a standing yes to ${approval.text} serves ${canonicalText(input)}`);
  if (wanted.tool === "tell" && Number(runs?.amount) > MUCH) violate(world, "I3", "a standing yes lifts a step-up");
  if (before === "running" || before === "suspended") return;
  const isFresher = world.refused.some(
    ({ approval: no, at, until }) =>
      (no.digest === digest || no.edit?.proposedDigest === digest) &&
      no.tool === wanted.tool &&
      at < attempt.proposedAt &&
      world.disk.store.now() < until,
  );
  if (isFresher) violate(world, "I3", "a standing yes overrules a person's no");
}
