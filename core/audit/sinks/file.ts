import { closeSync, createReadStream, existsSync, ftruncateSync, mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { LeashError } from "../../errors.ts";
import type { Sink, SinkLine } from "../../model/sink.ts";
import { readOptions } from "../../options.ts";
import { storeUnavailable } from "../../store/unavailable.ts";
import { type ActiveFile, type FileIo, finish, isCurrent, NODE_IO, note, openActive } from "./active-file.ts";
import { lockFile } from "./file-lock.ts";
import { type Label, labelOf, listFinished } from "./file-set.ts";

export interface FileSinkOptions {
  /** Path of the file that is written; finished ones stand beside it as `<name>.<first>-<last>.jsonl`. Folders are made, mode 0700. */
  readonly file: string;
  /** Default `file`. */
  readonly name: string;
  /** Whether a call waits until its record is synced to this file. Default false. */
  readonly required: boolean;
  /** Bytes after which a file is finished and the next one begun. Default 64 MiB. */
  readonly maxBytes: number;
  /** Whether a file holds lines of one day (UTC) only. Default false. */
  readonly daily: boolean;
}

const DEFAULTS: FileSinkOptions = { file: "", name: "file", required: false, maxBytes: 64 * 1_048_576, daily: false };

/**
 * Copies the log into files of JSON lines, mode 0600, synced before they count as taken. Several processes of one machine may
 * write the same file; each write is made under a lock file beside it. A half line that a crash left is moved to `<file>.torn` and
 * written anew from the store. A line that is there already is not written again, so the files verify as one log: see
 * `readLogFiles`.
 *
 * A disk that is full or read-only is `LEASH_STORE_UNAVAILABLE`, and tried again until it is not.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` for options that cannot be used.
 * @example createLeash({ policy, audit: { sinks: [fileSink({ file: "/var/log/agent/leash.jsonl", required: true })] } });
 */
export function fileSink(options: Partial<FileSinkOptions> & Pick<FileSinkOptions, "file">): Sink {
  return fileSinkOver(options, NODE_IO);
}

/** The same over other calls to the disk. */
export function fileSinkOver(options: Partial<FileSinkOptions>, io: FileIo): Sink {
  const { daily, file, maxBytes, name, required } = check(readOptions("fileSink", options, DEFAULTS));
  const path = resolve(file);
  const writer = createWriter({ path, maxBytes, daily }, io);
  return {
    name,
    required,
    accept: (lines) => writer.locked((active) => writer.append(active, lines)),
    next: (stream) => writer.locked(async ({ streams }) => streams.get(stream) ?? 0),
    close: async () => writer.close(),
  };
}

function check(settings: FileSinkOptions): FileSinkOptions {
  const { file, maxBytes } = settings;
  if (typeof file !== "string" || file.trim() === "" || file.includes("\0")) throw invalid("`file` names no file");
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1) throw invalid("`maxBytes` must be a whole number from 1");
  return settings;
}

function invalid(problem: string): LeashError {
  return new LeashError("LEASH_CONFIG_INVALID", `The options for fileSink are wrong: ${problem}.`);
}

interface Settings {
  readonly path: string;
  readonly maxBytes: number;
  readonly daily: boolean;
}

type Labelled = SinkLine & { readonly label: Label | undefined };

function createWriter({ daily, maxBytes, path }: Settings, io: FileIo) {
  let known: ActiveFile | undefined;
  let broken: unknown;

  function forget(): void {
    if (known !== undefined) closeSync(known.descriptor);
    known = undefined;
  }

  async function current(): Promise<ActiveFile> {
    if (known !== undefined && isCurrent(path, known)) return known;
    const before = known;
    forget();
    return (known = await openActive(path, before, io));
  }

  /** Lines of the day that the file has, and as many as go into it. */
  async function appendTo(active: ActiveFile, lines: readonly Labelled[]): Promise<void> {
    const bytes = Buffer.from(lines.map(({ line }) => `${line}\n`).join(""));
    const day = lines[0]?.label?.day;
    const isNextDay = daily && active.day !== undefined && day !== undefined && day > active.day;
    const isFull = active.count > 0 && active.size + bytes.length > maxBytes;
    let into = active;
    if (isNextDay || isFull) {
      known = undefined;
      finish(path, active);
      into = known = await openActive(path, undefined, io);
    }
    await write(into, bytes);
    for (const { label } of lines) note(into, label);
  }

  /** All of it, or as if none: what a failed write or sync left behind is cut off. */
  async function write(active: ActiveFile, bytes: Uint8Array): Promise<void> {
    try {
      for (let written = 0; written < bytes.length;) {
        const some = io.write(active.descriptor, bytes, written);
        if (some <= 0) throw new Error("the operating system took no bytes");
        written += some;
      }
      await io.sync(active.descriptor);
      active.size += bytes.length;
    } catch (error) {
      cutOff(active, error);
      throw error;
    }
  }

  function cutOff(active: ActiveFile, error: unknown): void {
    try {
      ftruncateSync(active.descriptor, active.size);
    } catch {
      broken = error;
    }
  }

  return {
    /** Does work while no other process changes the files, over what is known of them then. */
    async locked<Result>(work: (active: ActiveFile) => Promise<Result>): Promise<Result> {
      if (broken !== undefined) throw storeUnavailable(`The log file ${path} was left in doubt: start anew`, broken);
      try {
        mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
        const lock = await lockFile(`${path}.lock`);
        try {
          const active = await current();
          lock.check();
          return await work(active);
        } finally {
          lock.release();
        }
      } catch (error) {
        if (error instanceof LeashError) throw error;
        throw storeUnavailable(`The log file ${path} cannot be written`, error);
      }
    },
    async append(active: ActiveFile, lines: readonly SinkLine[]): Promise<void> {
      const fresh = withoutKnown(path, active, lines);
      for (let from = 0, to = 0; from < fresh.length; from = to) {
        const day = fresh[from]?.label?.day;
        to = fresh.findIndex((line, index) => index > from && daily && line.label?.day !== day);
        if (to === -1) to = fresh.length;
        await appendTo(known ?? active, fresh.slice(from, to));
      }
    },
    close: forget,
  };
}

/** What the files lack of these lines. */
function withoutKnown(path: string, { streams }: ActiveFile, lines: readonly SinkLine[]): readonly Labelled[] {
  const next = new Map<string, number>();
  const fresh: Labelled[] = [];
  for (const line of lines) {
    const expected = next.get(line.stream) ?? streams.get(line.stream) ?? 0;
    if (line.seq < expected) continue;
    if (line.seq > expected) {
      throw new LeashError(
        "LEASH_STORE_UNAVAILABLE",
        `The files of ${path} lack line ${expected} of stream ${JSON.stringify(line.stream)}: somebody removed it. It is written again from the store.`,
      );
    }
    next.set(line.stream, line.seq + 1);
    fresh.push({ ...line, label: labelOf(line.line) });
  }
  return fresh;
}

/**
 * The bytes of all files of a file sink, in the order in which they were written: `verifyJsonl` checks them as one log.
 * @param file As it was given to `fileSink`.
 * @example const report = await verifyJsonl(readLogFiles("/var/log/agent/leash.jsonl"));
 */
export async function* readLogFiles(file: string): AsyncGenerator<Uint8Array> {
  const path = resolve(file);
  for (const finished of listFinished(path)) yield* createReadStream(finished.path) as AsyncIterable<Uint8Array>;
  if (existsSync(path)) yield* createReadStream(path) as AsyncIterable<Uint8Array>;
}
