import type { Approval, JournalEntry } from "@leashkit/core";
import { mayRun, mustAsk, factsOf } from "./children.ts";
import { journalIdOf } from "./identity.ts";
import { TOOLS } from "./policies.ts";
import { type Attempt, count, principalOf, violate, type Wanted, type World } from "./world.ts";

/** True when nothing that can still end is under way. */
export function isSettled(world: World, finals: readonly Attempt[]): boolean {
  return finals.length > 0 && openAttempts(world).length === 0;
}

function openAttempts({ attempts }: World): readonly Attempt[] {
  return attempts.filter(({ machine, outcome }) => machine.alive && outcome === undefined);
}

/** How an attempt may end once nothing goes wrong: with a result, a refusal that stands for good, or unknown. */
const FINAL =
  /^(?:result|LEASH_DENIED.*|LEASH_EXPIRED|LEASH_LIMIT_EXCEEDED|LEASH_OUTCOME_UNKNOWN|LEASH_POLICY_CHANGED)$/u;

/** Long enough for a person to answer and for the call to use it. */
const ENOUGH_MS = 15_000;

/** True where nothing that happened so far stands in the way of a call: proposed now, and approved, it must run. */
export function canRun(world: World, wanted: Wanted): boolean {
  const entry = world.disk.row("journal", journalIdOf(wanted))?.body as unknown as JournalEntry | undefined;
  const { agent } = principalOf(wanted);
  if (!mayRun(agent, wanted.tool)) return false;
  // What a person said had happened has no result to hand out.
  if (entry?.state === "done") return entry.outputRef !== null;
  if (factsOf(agent)?.reachesPeople === false && mustAsk(agent, wanted.tool)) return false;
  if (entry === undefined || entry.state === "failed") return true;
  if (entry.state !== "held" || entry.approvalId === null || world.forged.has(entry.approvalId)) return false;
  const approval = world.disk.row("approval", entry.approvalId)?.body as unknown as Approval;
  const { expiresAt, settledAt, status, terms } = approval;
  const now = world.disk.store.now();
  if (status === "pending") return expiresAt - now > ENOUGH_MS;
  return status === "cancelled" || (status === "approved" && (settledAt ?? 0) + terms.useWithinMs - now > ENOUGH_MS);
}

/** True where an agent that began before the end aborted a run of the call: then nobody knows what became of it. */
function wasCutOff(world: World, wanted: Wanted): boolean {
  const id = journalIdOf(wanted);
  return world.starts.some(({ ending, journalId, wasAborted }) => journalId === id && wasAborted && ending === "threw");
}

function checkPromised(world: World): void {
  for (const { outcome, wanted } of world.promised) {
    const isDenied = world.clicks.some(({ approvalId, verb }) => {
      const approval = world.disk.row("approval", approvalId)?.body as unknown as Approval | undefined;
      const isNo = verb === approval?.verdicts.at(-1)?.answer && (verb === "deny" || verb === "revoke");
      return isNo && approval?.tool === wanted.tool;
    });
    count(world, `promised: ${outcome}`);
    if (outcome === "result" || outcome === undefined || outcome === "LEASH_POLICY_CHANGED") continue;
    if (isDenied && outcome.endsWith("person_denied")) continue;
    // Whether the limit was used up was asked when the call was told so.
    if (outcome === "LEASH_LIMIT_EXCEEDED") continue;
    if (outcome === "LEASH_OUTCOME_UNKNOWN" && wasCutOff(world, wanted)) continue;
    violate(
      world,
      "liveness",
      `${wanted.name} (${wanted.tool}) could run, people said yes, and it ended with ${outcome}`,
    );
  }
}

/** Liveness: nothing is wedged, and no refusal is made up. */
export function checkEnd(world: World, finals: readonly Attempt[]): void {
  for (const { how, machine, wanted } of openAttempts(world))
    violate(world, "liveness", `${wanted.name} (${wanted.tool}, ${how}) never ended in ${machine.name}`);
  for (const { how, outcome, wanted } of finals) {
    if (outcome === undefined) continue;
    count(world, `at the end: ${outcome}`);
    if (!FINAL.test(outcome))
      violate(world, "liveness", `${wanted.name} (${how}) ended with ${outcome} though nothing was wrong`);
  }
  checkPromised(world);
  checkRows(world);
}

/** What the rows say at the end fits what tools and people know. */
function checkRows(world: World): void {
  for (const { body, id } of world.disk.rows("journal")) {
    const entry = body as unknown as JournalEntry;
    const starts = world.starts.filter(({ journalId }) => journalId === id);
    const isSaid = entry.state === "done" && entry.outputRef === null;
    if (entry.state === "done" && !isSaid && !starts.some(({ ending }) => ending === "ok"))
      violate(world, "I2", "a call is done and no run of it went well");
    const wentWell = starts.some(({ ending, isForgiven }) => ending === "ok" && !isForgiven);
    if (entry.state === "failed" && entry.failure?.effect === "none" && wentWell)
      violate(world, "I5", "a run that went well is recorded as one without effect");
    if (entry.state === "unknown") count(world, starts.length > 0 ? "unknown after a run" : "unknown before the run");
    checkIdempotent(world, entry, starts.length);
  }
  for (const { body } of world.disk.rows("approval")) {
    const { id, status } = body as unknown as Approval;
    const uses = world.leaves.size > 0 && [...world.leaves.values()].some(({ approvalId }) => approvalId === id);
    if (status === "consumed" && !uses) violate(world, "I2", "an approval is used up and no leave was given under it");
  }
}

/** What may be repeated is never given up as unknown by a crash alone; nothing else runs more often than it was granted. */
function checkIdempotent(world: World, entry: JournalEntry, starts: number): void {
  if (starts > entry.attempt) violate(world, "I5", `${entry.tool} ran ${starts} times under ${entry.attempt} leaves`);
  if (TOOLS[entry.tool as keyof typeof TOOLS].idempotent && starts > 1) count(world, "idempotent tool repeated");
}
