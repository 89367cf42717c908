import {
  closeSync,
  existsSync,
  fdatasync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { promisify } from "node:util";
import { storeUnavailable } from "./unavailable.ts";

/** The calls that put bytes on the disk; replaced in tests only. */
export interface LogFileIo {
  /** Writes from `offset` on and gives the number of bytes that were written. */
  write(descriptor: number, bytes: Uint8Array, offset: number): number;
  sync(descriptor: number): Promise<void>;
}

/** An append-only file of lines. */
export interface LogFile {
  /** The lines it held when it was opened, without line feeds. */
  readonly lines: readonly string[];
  /**
   * Appends lines; they are durable once `sync` has resolved.
   * @throws {LeashError} `LEASH_STORE_UNAVAILABLE`; where part of a line may stand in the file, from then on always.
   */
  write(lines: readonly string[]): void;
  /** @throws {LeashError} `LEASH_STORE_UNAVAILABLE`, from then on always: what a failed sync left on the disk is unknown. */
  sync(): Promise<void>;
  close(): void;
}

const nodeIo: LogFileIo = {
  write: (descriptor, bytes, offset) => writeSync(descriptor, bytes, offset),
  sync: promisify(fdatasync),
};

/**
 * Opens or creates a file of lines with mode 0600, missing folders with 0700. Bytes after the last line feed come from a
 * write that never was acknowledged; they are moved to `<file>.torn`.
 *
 * @throws {LeashError} `LEASH_STORE_UNAVAILABLE` when it cannot be opened.
 */
export function openLogFile(file: string, io: LogFileIo = nodeIo): LogFile {
  const path = resolve(file);
  try {
    const { descriptor, lines } = openRepaired(path);
    return appendTo(path, descriptor, lines, io);
  } catch (error) {
    throw storeUnavailable(`The log ${path} cannot be opened`, error);
  }
}

function openRepaired(path: string): { descriptor: number; lines: readonly string[] } {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const isNew = !existsSync(path);
  const descriptor = openSync(path, "a+", 0o600);
  if (isNew) syncFolder(dirname(path));
  const bytes = readFileSync(path);
  const end = bytes.lastIndexOf(0x0a) + 1;
  if (end < bytes.length) {
    writeFileSync(`${path}.torn`, bytes.subarray(end), { flag: "a", mode: 0o600, flush: true });
    ftruncateSync(descriptor, end);
    fsyncSync(descriptor);
  }
  const text = bytes.toString("utf8", 0, end);
  return { descriptor, lines: text === "" ? [] : text.slice(0, -1).split("\n") };
}

/** Makes the new file's name durable too. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  fsyncSync(descriptor);
  closeSync(descriptor);
}

function appendTo(path: string, descriptor: number, lines: readonly string[], io: LogFileIo): LogFile {
  let broken: unknown;
  const refuseIfBroken = (): void => {
    if (broken === undefined) return;
    throw storeUnavailable(
      `The log ${path} takes nothing more until it is opened again, because a write failed`,
      broken,
    );
  };
  return {
    lines,
    write: (added) => {
      refuseIfBroken();
      const bytes = Buffer.from(added.map((line) => `${line}\n`).join(""));
      let written = 0;
      try {
        while (written < bytes.length) written += writeSome(io, descriptor, bytes, written);
      } catch (error) {
        if (written > 0) broken = error;
        throw storeUnavailable(`The log ${path} cannot be written`, error);
      }
    },
    sync: async () => {
      try {
        await io.sync(descriptor);
      } catch (error) {
        broken = error;
        throw storeUnavailable(`The log ${path} cannot be made durable`, error);
      }
    },
    close: () => closeSync(descriptor),
  };
}

function writeSome(io: LogFileIo, descriptor: number, bytes: Uint8Array, offset: number): number {
  const written = io.write(descriptor, bytes, offset);
  if (written <= 0) throw new Error("the operating system took no bytes");
  return written;
}
