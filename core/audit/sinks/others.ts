import type { Sink } from "../../model/sink.ts";
import type { Store } from "../../store/store.ts";
import { type Cursors, type Place, SENDER_LEASE_MS } from "./cursor.ts";
import { nextPage } from "./page.ts";

/** Streams that other writers began: of processes that are gone, and of those that send nothing themselves. */
export interface Others {
  /** Sends what nobody else sends. `between` is called after every send, for what is more urgent. */
  send(between: () => Promise<void>): Promise<void>;
}

/** A stream that had nothing new n times in a row is passed over 2^n - 1 times, up to this. */
const MOST_PASSED_OVER = 63;

interface Rest {
  readonly rounds: number;
  readonly left: number;
}

export function createOthers(sink: Sink, store: Store, own: string, cursors: Cursors): Others {
  const rests = new Map<string, Rest>();
  const asked = new Set<string>();

  /** What the sink itself says comes first, but it is asked only once unless there is something to send. */
  async function placeOf(place: Place): Promise<Place> {
    const isNew = !asked.has(place.stream) || (await store.lines(place.stream, place.next, 1)).length > 0;
    if (!isNew) return place;
    const next = (await sink.next?.(place.stream)) ?? place.next;
    asked.add(place.stream);
    return { ...place, next };
  }

  /** True where there was something to send. */
  async function sendOne(stream: string, between: () => Promise<void>): Promise<boolean> {
    const found = await cursors.open(stream, false);
    if (found === undefined) return true;
    const place = await placeOf(found);
    let page = await nextPage(store, stream, place.next);
    if (page.length === 0) return false;
    if (!(await cursors.save(place, SENDER_LEASE_MS))) return true;
    while (page.length > 0) {
      await sink.accept(page);
      place.next += page.length;
      if (!(await cursors.save(place, SENDER_LEASE_MS))) return true;
      await between();
      page = await nextPage(store, stream, place.next);
    }
    await cursors.save(place, 0);
    return true;
  }

  return {
    async send(between) {
      for (const stream of await store.streams()) {
        if (stream === own) continue;
        const rest = rests.get(stream) ?? { rounds: 0, left: 0 };
        if (rest.left > 0) {
          rests.set(stream, { ...rest, left: rest.left - 1 });
          continue;
        }
        const wasBusy = await sendOne(stream, between).catch((error: unknown) => {
          asked.delete(stream);
          throw error;
        });
        const rounds = wasBusy ? 0 : Math.min(rest.rounds + 1, 6);
        rests.set(stream, { rounds, left: Math.min(2 ** rounds - 1, MOST_PASSED_OVER) });
      }
    },
  };
}
