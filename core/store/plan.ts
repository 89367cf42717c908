import { type Head, linkText } from "./chain.ts";
import { COMMITTED, type CommitRequest, type PreparedChange } from "./request.ts";
import type { CommitResult } from "./store.ts";

/** What a store holds, as far as a batch of commits asks. */
export interface PlanBase {
  /** The version of a row, 0 when it is absent. */
  version(row: PreparedChange): number;
  /** Where a stream ends. */
  head(stream: string): Head;
}

/** What a batch of commits will change, worked out and not yet done. */
export interface Plan {
  readonly results: readonly CommitResult[];
  /** The last accepted change of each row: what the row will be. */
  readonly changes: readonly PreparedChange[];
  /** New lines, each with the head of its stream behind it. */
  readonly lines: readonly { readonly stream: string; readonly line: string; readonly head: Head }[];
}

/**
 * Works out one commit alone; it names each row once.
 * @param time date of the lines, epoch milliseconds.
 */
export function planCommit(base: PlanBase, { changes, records, stream }: CommitRequest, time: number): Plan {
  for (const change of changes) {
    if (base.version(change) === change.expect) continue;
    return { results: [{ ok: false, conflict: change.source }], changes: [], lines: [] };
  }
  const lines: Plan["lines"][number][] = [];
  for (const text of records) {
    const { head, line } = linkText(stream, lines.at(-1)?.head ?? base.head(stream), time, text);
    lines.push({ stream, line, head });
  }
  return { results: ACCEPTED, changes, lines };
}

const ACCEPTED: Plan["results"] = [COMMITTED];

/** Works out commits in order: each sees those before it, one whose expectations do not hold refuses only itself. */
export function planCommits(base: PlanBase, requests: readonly CommitRequest[], time: number): Plan {
  const changes = new Map<string, PreparedChange>();
  const heads = new Map<string, Head>();
  const seen: PlanBase = {
    version(row) {
      const earlier = changes.get(row.key);
      if (earlier === undefined) return base.version(row);
      return earlier.body === null ? 0 : earlier.expect + 1;
    },
    head: (stream) => heads.get(stream) ?? base.head(stream),
  };
  const planned = requests.map((request) => {
    const one = planCommit(seen, request, time);
    for (const change of one.changes) changes.set(change.key, change);
    for (const { head, stream } of one.lines) heads.set(stream, head);
    return one;
  });
  return {
    results: planned.flatMap(({ results }) => results),
    changes: [...changes.values()],
    lines: planned.flatMap(({ lines }) => lines),
  };
}
