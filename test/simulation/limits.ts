import type { Json, JournalEntry } from "@leashkit/core";
import type { Commit, Committed } from "./disk.ts";
import { COUNTED, MOST_COUNTED, type ToolName } from "./policies.ts";
import { count, violate, type World } from "./world.ts";

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
function chargeOf(before: JournalEntry | undefined, after: JournalEntry): number {
  const from = before?.state ?? "none";
  if (after.state === "running") return from === "none" || from === "held" || from === "failed" ? 1 : 0;
  const isFreed = after.state === "failed" && after.failure?.effect === "none";
  return isFreed && (from === "running" || from === "unknown") ? -1 : 0;
}

/**
 * I7, by what each commit makes durable: no tenant uses more of what is limited than the limit says, and the counters say neither
 * less nor more than what the journal's moves add up to. The window is longer than a simulated life, so that nothing is forgotten.
 */
export function checkLimits(world: World, { transitions }: Commit): void {
  for (const transition of transitions) {
    const after = transition.kind === "journal" ? entryOf(transition.after) : undefined;
    if (after === undefined || !COUNTED.includes(after.tool as ToolName)) continue;
    const used = (world.used.get(after.tenant) ?? 0) + chargeOf(entryOf(transition.before), after);
    world.used.set(after.tenant, used);
    if (used === MOST_COUNTED) count(world, "limit used up");
    if (used > MOST_COUNTED) violate(world, "I7", `${used} calls in ${after.tenant} of at most ${MOST_COUNTED}`);
  }
  const counted = world.disk.rows("counter").reduce((sum, { body }) => sum + amountOf(body), 0);
  const expected = [...world.used.values()].reduce((sum, used) => sum + used, 0);
  if (counted !== expected) violate(world, "I7", `the counters say ${counted}, and ${expected} calls count`);
}
