import { spawnSync } from "node:child_process";
import { chmodSync, closeSync, mkdtempSync, openSync, readdirSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A small file system of its own, that a test may fill and take the right to write from. */
export interface SmallDisk {
  readonly folder: string;
  /** Leaves no room for another byte. */
  fill(): void;
  /** Makes room again. */
  free(): void;
  /** Nobody may write any more, the superuser included. Nothing must be open on it. */
  forbidWriting(): void;
  allowWriting(): void;
  remove(): void;
}

/** A disk, or why there is none: to mount one takes rights that not every machine gives. */
export type Mounted = { readonly disk: SmallDisk } | { readonly reason: string };

const SIZE = "2m";

/** Mounts a file system in memory. */
export function mountSmallDisk(): Mounted {
  if (process.platform !== "linux") return { reason: "a file system in memory is mounted on Linux only" };
  const folder = mkdtempSync(join(tmpdir(), "leashkit-disk-"));
  const problem = run("mount", ["-t", "tmpfs", "-o", `size=${SIZE},mode=0700`, "tmpfs", folder]);
  if (problem !== undefined) {
    rmSync(folder, { recursive: true, force: true });
    return { reason: `a file system cannot be mounted here (${problem})` };
  }
  const remount = (option: string): void => {
    const failed = run("mount", ["-o", `remount,${option}`, folder]);
    if (failed !== undefined) throw new Error(`The small disk cannot be mounted as ${option}: ${failed}`);
  };
  const filler = join(folder, "filler");
  return {
    disk: {
      folder,
      fill: () => fill(filler),
      free: () => rmSync(filler, { force: true }),
      forbidWriting: () => remount("ro"),
      allowWriting: () => remount("rw"),
      remove() {
        run("umount", ["-l", folder]);
        rmSync(folder, { recursive: true, force: true });
      },
    },
  };
}

/** What went wrong, in the program's own words; undefined where nothing did. */
function run(program: string, parameters: readonly string[]): string | undefined {
  const { error, status, stderr } = spawnSync(program, parameters, { encoding: "utf8" });
  if (error !== undefined) return error.message;
  return status === 0 ? undefined : stderr.trim() || `exit code ${status}`;
}

function fill(file: string): void {
  const descriptor = openSync(file, "a");
  try {
    // The last bytes one by one: a page that is half free is room for somebody.
    for (let block = Buffer.alloc(65_536); block.length > 0;) {
      try {
        writeSync(descriptor, block);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
        block = block.subarray(0, Math.floor(block.length / 2));
      }
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Takes the right to write from a folder and all in it, or gives it back. Means nothing to the superuser. */
export function setWritable(folder: string, isWritable: boolean): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) setWritable(path, isWritable);
    else chmodSync(path, isWritable ? 0o600 : 0o400);
  }
  chmodSync(folder, isWritable ? 0o700 : 0o500);
}
