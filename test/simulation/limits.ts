import type { Approval, AuditRecord, Json, JournalEntry } from "@leashkit/core";
import { limitsFor } from "./children.ts";
import type { Commit, Committed } from "./disk.ts";
import type { LimitFacts, ToolName } from "./policies.ts";
import { type Attempt, count, principalOf, violate, type World } from "./world.ts";

/** A counter's row, as far as it is read here. */
interface CounterRow {
  readonly buckets: readonly (readonly [start: number, end: number, amount: number])[];
}

function amountOf(body: Json): number {
  return (body as unknown as CounterRow).buckets.reduce((sum, [, , amount]) => sum + amount, 0);
}

function entryOf(row: Committed | undefined): JournalEntry | undefined {
  return row?.body as unknown as JournalEntry | undefined;
}

/** By how much a call's move changes what is used: new leave counts, going on does not, and only what surely had no effect is given back. */
function chargeOf(before: JournalEntry | undefined, after: JournalEntry): -1 | 0 | 1 {
  const from = before?.state ?? "none";
  if (after.state === "running") return from === "none" || from === "held" || from === "failed" ? 1 : 0;
  const isFreed = after.state === "failed" && after.failure?.effect === "none";
  return isFreed && (from === "running" || from === "unknown") ? -1 : 0;
}

/** The name of a counter, as the simulation keeps it: each agent of each tenant has its own. */
function counterOf({ id }: LimitFacts, tenant: string, agent: string): string {
  return `${id} of ${agent} in ${tenant}`;
}

/**
 * I7, by what each commit makes durable: nobody uses more of what is limited than the limit says, or than a person saw who let
 * them; and each counter says neither less nor more than what the journal's moves add up to. The window is longer than a
 * simulated life, so that nothing is forgotten.
 */
export function checkLimits(world: World, { records, transitions }: Commit): void {
  for (const { after: row, before, id, kind } of transitions) {
    const after = kind === "journal" ? entryOf(row) : undefined;
    if (after === undefined) continue;
    const charge = chargeOf(entryOf(before), after);
    if (charge === 1) spend(world, id, after, records);
    if (charge === -1) giveBack(world, id);
  }
  checkTold(world, { records, transitions });
  const isShadow = (id: string): boolean => world.observed.counters.has(id);
  const counted = world.disk.rows("counter").flatMap(({ body, id }) => (isShadow(id) ? [] : [amountOf(body)]));
  const [says, is] = [counted, [...world.used.values()]].map((all) =>
    all.filter((one) => one !== 0).toSorted((one, other) => one - other),
  );
  if (String(says) !== String(is)) violate(world, "I7", `the counters say ${says}, and what counts is ${is}`);
}

/** What goes off a counter is told of in that very commit, and nothing else is. */
function checkTold(world: World, { records, transitions }: Commit): void {
  const counters = transitions.filter(({ after, before, kind }) => kind === "counter" && after && before);
  const gone = counters.map(({ after, before }) => amountOf(before?.body ?? null) - amountOf(after?.body ?? null));
  const is = gone.reduce((sum, amount) => sum + Math.max(0, amount), 0);
  const told = records.filter(({ payload }) => payload.type === "limit.settled");
  const says = told.reduce((sum, { payload }) => sum + Number.parseInt(payload.detail ?? "", 10), 0);
  if (says !== is) violate(world, "I7", `the log says that ${says} were given back, and it is ${is}`);
  if (is > 0) count(world, "limit given back");
}

function spend(world: World, id: string, entry: JournalEntry, records: readonly AuditRecord[]): void {
  const agent = records.find(({ payload }) => payload.type === "granted")?.payload.actor_id ?? "";
  const limits = limitsFor(agent, entry.tool as ToolName);
  for (const limit of limits) {
    const counter = counterOf(limit, entry.tenant, agent);
    const used = (world.used.get(counter) ?? 0) + 1;
    world.used.set(counter, used);
    if (used === limit.max) count(world, "limit used up");
    if (used > limit.max) checkBeyond(world, limit, used, entry);
  }
  world.charged.set(
    id,
    limits.map((limit) => counterOf(limit, entry.tenant, agent)),
  );
}

function giveBack(world: World, id: string): void {
  for (const counter of world.charged.get(id) ?? []) {
    world.used.set(counter, (world.used.get(counter) ?? 0) - 1);
    world.freedAt.set(counter, world.time.now());
  }
  world.charged.delete(id);
}

/** Beyond a limit goes only what a person let go who saw how far: no standing yes, and no yes to less. */
function checkBeyond(
  world: World,
  { asks, id, max }: LimitFacts,
  used: number,
  { approvalId, tool }: JournalEntry,
): void {
  const approval = approvalId === null ? undefined : world.disk.row("approval", approvalId)?.body;
  const { over = [] } = (approval ?? {}) as unknown as Partial<Approval>;
  const isSeen = asks && over.some((shown) => shown.limit === id && shown.total >= used);
  if (isSeen) count(world, "limit passed as a person saw");
  else violate(world, "I7", `${tool} is call ${used} of at most ${max}`);
}

/** A call that is told of a limit was refused by one that had no place left, now or at some time since it was proposed. */
export function checkLimited(world: World, { proposedAt, wanted }: Attempt): void {
  const { agent, tenant } = principalOf(wanted);
  const isFull = limitsFor(agent, wanted.tool).some((limit) => {
    const counter = counterOf(limit, tenant, agent);
    const wasFull = (world.freedAt.get(counter) ?? -1) >= proposedAt;
    return !limit.asks && (wasFull || (world.used.get(counter) ?? 0) >= limit.max);
  });
  if (!isFull) violate(world, "liveness", `${wanted.name} (${wanted.tool}) was told of a limit that is not used up`);
}
