import { type AuditRecord, isLeashError, type Journal, type JournalEntry, type SettledOutcome } from "@leashkit/core";
import type { Moved } from "./commits.ts";
import type { Transition } from "./disk.ts";
import { checkDeskError, PEOPLE, tenantFor } from "./desks.ts";
import { count, type Machine, note, type Settling, violate, type World } from "./world.ts";

/** A person looks at what has no known outcome, finds out about one call, and says so; or somebody else was faster. */
export async function settleSomething(world: World, machine: Machine): Promise<void> {
  const { random, settlings } = world;
  const [person, tenant] = [random.pick(PEOPLE), tenantFor(world)];
  const journal = machine.leash?.as({ tenant }).journal({ id: person });
  if (journal === undefined) return;
  try {
    const calls = await journal.unsettled();
    if (calls.length === 0) return;
    const call = random.pick(calls);
    const thinksMs = random.pick([0, 0, 0, 10, 2_000, 31_000]);
    if (thinksMs > 0) await new Promise((resolve) => setTimeout(resolve, thinksMs));
    const isByName = random.integer(2) === 0;
    const settling = { tenant, person, call, outcome: foundOut(world, call.digest), isByName };
    settlings.push(settling);
    note(world, () => `${person} settles ${call.tool} ${call.actionId.slice(-6)} as ${settling.outcome}`);
    await say(journal, settling);
    count(world, `settled as ${settling.outcome}`);
  } catch (error) {
    checkDeskError(world, error);
  }
}

/** Several calls may go by one action id: then by its digest. */
async function say(journal: Journal, { call, isByName, outcome }: Settling): Promise<void> {
  if (!isByName) {
    await journal.settle(call, outcome);
    return;
  }
  try {
    await journal.settle(call.actionId, outcome);
  } catch (error) {
    if (!isLeashError(error, "LEASH_DENIED") || !error.message.includes("Several calls")) throw error;
    await journal.settle(call.digest, outcome);
  }
}

/** What really happened, as far as anybody can see it; now and then people are wrong. */
function foundOut({ leaves, random, starts }: World, digest: string): SettledOutcome {
  if (random.integer(3) === 0) return random.pick(["done", "not_done"] as const);
  const rows = new Set(
    [...leaves.values()].filter((leave) => leave.digest === digest).map(({ journalId }) => journalId),
  );
  const happened = starts.some(({ ending, isForgiven, journalId }) => {
    return rows.has(journalId) && !isForgiven && ending !== "no-effect" && ending !== "paused";
  });
  return happened ? "done" : "not_done";
}

/** What a person says is written: about a call that they saw and that nobody runs, and nothing else. */
export function checkSettled(
  world: World,
  { after, before, id }: Moved<JournalEntry>,
  { payload: { actor_id: person } }: AuditRecord,
): void {
  if (after === undefined || before === undefined) return violate(world, "I5", "a call is settled that was none");
  const state = before.state === "unknown" || before.state === "running" ? before.state : undefined;
  if (state === undefined) violate(world, "I2", `a call is settled that is ${before.state}`);
  const isDone = after.state === "done";
  const isNotDone = after.state === "failed" && after.failure?.effect === "none";
  if (!isDone && !isNotDone) violate(world, "I5", `a call was settled, and its row says ${after.state}`);
  const outcome = isDone ? "done" : "not_done";
  const theirs = world.settlings.filter(
    (one) => one.person === person && one.outcome === outcome && one.call.digest === before.finalDigest,
  );
  if (theirs.length === 0) violate(world, "I3", "a call is settled as nobody said");
  if (theirs.every(({ tenant }) => tenant !== before.tenant))
    violate(world, "I3", "a call is settled by somebody of another tenant");
  // A name stands for whatever attempt goes by it.
  if (theirs.every(({ call, isByName }) => !isByName && call.attempt !== before.attempt))
    violate(world, "I3", "a person's word on one attempt settles another one");
  if (state === "running") checkGone(world, before, id);
  if (isNotDone) for (const start of world.starts) if (start.journalId === id) start.isForgiven = true;
  count(world, `journal settled: ${state} -> ${after.state}`);
  return undefined;
}

/** Keeps the times at which a process could be taken for dead by its lease. */
export function followLease(world: World, { after, id }: Transition): void {
  const now = world.disk.store.now();
  const known = world.leases.get(id);
  const until = (after?.body as { readonly leaseUntil?: number } | undefined)?.leaseUntil ?? 0;
  const isLapsed = known !== undefined && known.until <= now;
  world.leases.set(id, { until, lapsedAt: isLapsed || until === 0 ? now : (known?.lapsedAt ?? 0) });
}

/** Nobody settles a call that a process runs which is there and says so. */
function checkGone(world: World, { owner, startedAt }: JournalEntry, id: string): void {
  const running = world.starts.findLast(({ journalId }) => journalId === id);
  if (running?.ending !== "running" || !running.machine.alive || owner === null) return;
  const lease = world.leases.get(owner.instance);
  const isLapsed = lease === undefined || lease.until <= world.disk.store.now() || lease.lapsedAt >= (startedAt ?? 0);
  if (!isLapsed) violate(world, "I5", `${running.wanted.name} is settled while ${running.machine.name} runs it`);
}
