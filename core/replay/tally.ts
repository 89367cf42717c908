import {
  type Flip,
  type FlipCount,
  FLIPS,
  type NotReplayable,
  type ReplayedCall,
  type ReplaySummary,
} from "../model/replay.ts";

type Flipped = ReplaySummary["flips"][number];
type Counts = Map<string, Map<Flip, number>>;

/** Adds up what came of calls. */
export interface Tally {
  add(call: ReplayedCall): void;
  summary(): ReplaySummary;
}

export function createTally(): Tally {
  const results = new Map<ReplayedCall["result"], number>();
  const reasons = new Map<NotReplayable, number>();
  const missing = new Map<string, number>();
  const flips: Flipped[] = [];
  return {
    add(call) {
      increase(results, call.result);
      if (call.result === "not_replayable") increase(reasons, call.why);
      if (call.result === "unknown") for (const fact of call.missing) increase(missing, fact);
      // Written out: the compiler does not carry the narrower member over.
      if (call.result === "differs" && call.flip !== null) flips.push({ ...call, flip: call.flip });
    },
    summary() {
      const of = (result: ReplayedCall["result"]): number => results.get(result) ?? 0;
      const [same, differs, unknown] = [of("same"), of("differs"), of("unknown")];
      const sorted = flips.toSorted((a, b) => FLIPS.indexOf(a.flip) - FLIPS.indexOf(b.flip) || a.at - b.at);
      return {
        decisions: [...results.values()].reduce((sum, count) => sum + count, 0),
        replayed: same + differs + unknown,
        same,
        differs,
        unknown,
        tampered: of("tampered"),
        notReplayable: Object.fromEntries(reasons),
        flips: sorted,
        flipsByKind: Object.fromEntries(countBy(sorted, () => "").get("") ?? []),
        byRule: listed(countBy(sorted, ({ now, was }) => now.rule ?? was.rule ?? "(none)")),
        byTool: listed(countBy(sorted, ({ tool }) => tool)),
        missing: Object.fromEntries(missing),
      };
    },
  };
}

function increase<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function countBy(flips: readonly Flipped[], nameOf: (flipped: Flipped) => string): Counts {
  const counts: Counts = new Map();
  for (const flipped of flips) {
    const name = nameOf(flipped);
    const own = counts.get(name) ?? new Map<Flip, number>();
    counts.set(name, own);
    increase(own, flipped.flip);
  }
  return counts;
}

/** Those with the most first. */
function listed(counts: Counts): readonly FlipCount[] {
  const total = (flips: ReadonlyMap<Flip, number>): number =>
    [...flips.values()].reduce((sum, count) => sum + count, 0);
  return [...counts]
    .toSorted(([, a], [, b]) => total(b) - total(a))
    .map(([name, flips]) => ({ name, flips: Object.fromEntries(flips) }));
}
