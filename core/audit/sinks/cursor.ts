import { openRow, toBody } from "../../store/envelope.ts";
import type { Store } from "../../store/store.ts";

/** How long a process that sends a stream is believed to go on doing so. Milliseconds. */
export const SENDER_LEASE_MS = 30_000;

/** How far a stream was sent to a sink, and which leash sends it. Row of kind `sink`, `<sink>/<stream>`. */
interface Cursor {
  readonly v: 1;
  readonly next: number;
  readonly sender: string;
  readonly leaseUntil: number;
}

/** This leash's notes on one stream and one sink. */
export interface Place {
  readonly stream: string;
  next: number;
  version: number;
}

/** The rows of one sink, as one sender writes them. */
export interface Cursors {
  /** Where to go on; undefined while another sender's lease holds. `own`: whatever the lease says, for nobody else writes the stream. */
  open(stream: string, own: boolean): Promise<Place | undefined>;
  /** Notes how far it is, for `leaseMs` from now on. False where another sender came between; nothing is written then. */
  save(place: Place, leaseMs: number): Promise<boolean>;
}

export function createCursors(store: Store, sink: string, sender: string): Cursors {
  const idOf = (stream: string): string => `${sink}/${stream}`;
  return {
    async open(stream, own) {
      const row = await store.get("sink", idOf(stream));
      if (row === undefined) return { stream, next: 0, version: 0 };
      const { value, version } = openRow<Cursor>(row);
      const isTaken = value.sender !== sender && value.leaseUntil > store.now();
      return isTaken && !own ? undefined : { stream, next: value.next, version };
    },
    async save(place, leaseMs) {
      const body: Cursor = { v: 1, next: place.next, sender, leaseUntil: store.now() + leaseMs };
      const id = idOf(place.stream);
      const { ok } = await store.commit([{ kind: "sink", id, expect: place.version, by: sink, body: toBody(body) }]);
      if (ok) place.version += 1;
      return ok;
    },
  };
}
