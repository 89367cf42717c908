import { createReadStream } from "node:fs";
import { open as openFile, rename } from "node:fs/promises";

import { type KeySet, type LogVerification, verifyJsonl, visible } from "@leashkit/core";
import type { Command } from "commander";

import { EXIT, type Exit, type Finish, UnreadableError, UsageError } from "./exit.ts";
import { readJson, readText, writing } from "./files.ts";
import { type Io, writeJson } from "./io.ts";
import { addCheckpoint } from "./log-checkpoint.ts";
import { addShow } from "./log-show.ts";
import { type CommonOptions, withDesk } from "./state.ts";

export interface VerifyLogOptions extends CommonOptions {
  /** A file with a signed note. */
  readonly checkpoint?: string;
  /** Files with key sets. */
  readonly keys?: readonly string[];
}

/** `leash log`. */
export function addLog(leash: Command, io: Io, finish: Finish): void {
  const log = leash.command("log").description("the audit log");
  log
    .command("verify")
    .description("recompute hash chains, tree and checkpoints; name the first line that does not hold")
    .argument("[file]", "an exported log; default: the stored one")
    .option("--checkpoint <file>", "a checkpoint that was kept elsewhere: the log must continue it")
    .option(
      "--keys <file>",
      "a key set to check signatures with, more than once for several; default: the folder's",
      also,
    )
    .action(async (file: string | undefined, _options: unknown, command: Command) =>
      finish(await verifyLog(io, file, command.optsWithGlobals<VerifyLogOptions>())),
    );
  addShow(log, io, finish);
  addCheckpoint(log, io, finish);
  log
    .command("prove")
    .description("print a proof that one record is in the log, which anybody can check without the log")
    .argument("<stream>")
    .argument("<seq>", "its number in the stream, from 0")
    .action(async (stream: string, seq: string, _options: unknown, command: Command) =>
      finish(await proveRecord(io, stream, seq, command.optsWithGlobals<CommonOptions>())),
    );
  log
    .command("export")
    .description("the whole log, as JSONL on standard output, or")
    .option("--jsonl <file>", "as JSONL in a file")
    .option("--tiles <dir>", "up to its last checkpoint as a C2SP tiled log, readable by other people's tools")
    .action(async (_options: unknown, command: Command) =>
      finish(await exportLog(io, command.optsWithGlobals<ExportOptions>())),
    );
}

/** `leash log verify`: exit 1 where something does not hold. */
export async function verifyLog(io: Io, file: string | undefined, options: VerifyLogOptions): Promise<Exit> {
  const checkpoint = options.checkpoint === undefined ? undefined : await readText("checkpoint", options.checkpoint);
  const keys = options.keys === undefined ? undefined : mergedKeys(await Promise.all(options.keys.map(keysOf)));
  const report = await (file === undefined
    ? withDesk(options, ({ log }) => log.verify({ ...(checkpoint && { checkpoint }), ...(keys && { keys }) }))
    : verifyFile(file, checkpoint, keys));
  if (options.json === true) writeJson(io.stdout, asJson(report));
  else io.stdout.write(`${inWords(report)}\n`);
  return report.ok ? EXIT.fine : EXIT.finding;
}

type Report = Omit<LogVerification, "checkpoints" | "covered" | "badCheckpoint"> & Partial<LogVerification>;

/** An exported log holds no checkpoints, so the keys of one that was kept must be stated, too. */
async function verifyFile(file: string, checkpoint: string | undefined, keys: KeySet | undefined): Promise<Report> {
  if (checkpoint !== undefined && keys === undefined) throw new UsageError("say whose checkpoint it is: --keys FILE");
  const kept = checkpoint === undefined || keys === undefined ? undefined : { checkpoints: [checkpoint], keys };
  try {
    return await verifyJsonl(createReadStream(file), kept);
  } catch (cause) {
    if (cause instanceof Error && "syscall" in cause) throw new UnreadableError(`${file} cannot be read`, { cause });
    throw cause;
  }
}

