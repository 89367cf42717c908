import { LeashError } from "../../errors.ts";
import type { SinkLine } from "../../model/sink.ts";
import type { Store } from "../../store/store.ts";

/** What one send holds at most; a single longer line goes alone. */
const MOST_LINES = 500;
const MOST_CHARACTERS = 1_048_576;

/**
 * The next lines of a stream, as many as one send takes. None: the stream ends here.
 * @throws {LeashError} `LEASH_LOG_INVALID` where a line is missing: what is sent has no holes.
 */
export async function nextPage(store: Store, stream: string, from: number): Promise<readonly SinkLine[]> {
  const stored = await store.lines(stream, from, MOST_LINES);
  const page: SinkLine[] = [];
  let characters = 0;
  for (const { line, seq } of stored) {
    if (seq !== from + page.length) {
      throw new LeashError(
        "LEASH_LOG_INVALID",
        `The stored log lacks line ${from + page.length} of stream ${JSON.stringify(stream)}, so nothing behind it is sent. Run \`leash log verify\`.`,
      );
    }
    characters += line.length;
    if (characters > MOST_CHARACTERS && page.length > 0) break;
    page.push({ stream, seq, line });
  }
  return page;
}
