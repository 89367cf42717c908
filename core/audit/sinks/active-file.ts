import {
  appendFileSync,
  closeSync,
  fdatasync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { finishedName, type Label, labelsIn, listFinished, readSummary, writeSummary } from "./file-set.ts";

/** Puts bytes on the disk; replaced in tests only. */
export interface FileIo {
  /** Gives the number of bytes that were written. */
  write(descriptor: number, bytes: Uint8Array, offset: number): number;
  sync(descriptor: number): Promise<void>;
}

export const NODE_IO: FileIo = {
  write: (descriptor, bytes, offset) => writeSync(descriptor, bytes, offset),
  sync: promisify(fdatasync),
};

/** The file that is written, and what is known of everything before its end. */
export interface ActiveFile {
  readonly descriptor: number;
  readonly inode: number;
  /** Bytes of whole, durable lines. */
  size: number;
  /** Of its first line; undefined while it is empty. */
  day: string | undefined;
  count: number;
  /** Of its first line, among all lines that were ever written. */
  position: number;
  /** The seq that comes next, by stream. */
  readonly streams: Map<string, number>;
}

/** True while the file is the one that is known, and nobody wrote to it since. */
export function isCurrent(file: string, known: ActiveFile): boolean {
  const found = statSync(file, { throwIfNoEntry: false });
  return found?.ino === known.inode && found.size === known.size;
}

/**
 * Opens the file, mode 0600, and reads what is not known of it. Bytes after the last line feed are of a write that never was
 * acknowledged: they are moved to `<file>.torn`.
 */
export async function openActive(file: string, known: ActiveFile | undefined, io: FileIo): Promise<ActiveFile> {
  const descriptor = openSync(file, "a+", 0o600);
  try {
    const { ino: inode, size: bytes } = fstatSync(descriptor);
    const size = repair(file, descriptor, bytes);
    // What a killed process wrote may be in the system's memory only.
    await io.sync(descriptor);
    const continues = known !== undefined && known.inode === inode && known.size <= size;
    const before = continues ? known : await readFinished(file);
    const active: ActiveFile = { ...before, descriptor, inode, size };
    for await (const label of labelsIn(file, continues ? known.size : 0, size)) note(active, label);
    return active;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** What finished files hold: by the summary, where there is one, and by reading those behind it. */
async function readFinished(file: string): Promise<Omit<ActiveFile, "descriptor" | "inode" | "size">> {
  const summary = readSummary(file);
  const streams = new Map(Object.entries(summary?.streams ?? {}));
  const learned = { streams, position: summary?.position ?? 0, day: undefined, count: 0 };
  for (const { first, last, path } of listFinished(file)) {
    if (first < learned.position) continue;
    for await (const label of labelsIn(path, 0, statSync(path).size)) noteStream(streams, label);
    learned.position = last + 1;
  }
  return learned;
}

function noteStream(streams: Map<string, number>, label: Label | undefined): void {
  if (label !== undefined) streams.set(label.stream, Math.max(label.seq + 1, streams.get(label.stream) ?? 0));
}

/** Takes note of a line that stands in the file. */
export function note(active: ActiveFile, label: Label | undefined): void {
  active.count += 1;
  active.day ??= label?.day;
  noteStream(active.streams, label);
}

const PIECE = 65_536;

/** The size without the half line at the end. */
function repair(file: string, descriptor: number, bytes: number): number {
  let torn = Buffer.alloc(0);
  let end = bytes;
  while (end > 0) {
    const piece = Buffer.alloc(Math.min(PIECE, end));
    readSync(descriptor, piece, 0, piece.length, end - piece.length);
    const found = piece.lastIndexOf(0x0a) + 1;
    torn = Buffer.concat([piece.subarray(found), torn]);
    end -= piece.length - found;
    if (found > 0) break;
  }
  if (torn.length === 0) return bytes;
  appendFileSync(`${file}.torn`, torn, { mode: 0o600, flush: true });
  ftruncateSync(descriptor, end);
  return end;
}

/** Finishes the file under a name that tells the positions of its first and last line. */
export function finish(file: string, active: ActiveFile): void {
  const behind = active.position + active.count;
  closeSync(active.descriptor);
  renameSync(file, finishedName(file, active.position, behind - 1));
  syncFolder(dirname(file));
  writeSummary(file, { v: 1, position: behind, streams: Object.fromEntries(active.streams) });
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
