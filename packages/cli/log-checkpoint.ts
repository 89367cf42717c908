import { type Checkpoint, isLeashError, type OpenDesk, visible } from "@leashkit/core";
import type { Command } from "commander";

import { EXIT, type Exit, type Finish } from "./exit.ts";
import { replaceFile, writing } from "./files.ts";
import { type Io, writeJson } from "./io.ts";
import { type CommonOptions, withSigningDesk } from "./state.ts";

/** `leash log checkpoint`. */
export function addCheckpoint(log: Command, io: Io, finish: Finish): void {
  log
    .command("checkpoint")
    .description("sign what is in the log by now, and print it: keep it where the log's writer cannot change it")
    .option("--out <file>", "write it there")
    .option("--new-key", "go on with a new key, where the one that signed the last checkpoint is lost for good")
    .action(async (_options: unknown, command: Command) =>
      finish(await takeCheckpoint(io, command.optsWithGlobals<CheckpointOptions>())),
    );
}

interface CheckpointOptions extends CommonOptions {
  readonly out?: string;
  readonly newKey?: boolean;
}

/** `leash log checkpoint`: the signed note, as it is. Exit 1 where the key is lost and nothing says to go on with another. */
export async function takeCheckpoint(io: Io, options: CheckpointOptions): Promise<Exit> {
  const { checkpoint, keyLost } = await withSigningDesk(options, (open) => signing(io, open, options));
  if (checkpoint === null) {
    io.stderr.write("leash: the log has no records, so there is nothing to sign\n");
    return EXIT.finding;
  }
  const { kid, note, origin, root, size } = checkpoint;
  if (options.out !== undefined) await writing(options.out, () => replaceFile(options.out ?? "", note));
  if (options.json === true) writeJson(io.stdout, { origin, size, root, kid, key_lost: keyLost, note });
  else if (options.out === undefined) io.stdout.write(note);
  else io.stdout.write(`${size} records: ${visible(options.out)}\n`);
  return EXIT.fine;
}

interface Signed {
  readonly checkpoint: Checkpoint | null;
  /** True where the checkpoints before it were signed with a key that is lost. */
  readonly keyLost: boolean;
}

async function signing(io: Io, { keys, log }: OpenDesk, { json, newKey }: CheckpointOptions): Promise<Signed> {
  try {
    return { checkpoint: await log.checkpoint(), keyLost: false };
  } catch (error) {
    if (!isLeashError(error, "LEASH_TOKEN_INVALID")) throw error;
    if (newKey !== true) {
      if (json === true) writeJson(io.stdout, { key_lost: true, note: null });
      throw error;
    }
  }
  // The log tells of the new key before anything is signed with it.
  const { kid } = await keys.rotate("checkpoint");
  const checkpoint = await log.checkpoint({ keyLost: true });
  io.stderr.write(
    `leash: the key that signed the checkpoints before this one is lost; this one is signed with the new key ${kid}. Publish the key ` +
      "set, and keep the old public key: the whole log is verified with both, `--keys OLD.json --keys NEW.json`\n",
  );
  return { checkpoint, keyLost: true };
}
