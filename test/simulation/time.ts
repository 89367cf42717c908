import { createHeap, type Ordered } from "./heap.ts";

/** A simulated process, as time knows it: what belongs to a dead one does not happen. */
export interface Owner {
  readonly alive: boolean;
}

/** Virtual time: nothing happens but what was put on it, one event after the other. */
export interface Time {
  /** Milliseconds since the start; never runs backwards. */
  now(): number;
  /** Whose event is going on; null for nobody's, undefined between two events. */
  current(): Owner | null | undefined;
  /**
   * Puts an event on the time line. What it starts (timers, store calls) belongs to its owner.
   * @param outlives true where it happens though its owner has died.
   * @returns what takes it off again.
   */
  after(ms: number, owner: Owner | null, work: () => unknown, outlives?: boolean): () => void;
  /** Lets the next event happen with everything that follows from it at once. False where there is none before `end`. */
  step(end: number): Promise<boolean>;
}

interface Event extends Ordered {
  readonly owner: Owner | null;
  readonly outlives: boolean;
  readonly work: () => unknown;
  isCancelled: boolean;
}

// Taken before anything is replaced: the turn of the real event loop is what tells that all promises have run.
const realImmediate = globalThis.setImmediate;
const allPromisesRan = (): Promise<void> => new Promise((resolve) => realImmediate(resolve));

export function createTime(): Time {
  const events = createHeap<Event>();
  let now = 0;
  let order = 0;
  let current: Owner | null | undefined;
  return {
    now: () => now,
    current: () => current,
    after(ms, owner, work, outlives = false) {
      const event: Event = { at: now + ms, order: (order += 1), owner, outlives, work, isCancelled: false };
      events.push(event);
      return () => {
        event.isCancelled = true;
      };
    },
    async step(end) {
      const event = events.pop();
      if (event === undefined) return false;
      if (event.at > end) {
        events.push(event);
        return false;
      }
      if (event.isCancelled || (event.owner?.alive === false && !event.outlives)) return true;
      now = event.at;
      current = event.owner;
      event.work();
      await allPromisesRan();
      current = undefined;
      return true;
    },
  };
}
