import { LeashError } from "../errors.ts";
import type { JournalEntry, Owner } from "../model/journal.ts";
import { openRow, toBody } from "../store/envelope.ts";
import type { Store } from "../store/store.ts";
import type { Retention } from "../store/sweep.ts";
import { isGone } from "./owner.ts";

/** How long a process that stops renewing is still believed to be running its calls. Milliseconds. */
export const LEASE_MS = 30_000;

/** What processes leave behind that did not withdraw their lease: one that is over is the same as none. */
export const LEASE_RETENTION: Retention = { kind: "instance" };

interface Lease {
  readonly v: 1;
  readonly owner: Owner;
  readonly leaseUntil: number;
}

/** Tells others that this process lives, and tells whether another one does. */
export interface Presence {
  readonly owner: Owner;
  /** Marks a call as running here; makes sure a lease covers its start. Gives the lease's term, for `isKept`. */
  enter(journalId: string): number | Promise<number>;
  leave(journalId: string): void;
  /** False where the lease has run out since that term: others may have taken this process for dead meanwhile. */
  isKept(term: number): boolean;
  /** True while the entry's owner may still be running it. */
  isRunning(journalId: string, entry: JournalEntry): Promise<boolean>;
  /** Waits for running calls, `waitMs` milliseconds at most, then withdraws the lease unless some still run. */
  close(waitMs: number): Promise<void>;
}

export function createPresence(store: Store, owner: Owner): Presence {
  // Counted: several attempts at one call race for its row, and the losers leave while the winner runs.
  const running = new Map<string, number>();
  /** Counts on when the lease may have run out before it was written again. */
  let term = 0;
  let lease = { version: 0, until: 0 };
  let renewal: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  const waiting: (() => void)[] = [];

  async function write(version: number): Promise<boolean> {
    const until = store.now() + LEASE_MS;
    const body: Lease = { v: 1, owner, leaseUntil: until };
    const result = await store.commit([
      { kind: "instance", id: owner.instance, expect: version, body: toBody(body), dueAt: until },
    ]);
    if (!result.ok) return false;
    // By the time of the answer: the message may have taken so long that others found the old lease run out.
    if (store.now() >= lease.until) term += 1;
    lease = { version: version + 1, until };
    return true;
  }

  /** An earlier write may have arrived though its answer was lost: then the row is ours at another version. */
  async function writeAnyway(): Promise<void> {
    if (await write(lease.version)) return;
    const row = await store.get("instance", owner.instance);
    const ours = row === undefined || openRow<Lease>(row).value.owner.pid === owner.pid;
    if (ours && (await write(row?.version ?? 0))) return;
    throw new LeashError("LEASH_STORE_UNAVAILABLE", "Another process writes this process's lease. Nothing was run.");
  }

  function renew(): Promise<void> {
    renewal ??= writeAnyway().finally(() => {
      renewal = undefined;
    });
    return renewal;
  }

  function keepRenewing(): void {
    timer ??= setInterval(() => {
      // A missed renewal only lets others treat these calls as lapsed, which is the safe side; the next tick tries again.
      if (running.size > 0) renew().catch(() => undefined);
    }, LEASE_MS / 3).unref();
  }

  /** Resolves when nothing runs here any more, or the time is up. */
  function idle(waitMs: number): Promise<void> {
    if (running.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const limit = setTimeout(resolve, waitMs);
      waiting.push(() => {
        clearTimeout(limit);
        resolve();
      });
    });
  }

  return {
    owner,
    enter(id) {
      const begin = (): number => {
        running.set(id, (running.get(id) ?? 0) + 1);
        keepRenewing();
        return term;
      };
      // Not awaited where the lease stands, as it nearly always does.
      return lease.until - store.now() < LEASE_MS / 2 ? renew().then(begin) : begin();
    },
    leave(id) {
      const left = (running.get(id) ?? 0) - 1;
      if (left > 0) running.set(id, left);
      else running.delete(id);
      if (running.size === 0) for (const wake of waiting.splice(0)) wake();
    },
    isKept: (since) => since === term && store.now() < lease.until,
    async isRunning(id, entry) {
      if (entry.owner === null) return false;
      if (entry.owner.instance === owner.instance) return running.has(id);
      if (isGone(entry.owner)) return false;
      // As of the question: by the time of the answer the lease that it tells of may have been renewed.
      const asked = store.now();
      const row = await store.get("instance", entry.owner.instance);
      return row !== undefined && openRow<Lease>(row).value.leaseUntil > asked;
    },
    async close(waitMs) {
      await idle(waitMs);
      // Calls that still run keep their lease renewed: others must not take them for lost.
      if (running.size > 0) return;
      clearInterval(timer);
      timer = undefined;
      const { version } = lease;
      // A call that is still held may start later: it needs a lease again, as the first one did.
      lease = { version: 0, until: 0 };
      if (version === 0) return;
      const gone = { kind: "instance", id: owner.instance, expect: version, body: null } as const;
      // A lease that cannot be withdrawn runs out by itself.
      await store.commit([gone]).catch(() => undefined);
    },
  };
}
