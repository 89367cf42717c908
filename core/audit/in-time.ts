import { compareUtf8 } from "../store/order.ts";
import type { LogLine, Store } from "../store/store.ts";

/** Lines held at once over all streams, and of each stream at least and at most. */
const HELD = 16_000;
const LEAST = 8;
const MOST = 1_000;

/** A line that was read, and so has a time. */
type Timed = LogLine & { readonly record: { readonly ts: string } };

/** One stream on the way through it: its next line, and those behind that which are at hand. */
interface Cursor<Entry> {
  readonly next: Entry;
  readonly page: readonly LogLine[];
  /** Where the line behind the next one stands in the page. */
  readonly rest: number;
}

/**
 * The lines of all streams in the order of their time; those of one time by the names of their streams. Each stream stays in its
 * own order, whatever its lines say.
 *
 * No more is held than some 16,000 lines, or 8 of each stream: of a stream that is over, or has not begun, it is one line at most.
 */
export async function* readInTime<Entry extends Timed>(
  store: Store,
  read: (line: LogLine) => Entry,
): AsyncGenerator<Entry> {
  const streams = await store.streams();
  const size = Math.max(LEAST, Math.min(MOST, Math.floor(HELD / streams.length)));
  const cursors: Cursor<Entry>[] = [];
  const open = async (stream: string, from: number, limit: number): Promise<void> => {
    const page = await store.lines(stream, from, limit);
    const [first, last] = [page[0], page.at(-1)];
    // A page that does not lead on would be read for ever.
    if (first !== undefined && last !== undefined && last.seq >= from)
      insert(cursors, { next: read(first), page, rest: 1 });
  };
  for (const stream of streams) await open(stream, 0, 1);
  for (let current = cursors.pop(); current !== undefined; current = cursors.pop()) {
    const { next, page, rest } = current;
    yield next;
    const behind = page[rest];
    if (behind === undefined) await open(next.stream, next.seq + 1, size);
    else insert(cursors, { next: read(behind), page, rest: rest + 1 });
  }
}

/** The first one is kept last, where it is taken without moving the others. */
function insert<Entry extends Timed>(cursors: Cursor<Entry>[], cursor: Cursor<Entry>): void {
  let [low, high] = [0, cursors.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = cursors[middle];
    if (other !== undefined && isBefore(cursor.next, other.next)) low = middle + 1;
    else high = middle;
  }
  cursors.splice(low, 0, cursor);
}

function isBefore(one: Timed, other: Timed): boolean {
  if (one.record.ts !== other.record.ts) return one.record.ts < other.record.ts;
  return compareUtf8(one.stream, other.stream) < 0;
}
