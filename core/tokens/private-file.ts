import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { LeashError } from "../errors.ts";
import type { Random } from "../model/runtime.ts";

/** Windows has no such modes: there the folder's access list guards the file. */
const HAS_MODES = process.platform !== "win32";
const FILE_SIZE_AT_MOST = 1_048_576;

/**
 * Refuses a folder that others than this user may enter: who can write there can put keys there.
 * @throws {LeashError} `LEASH_CONFIG_INVALID`.
 */
export function requirePrivateFolder(folder: string): void {
  const status = statSync(folder);
  if (!status.isDirectory()) throw invalidKeyStore(folder, "is not a folder. Name another one");
  requireOwn(folder, status);
  if (HAS_MODES && (status.mode & 0o077) !== 0) {
    throw invalidKeyStore(
      folder,
      "is open to other users. Run chmod 700 on it, and replace its keys if others may have read them",
    );
  }
}

/** Whoever owns a file reads and writes it, whatever its mode says: that of another user is open to that user. */
function requireOwn(path: string, { uid }: Stats): void {
  if (!HAS_MODES || uid === process.geteuid?.()) return;
  throw invalidKeyStore(path, "belongs to another user. Run as that user, or name a folder of your own");
}

/** Differs after every change of a file; undefined where there is none. */
export function stampOf(path: string): string | undefined {
  try {
    const status = statSync(path, { bigint: true, throwIfNoEntry: false });
    return status && [status.dev, status.ino, status.size, status.mtimeNs, status.ctimeNs].join(" ");
  } catch (cause) {
    throw invalidKeyStore(path, "cannot be read", cause);
  }
}

/** @throws {LeashError} `LEASH_CONFIG_INVALID` when others own or may read the file, or when it is too large or no file. */
export function readPrivateText(path: string): string {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    // Of the open file, not of the name: what is checked is what is read.
    const status = fstatSync(file);
    if (!status.isFile() || status.size > FILE_SIZE_AT_MOST) throw invalidKeyStore(path, "is not a key file");
    requireOwn(path, status);
    if (HAS_MODES && (status.mode & 0o077) !== 0) {
      throw invalidKeyStore(
        path,
        "is open to other users. Run chmod 600 on it, and replace its keys if others may have read them",
      );
    }
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw cause instanceof LeashError ? cause : invalidKeyStore(path, "cannot be read", cause);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/**
 * Writes a file that was not there. It appears at once and whole, and never in the place of another.
 * @returns false where the name is taken.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` when the folder cannot be written.
 */
export function createPrivateFile(path: string, text: string, random: Random): boolean {
  // A hard link, unlike a rename, fails when the name is taken.
  return place(path, text, random, linkSync);
}

/**
 * Writes a file in the place of the one that is there: whoever reads finds the old one or the new one, both whole.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` when the folder cannot be written; the old file stays.
 */
export function replacePrivateFile(path: string, text: string, random: Random): void {
  place(path, text, random, renameSync);
}

function place(path: string, text: string, random: Random, move: (from: string, to: string) => void): boolean {
  const temporary = `${path}.${process.pid}.${Buffer.from(random(8)).toString("hex")}.tmp`;
  try {
    writeDurably(temporary, text);
    if (!moveUnlessTaken(temporary, path, move)) return false;
    syncFolder(dirname(path));
    return true;
  } catch (cause) {
    throw invalidKeyStore(path, "cannot be written. Check that the folder exists and is yours to write", cause);
  } finally {
    rmSync(temporary, { force: true, recursive: true });
  }
}

function moveUnlessTaken(from: string, to: string, move: (from: string, to: string) => void): boolean {
  try {
    move(from, to);
    return true;
  } catch (cause) {
    if (isFileError(cause, "EEXIST")) return false;
    throw cause;
  }
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, "wx", 0o600);
  try {
    // All of it or an error: one write alone may stop where the disk is full, and half a key file would take the place of a whole one.
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes the new name itself survive a power cut. Windows cannot open folders, and does not need it. */
function syncFolder(folder: string): void {
  if (!HAS_MODES) return;
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** True for the error that the file system gives this code, such as `EEXIST`. */
export function isFileError(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

/** `LEASH_CONFIG_INVALID` with a problem that continues "The key store …". */
export function invalidKeyStore(path: string, problem: string, cause?: unknown): LeashError {
  return new LeashError("LEASH_CONFIG_INVALID", `The key store ${JSON.stringify(path)} ${problem}.`, { cause });
}