function asJson({ badCheckpoint, checkpoints, covered, firstBad, ok, records, streams }: Report): object {
  const signed = checkpoints === undefined ? {} : { checkpoints, covered, bad_checkpoint: badCheckpoint };
  return { ok, streams, records, first_bad: firstBad, ...signed };
}

function inWords({ badCheckpoint, checkpoints, covered, firstBad, records, streams }: Report): string {
  if (firstBad !== null) {
    const { problem, seq, stream } = firstBad;
    return `The log does not hold from stream ${visible(stream)}, record ${seq}: ${visible(problem)}`;
  }
  if (badCheckpoint) {
    return `The log does not hold: the checkpoint over ${badCheckpoint.size} records: ${visible(badCheckpoint.problem)}`;
  }
  const signed = checkpoints === undefined ? "" : ` Signed checkpoints: ${checkpoints}, over the first ${covered}.`;
  return `The log holds: ${records} records in ${streams} streams.${signed}`;
}

/** `leash log prove`: the proof as JSON on one line. */
export async function proveRecord(io: Io, stream: string, seq: string, options: CommonOptions): Promise<Exit> {
  if (!/^(?:0|[1-9]\d{0,14})$/u.test(seq)) throw new UsageError("<seq> is a whole number from 0");
  writeJson(io.stdout, await withDesk(options, ({ log }) => log.prove(stream, Number(seq))));
  return EXIT.fine;
}

interface ExportOptions extends CommonOptions {
  readonly jsonl?: string;
  readonly tiles?: string;
}

/** `leash log export`. */
export function exportLog(io: Io, options: ExportOptions): Promise<Exit> {
  const { jsonl, tiles } = options;
  if (jsonl !== undefined && tiles !== undefined) throw new UsageError("say one of --jsonl FILE and --tiles DIR");
  return withDesk(options, async (open) => {
    if (tiles !== undefined) {
      const { origin, size } = await open.log.writeTiles(tiles);
      if (options.json === true) writeJson(io.stdout, { origin, size, tiles });
      else io.stdout.write(`${size} records as tiles: ${visible(tiles)}\n`);
    } else if (jsonl !== undefined) {
      const records = await writing(jsonl, () => writeLines(jsonl, open.exportLog()));
      if (options.json === true) writeJson(io.stdout, { records, jsonl });
      else io.stdout.write(`${records} records: ${visible(jsonl)}\n`);
    } else {
      for await (const line of open.exportLog()) io.stdout.write(`${line}\n`);
    }
    return EXIT.fine;
  });
}

/** Lines that are written in one go. */
const LINES_AT_A_TIME = 1_000;

/** Whoever reads the file meanwhile sees the earlier one whole. */
async function writeLines(path: string, lines: AsyncIterable<string>): Promise<number> {
  const file = await openFile(`${path}.new`, "w", 0o600);
  let records = 0;
  try {
    let some: string[] = [];
    for await (const line of lines) {
      some.push(`${line}\n`);
      records += 1;
      if (some.length < LINES_AT_A_TIME) continue;
      await file.write(some.join(""));
      some = [];
    }
    await file.write(some.join(""));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  return records;
}

function also(file: string, before: readonly string[] = []): readonly string[] {
  return [...before, file];
}

/** The keys of all sets, each once; one that any of them calls revoked is. */
function mergedKeys(sets: readonly KeySet[]): KeySet {
  const merged = new Map<string, KeySet["keys"][number]>();
  for (const key of sets.flatMap(({ keys }) => keys)) {
    if ((merged.get(key.kid)?.revokedAt ?? null) === null) merged.set(key.kid, key);
  }
  return { v: 1, keys: [...merged.values()] };
}

async function keysOf(file: string): Promise<KeySet> {
  const keys: unknown = await readJson("keys", file);
  if (isKeySet(keys)) return keys;
  throw new UnreadableError(`${file} holds no key set of version 1`);
}

function isKeySet(value: unknown): value is KeySet {
  return (
    typeof value === "object" &&
    value !== null &&
    "v" in value &&
    value.v === 1 &&
    "keys" in value &&
    Array.isArray(value.keys)
  );
}
