import {
  closeSync,
  fstatSync,
  linkSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { LeashError } from "../../errors.ts";
import { storeUnavailable } from "../../store/unavailable.ts";

/** A moment in which this process alone changes a file and those beside it. */
export interface Held {
  /** @throws {LeashError} `LEASH_STORE_UNAVAILABLE` where somebody took this process for gone meanwhile. */
  check(): void;
  release(): void;
}

const LOOK_EVERY_MS = 2;
const WAIT_MS = 4_000;
/** A lock of a process that cannot be asked for is believed for so long. */
const STALE_MS = 30_000;

/**
 * Takes the lock file, which names its process. One whose process is gone is taken over.
 * @throws {LeashError} `LEASH_STORE_UNAVAILABLE` after four seconds.
 */
export async function lockFile(path: string): Promise<Held> {
  const until = performance.now() + WAIT_MS;
  for (;;) {
    const inode = tryLock(path);
    if (inode !== undefined) return heldLock(path, inode);
    breakStale(path);
    if (performance.now() > until) {
      throw new LeashError(
        "LEASH_STORE_UNAVAILABLE",
        `The lock ${path} is held by another process for too long. Look for one that hangs or is stopped; nothing was written.`,
      );
    }
    await sleep(LOOK_EVERY_MS);
  }
}

function tryLock(path: string): number | undefined {
  try {
    const descriptor = openSync(path, "wx", 0o600);
    try {
      // All of it or an error: half a name is nobody's, and would be waited for until it is stale.
      writeFileSync(descriptor, `${process.pid} ${place()}\n`);
      return fstatSync(descriptor).ino;
    } catch (cause) {
      rmSync(path, { force: true });
      throw cause;
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (codeOf(error) === "EEXIST") return undefined;
    throw storeUnavailable(`The lock ${path} cannot be made`, error);
  }
}

function heldLock(path: string, inode: number): Held {
  const isOurs = (): boolean => statSync(path, { throwIfNoEntry: false })?.ino === inode;
  return {
    check() {
      if (isOurs()) return;
      throw new LeashError(
        "LEASH_STORE_UNAVAILABLE",
        `The lock ${path} was taken over, because this process held it for too long. Nothing was written; it is tried again.`,
      );
    },
    release() {
      if (isOurs()) rmSync(path, { force: true });
    },
  };
}

/** Moved aside before it is looked at again, so that of several that find it stale one removes it, and nobody a fresh one. */
function breakStale(path: string): void {
  const found = read(path);
  if (found === undefined || !isStale(path, found)) return;
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  // One that was taken in between is somebody's: it is put back, unless yet another one has come.
  if (read(aside) !== found) attempt(() => String(linkSync(aside, path)));
  rmSync(aside, { force: true });
}

function isStale(path: string, text: string): boolean {
  const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
  const [, pid, where] = /^(\d+) (.+)\n$/u.exec(text) ?? [];
  if (age > STALE_MS) return true;
  return pid !== undefined && where === place() && !isAlive(Number(pid));
}

let known: string | undefined;

/** A pid means something only within one boot of one machine and one process namespace. */
function place(): string {
  const parts = [
    () => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
    () => readlinkSync("/proc/self/ns/pid"),
  ];
  known ??= [hostname(), ...parts.map(attempt)].join("/");
  return known;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) !== "ESRCH";
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function attempt(work: () => string): string {
  try {
    return work();
  } catch {
    return "";
  }
}

function codeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}
