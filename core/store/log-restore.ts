import { hashOf, type Head } from "./chain.ts";
import { apply, headOf, type MemoryState } from "./memory-state.ts";
import { storeUnavailable } from "./unavailable.ts";

/**
 * Puts the lines of an earlier process back, so that its streams are continued, and gives the latest time in them (epoch
 * milliseconds, 0 without lines). It demands that each line follows the one before it; the hashes themselves are
 * recomputed by whoever verifies the log.
 *
 * @throws {LeashError} `LEASH_STORE_UNAVAILABLE` with the number of the first line that does not follow.
 */
export function restoreLines(state: MemoryState, lines: readonly string[]): number {
  let latest = 0;
  lines.forEach((line, index) => {
    const { stream, ts, head } = readLine(line, index, state);
    apply(state, { changes: [], lines: [{ stream, line, head }] });
    latest = Math.max(latest, ts);
  });
  return latest;
}

function readLine(line: string, index: number, state: MemoryState): { stream: string; ts: number; head: Head } {
  const members = membersOf(line);
  const { v, stream, seq, prev } = members;
  const ts = Date.parse(String(members["ts"]));
  const hash = hashOf(line);
  if (v !== 1 || typeof stream !== "string" || hash === undefined || Number.isNaN(ts)) {
    throw storeUnavailable(`The log cannot be continued, because its line ${index + 1} is not a line of version 1`);
  }
  const before = headOf(state, stream);
  if (seq !== before.seq || prev !== before.hash) {
    throw storeUnavailable(
      `The log cannot be continued, because its line ${index + 1} does not follow the one before it`,
    );
  }
  return { stream, ts, head: { seq: before.seq + 1, hash } };
}

function membersOf(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
