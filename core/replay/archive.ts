import type { Policy } from "../model/policy.ts";
import type { DecisionRecording } from "../model/recording.ts";
import { openRow } from "../store/envelope.ts";
import type { Store } from "../store/store.ts";
import type { Judges } from "./redecide.ts";

/** The policies that once decided, by digest. */
export interface PolicyShelf {
  /** Undefined where it was not archived, or where what is archived is not what its digest names. */
  find(digest: string): Promise<Policy | undefined>;
}

/** @param given policies of other engines, which cannot be made from their text. */
export function openShelf(store: Store, given: readonly Policy[] = []): PolicyShelf {
  const known = new Map<string, Promise<Policy | undefined>>(
    given.map((policy) => [policy.digest, Promise.resolve(policy)]),
  );
  return {
    find(digest) {
      const found = known.get(digest) ?? load(store, digest);
      known.set(digest, found);
      return found;
    },
  };
}

async function load(store: Store, digest: string): Promise<Policy | undefined> {
  const row = await store.get("policy", digest);
  if (row === undefined) return undefined;
  const { source } = openRow<{ readonly v: 1; readonly source?: unknown }>(row).value;
  // Loaded with the first policy: whoever replays nothing never pays for it.
  const { loadArchived } = await import("../policy/index.ts");
  try {
    const policy = typeof source === "string" ? loadArchived(source) : undefined;
    return policy?.digest === digest ? policy : undefined;
  } catch {
    return undefined;
  }
}

/** What decided a recorded call, with another policy in the place of the recorded one where one is given. */
export async function judgesOf(
  shelf: PolicyShelf,
  { narrowings = [], policy: inForce }: DecisionRecording,
  instead?: Policy,
): Promise<Judges | undefined> {
  const policy = instead ?? (await shelf.find(inForce));
  if (policy === undefined) return undefined;
  const added = await Promise.all(
    narrowings.map(async ({ policy: digest, space = `${digest}/`, ...limits }) => {
      const own = digest === undefined ? undefined : await shelf.find(digest);
      return { digest, narrowing: { ...limits, space, ...(own !== undefined && { policy: own }) } };
    }),
  );
  if (added.some(({ digest, narrowing }) => digest !== undefined && narrowing.policy === undefined)) return undefined;
  return { policy, narrowings: added.map(({ narrowing }) => narrowing) };
}
