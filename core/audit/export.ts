import type { LogLine, Store } from "../store/store.ts";

const PAGE = 1_000;

/**
 * The whole log as JSONL, stream by stream: each item is one line without its line feed, byte for byte as it was hashed.
 * `verifyJsonl` checks the file made of them.
 * @throws {LeashError} `LEASH_STORE_UNAVAILABLE` when the store cannot be read; what was yielded before is then not the whole log.
 * @example for await (const line of exportLog(store)) file.write(`${line}\n`);
 */
export async function* exportLog(store: Store): AsyncGenerator<string> {
  for (const stream of await store.streams()) {
    for await (const { line } of readLines(store, stream)) yield line;
  }
}

/** The lines of one stream as stored, in order. @param from The first. @param to Where to stop, exclusive. */
export async function* readLines(store: Store, stream: string, from = 0, to = Infinity): AsyncGenerator<LogLine> {
  for await (const page of readPages(store, stream, from, to)) yield* page;
}

/** The same a page at a time: to wait for each of a million lines would cost more than to check it. */
export async function* readPages(
  store: Store,
  stream: string,
  from = 0,
  to = Infinity,
): AsyncGenerator<readonly LogLine[]> {
  for (let next = from; next < to;) {
    const page = await store.lines(stream, next, Math.min(PAGE, to - next));
    yield page;
    const last = page.at(-1);
    // A page that does not lead on would be read for ever; whoever verifies sees the row that is out of order.
    if (last === undefined || last.seq < next) return;
    next = last.seq + 1;
  }
}
