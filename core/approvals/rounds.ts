import type { Approval } from "../model/approval.ts";
import type { Store } from "../store/store.ts";
import { escalate, type Escalatable, escalationAt, readCurrent } from "./expiry.ts";
import { groupKey } from "./groups.ts";

/** Which approvals people are told of, and when. */
export interface Rounds {
  /** An approval waits. People are told at once, unless an equal one that they were told of waits still. */
  opened(approval: Approval): void;
  /** It does not wait any more. */
  ended(id: string): void;
  close(): void;
}

export interface RoundsParts {
  readonly store: Store;
  readonly stream: string;
  readonly tell: (approval: Approval) => void;
}

type Told = Escalatable & Pick<Approval, "id">;

/** The equal approvals of one card. */
interface Round {
  readonly key: string;
  /** What people were told of, without its input; undefined while the next one is looked for. */
  told: Told | undefined;
  /** Ids of those that are kept back, oldest first. */
  readonly kept: string[];
  timer?: NodeJS.Timeout;
}

/** How many approvals and cards are remembered as told; an older one would be told of a second time, which does no harm. */
const REMEMBERED = 10_000;

/** Milliseconds between two looks, where nobody says that an approval was answered elsewhere, or the clock is not the wall's. */
const LOOK_EVERY_MS = 500;
const LEAST_DELAY_MS = 5;

/**
 * Keeps equal approvals to one card at a time and tells again of what is escalated. It looks by timers that do not keep the
 * process open; the store failing is no news, and ends the looking.
 */
export function createRounds({ store, stream, tell }: RoundsParts): Rounds {
  const known = new Set<string>();
  const rounds = new Map<string, Round>();
  const byTold = new Map<string, Round>();
  let closed = false;

  function show(round: Round, approval: Approval): void {
    round.told = noteOf(approval);
    byTold.set(approval.id, round);
    tell(approval);
    schedule(round);
  }

  /** Looks again when something may be due: an escalation, or the end of what keeps others back. */
  function schedule(round: Round, soon = false): void {
    clearTimeout(round.timer);
    const due = round.told === undefined ? undefined : escalationAt(round.told);
    if (closed || (due === undefined && round.kept.length === 0)) return;
    const untilDue = Math.max(LEAST_DELAY_MS, (due ?? Infinity) - store.now());
    const delay = soon ? 0 : Math.min(LOOK_EVERY_MS, untilDue);
    round.timer = setTimeout(() => void look(round).catch(() => undefined), delay).unref();
  }

  async function look(round: Round): Promise<void> {
    const { told } = round;
    if (told === undefined || closed) return;
    if (isDue(told) || round.kept.length > 0) {
      const stored = await readCurrent(store, stream, told.id);
      if (stored?.value.status !== "pending") return advance(round);
      const escalated = isDue(stored.value) ? await escalate(store, stream, stored) : undefined;
      if (round.told?.id !== told.id) return;
      if (escalated !== undefined) tell(escalated);
      // Where another process tells again, or somebody moved it, the next look sees what became of it.
      round.told = noteOf(escalated ?? stored.value);
    }
    schedule(round);
  }

  function isDue(told: Escalatable): boolean {
    const due = escalationAt(told);
    return due !== undefined && store.now() >= due;
  }

  /** Tells of the next one that waits still. */
  async function advance(round: Round): Promise<void> {
    if (round.told === undefined) return;
    byTold.delete(round.told.id);
    round.told = undefined;
    clearTimeout(round.timer);
    try {
      for (let id = round.kept.shift(); id !== undefined; id = round.kept.shift()) {
        if (closed) return;
        const stored = await readCurrent(store, stream, id);
        if (stored?.value.status === "pending") return show(round, stored.value);
      }
    } catch {
      // What was kept back still stands at the desk.
    }
    rounds.delete(round.key);
  }

  /** The end of a card that was answered elsewhere is news only when an equal call comes: most hold nothing that is still to do. */
  function forgetOldest(): void {
    for (const round of rounds.values()) {
      if (rounds.size <= REMEMBERED) return;
      const { kept, told } = round;
      if (kept.length > 0 || told === undefined || escalationAt(told) !== undefined) continue;
      byTold.delete(told.id);
      rounds.delete(round.key);
    }
  }

  return {
    opened(approval) {
      if (known.has(approval.id)) return;
      known.add(approval.id);
      for (const oldest of known) if (known.size > REMEMBERED) known.delete(oldest);
      const key = groupKey(approval);
      const round = rounds.get(key);
      if (round !== undefined) {
        round.kept.push(approval.id);
        return schedule(round, round.kept.length === 1);
      }
      const opened: Round = { key, told: undefined, kept: [] };
      rounds.set(key, opened);
      show(opened, approval);
      forgetOldest();
    },
    ended(id) {
      const round = byTold.get(id);
      if (round !== undefined) void advance(round);
    },
    close() {
      closed = true;
      for (const round of rounds.values()) clearTimeout(round.timer);
    },
  };
}

function noteOf({ id, status, openedAt, escalatedAt, terms }: Approval): Told {
  return { id, status, openedAt, terms, ...(escalatedAt === undefined ? {} : { escalatedAt }) };
}
