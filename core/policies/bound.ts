import type { InForce } from "../enforce/context.ts";
import { LeashError, type PolicyInvalid } from "../errors.ts";
import { effectiveMode } from "../model/effect.ts";
import type { PolicyEvent, PolicyReload, PolicyWatch } from "../model/leash.ts";
import type { Policy } from "../model/policy.ts";
import { readOptions } from "../options.ts";
import type { Load, PolicyPath } from "./documents.ts";
import { holdFirst, type Holder, type HolderOptions } from "./holder.ts";
import { recordLoaded } from "./log.ts";
import { createPolicyReader, type Found, type PolicyReader } from "./reader.ts";
import { createTell, warn } from "./tell.ts";
import { awake, createTurns } from "./turns.ts";
import { type FileWatcher, watchFiles } from "./watch.ts";

export interface BindOptions extends Omit<HolderOptions, "origin" | "tell"> {
  readonly watch?: boolean | PolicyWatch | undefined;
  readonly onPolicy?: ((event: PolicyEvent) => unknown) | undefined;
}

/** A policy and what becomes of it while a leash runs. */
export interface BoundPolicy {
  /** What decides now: the same object until something else takes force. */
  readonly inForce: InForce;
  /** As `Leash.reload`. */
  reload(): Promise<PolicyReload>;
  /** Begins to watch the files, where the host asked for that. */
  watch(): void;
  close(): Promise<void>;
}

const TIMES: Required<PolicyWatch> = { settleMs: 300, intervalMs: 1_000 };
const LONGEST_MS = 3_600_000;

/** @throws {LeashError} `LEASH_CONFIG_INVALID`. */
export function readTimes(watch: boolean | PolicyWatch | undefined): Required<PolicyWatch> {
  const times = readOptions("watching the policy", typeof watch === "object" ? watch : {}, TIMES);
  for (const [name, value] of Object.entries(times)) {
    if (Number.isSafeInteger(value) && value > 0 && value <= LONGEST_MS) continue;
    throw new LeashError("LEASH_CONFIG_INVALID", `\`watch.${name}\` takes whole milliseconds, at most an hour.`);
  }
  return times;
}

/** A policy that has no file. */
export async function bindFixed(policy: Policy, { log, mode }: BindOptions): Promise<BoundPolicy> {
  await recordLoaded(log, policy);
  return {
    inForce: Object.freeze({ policy, mode: effectiveMode(mode, policy.mode) }),
    reload: () => Promise.resolve({ changed: false, digest: policy.digest }),
    watch: () => undefined,
    close: () => Promise.resolve(),
  };
}

/**
 * A policy whose file is read again. One reference is swapped, and only when the new policy was read in full, from files at
 * rest, and stands in the log. Whatever goes wrong leaves the last good one in force; where its file is gone, it denies.
 */
export async function bindFile(path: PolicyPath, load: Load, options: BindOptions): Promise<BoundPolicy> {
  const { settleMs, intervalMs } = readTimes(options.watch);
  const { origin } = path;
  const isWatching = options.watch !== undefined && options.watch !== false;
  const listener = options.onPolicy ?? ((event): void => (isWatching ? warn(origin, event) : undefined));
  const closing = new AbortController();
  const reader = createPolicyReader(path, load, { settleMs, signal: closing.signal });
  const first = await awake(reader.read({ believeTimes: true }));
  const holder = await holdFirst(first, { ...options, origin, tell: createTell(listener) });
  let watcher: FileWatcher | undefined;
  const look = createLook(reader, holder, {
    first,
    signal: closing.signal,
    onRead: () => watcher?.follow(reader.paths()),
  });
  return {
    get inForce() {
      return holder.inForce();
    },
    async reload() {
      const before = holder.inForce();
      await awake(look()).catch((error: unknown) => {
        throw closing.signal.aborted ? closed(error) : error;
      });
      const now = holder.inForce();
      return { changed: now !== before, digest: now.policy.digest };
    },
    watch() {
      if (!isWatching) return;
      const nudge = createNudge(look);
      watcher = watchFiles(intervalMs, nudge);
      watcher.follow(reader.paths());
      // What changed since the start has rung no bell.
      nudge();
    },
    async close() {
      closing.abort();
      watcher?.close();
      await look().catch(() => undefined);
    },
  };
}

/**
 * Looks at the files once and acts on what they say, one look at a time. What was said before is not acted on again, only
 * thrown again; what the store could not record is tried again.
 */
function createLook(
  reader: PolicyReader,
  holder: Holder,
  settings: { readonly first: Found; readonly signal: AbortSignal; readonly onRead: () => void },
): () => Promise<void> {
  const { signal, onRead } = settings;
  const inTurn = createTurns();
  let found = settings.first;
  let taken = { found, error: undefined as PolicyInvalid | undefined };
  return () =>
    inTurn(async () => {
      signal.throwIfAborted();
      if (await reader.changed()) {
        found = await reader.read();
        onRead();
      }
      if (found !== taken.found) taken = { found, error: await holder.take(found) };
      if (taken.error !== undefined) throw taken.error;
    });
}

/** Many wake-ups during a look are one more look. */
function createNudge(look: () => Promise<void>): () => void {
  let isLooking = false;
  let again = false;
  const nudge = (): void => {
    again = isLooking;
    if (isLooking) return;
    isLooking = true;
    void look()
      // Whoever must know of a failure was told.
      .catch(() => undefined)
      .finally(() => {
        isLooking = false;
        if (again) nudge();
      });
  };
  return nudge;
}

function closed(cause: unknown): LeashError {
  return new LeashError("LEASH_STORE_UNAVAILABLE", "The leash is closed: its policy is not read any more.", { cause });
}
