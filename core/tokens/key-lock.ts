import { readFileSync, rmSync } from "node:fs";
import type { Random } from "../model/runtime.ts";
import { createPrivateFile, invalidKeyStore, isFileError } from "./private-file.ts";

/** Milliseconds. Who holds a lock does nothing but write one small file: after this long with the same holder, it has died. */
const DEAD_AFTER_MS = 10_000;
const PAUSE_MS = 20;

/**
 * Runs while no other process does so under the same lock. The lock is a file beside the one that it guards, with the name of its
 * holder; that of a holder who died is taken away.
 *
 * @param run Gets a question to ask right before the change: whether the lock is still held.
 * @param deadAfterMs After twice as long, somebody who waits has taken a dead holder's lock away, unless they died over that, too.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` when the lock cannot be made, or cannot be taken away from who died.
 */
export function underLock<T>(
  guarded: string,
  random: Random,
  run: (isHeld: () => boolean) => T,
  deadAfterMs: number = DEAD_AFTER_MS,
): T {
  const path = `${guarded}.lock`;
  const own = Buffer.from(random(16)).toString("hex");
  const waitedFor = stopwatch();
  while (!createPrivateFile(path, own, random)) {
    const holder = holderOf(path);
    const waited = holder === undefined ? 0 : waitedFor(holder);
    if (waited > 2 * deadAfterMs) {
      throw invalidKeyStore(
        path,
        "is held by a process that has died. Remove it, and the files whose names begin like it",
      );
    }
    if (holder !== undefined && waited > deadAfterMs) takeAway(path, holder, random);
    pause();
  }
  try {
    return run(() => holderOf(path) === own);
  } finally {
    if (holderOf(path) === own) rmSync(path, { force: true });
  }
}

/** How long this process has seen the same holder: its own time, so that no two clocks are compared. */
function stopwatch(): (holder: string) => number {
  let seen = { holder: "", since: 0 };
  return (holder) => {
    if (holder !== seen.holder) seen = { holder, since: performance.now() };
    return performance.now() - seen.since;
  };
}

/**
 * Of those who wait, one takes a dead holder's lock away: under a lock that names the dead one, and only where the lock is still
 * that one's. So nobody takes away the lock of who came after.
 */
function takeAway(path: string, holder: string, random: Random): void {
  const claim = `${path}.${holder}`;
  if (!createPrivateFile(claim, holder, random)) return;
  try {
    if (holderOf(path) === holder) rmSync(path, { force: true });
  } finally {
    rmSync(claim, { force: true });
  }
}

/** Undefined where nobody holds the lock, or no longer. */
function holderOf(path: string): string | undefined {
  try {
    const holder = readFileSync(path, "utf8");
    return /^[0-9a-f]{32}$/u.test(holder) ? holder : "unknown";
  } catch (cause) {
    if (isFileError(cause, "ENOENT")) return undefined;
    throw invalidKeyStore(path, "cannot be read", cause);
  }
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
}
