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
 * Works out commits in order: each sees those before it, one whose expectations do not hold refuses only itself.
 * @param time date of the lines, epoch milliseconds.
 */
export function planCommits(base: PlanBase, requests: readonly CommitRequest[], time: number): Plan {
  const changes = new Map<string, PreparedChange>();
  const heads = new Map<string, Head>();
  const lines: Plan["lines"][number][] = [];
  const versionOf = (change: PreparedChange): number => {
    const earlier = changes.get(change.key);
    if (earlier === undefined) return base.version(change);
    return earlier.body === null ? 0 : earlier.expect + 1;
  };
  const results = requests.map((request): CommitResult => {
    const conflict = request.changes.find((change) => versionOf(change) !== change.expect);
    if (conflict !== undefined) return { ok: false, conflict: conflict.source };
    for (const change of request.changes) changes.set(change.key, change);
    for (const text of request.records) {
      const { stream } = request;
      const linked = linkText(stream, heads.get(stream) ?? base.head(stream), time, text);
      heads.set(stream, linked.head);
      lines.push({ stream, ...linked });
    }
    return COMMITTED;
  });
  return { results, changes: [...changes.values()], lines };
}
