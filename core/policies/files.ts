import { constants, type BigIntStats } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { sha256Hex } from "../digest.ts";
import { PolicyInvalid } from "../errors.ts";

/** A file as it was at one moment. `stamp` tells two states apart without reading them. */
export type FileState =
  | { readonly kind: "read"; readonly stamp: string; readonly changedAt: number; readonly bytes: Uint8Array }
  /** It changed while it was read: what was read may be of no one state. */
  | { readonly kind: "torn" }
  | {
      readonly kind: "missing" | "unreadable";
      readonly stamp: string;
      readonly problem: string;
      readonly cause: unknown;
    };

/** The files of one policy by their absolute paths. */
export type Files = ReadonlyMap<string, FileState>;

export interface Settling {
  /** How long all files together must stay as they are before they are used. Milliseconds. */
  readonly settleMs: number;
  /** Ends the wait. */
  readonly signal: AbortSignal;
  /** Takes the file system's word for what has rested long enough, so that a start need not wait. */
  readonly believeTimes?: boolean;
}

const MOST_BYTES = 8 * 1_048_576;
const MOST_ROUNDS = 100;

/**
 * Reads files that somebody may be writing: two readings `settleMs` apart must give the same, of all of them.
 * @throws {PolicyInvalid} when they do not come to rest.
 */
export async function readSettled(paths: readonly string[], settling: Settling): Promise<Files> {
  const { settleMs, signal, believeTimes = false } = settling;
  let before = await readAll(paths);
  if (believeTimes && [...before.values()].every((file) => hasRested(file, settleMs))) return before;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    await sleep(settleMs, undefined, { ref: false, signal });
    const after = await readAll(paths);
    if (paths.every((path) => isSame(before.get(path), after.get(path)))) return after;
    before = after;
  }
  throw unreadable(paths[0] ?? "policy", "the file does not come to rest: somebody keeps changing it");
}

/** What stands for a file's state in `FileState.stamp`, without reading the file. Never rejects. */
export async function stampOf(path: string): Promise<string> {
  try {
    return stampFrom(await stat(path, { bigint: true }));
  } catch (error) {
    return codeOf(error);
  }
}

/** Stands for what files say, however often they were written. */
export function contentKey(paths: Iterable<string>, files: Files): string {
  const parts = [...paths].map((path) => {
    const file = files.get(path);
    return [path, file?.kind === "read" ? sha256Hex(file.bytes) : (file?.kind ?? "unread")];
  });
  return JSON.stringify(parts);
}

export function unreadable(origin: string, message: string, cause?: unknown): PolicyInvalid {
  return new PolicyInvalid(origin, [{ code: "unreadable", message, line: 1, column: 1, pointer: "" }], { cause });
}

async function readAll(paths: readonly string[]): Promise<Files> {
  return new Map(await Promise.all(paths.map(async (path) => [path, await readState(path)] as const)));
}

async function readState(path: string): Promise<FileState> {
  let handle: FileHandle | undefined;
  try {
    // Opening a pipe that nobody writes to would wait for ever; a system without the flag has no such pipes.
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    return await readOpen(handle);
  } catch (cause) {
    const code = codeOf(cause);
    const kind = code === "ENOENT" || code === "ENOTDIR" ? "missing" : "unreadable";
    return { kind, stamp: await stampOf(path), problem: "the file cannot be read", cause };
  } finally {
    await handle?.close();
  }
}

async function readOpen(handle: FileHandle): Promise<FileState> {
  const status = await handle.stat({ bigint: true });
  const stamp = stampFrom(status);
  const refuse = (problem: string): FileState => ({ kind: "unreadable", stamp, problem, cause: undefined });
  if (!status.isFile()) return refuse("it is not a regular file");
  if (status.size > MOST_BYTES) return refuse("the file is larger than 8 MiB");
  const bytes = await readUpTo(handle, Number(status.size) + 1);
  const isWhole = bytes.length === Number(status.size) && stampFrom(await handle.stat({ bigint: true })) === stamp;
  return isWhole ? { kind: "read", stamp, changedAt: changedAt(status), bytes } : { kind: "torn" };
}

async function readUpTo(handle: FileHandle, size: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(size);
  let length = 0;
  while (length < size) {
    const { bytesRead } = await handle.read(buffer, length, size - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

/** Also of the times that nobody can set back. */
function stampFrom({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(" ");
}

function changedAt({ mtimeMs, ctimeMs }: BigIntStats): number {
  return Math.max(Number(mtimeMs), Number(ctimeMs));
}

/** By the clock of the machine, which is the file system's; a time that lies ahead says nothing. */
function hasRested(file: FileState, settleMs: number): boolean {
  if (file.kind === "read") return Date.now() - file.changedAt >= settleMs;
  return file.kind !== "torn";
}

/** By content too: some file systems keep times by the second. */
function isSame(before: FileState | undefined, after: FileState | undefined): boolean {
  if (before === undefined || after === undefined || before.kind === "torn" || after.kind === "torn") return false;
  if (before.kind !== after.kind || before.stamp !== after.stamp) return false;
  return before.kind !== "read" || after.kind !== "read" || Buffer.compare(before.bytes, after.bytes) === 0;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "failed";
}
