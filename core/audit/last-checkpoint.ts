import { isLeashError, LeashError } from "../errors.ts";
import type { PublicKey } from "../model/keys.ts";
import type { Checkpoint } from "../model/log.ts";
import { openRow } from "../store/envelope.ts";
import type { Store } from "../store/store.ts";
import { readCheckpointText, verifyCheckpoint } from "./checkpoint.ts";
import { type CheckpointRow, readCheckpointRows } from "./checkpoint-rows.ts";
import { parseNote } from "./note.ts";
import { createWalk } from "./walk.ts";

/**
 * The last checkpoint of a log that is about to be continued.
 * @throws {LeashError} `LEASH_TOKEN_INVALID` where none of the keys has signed it, `LEASH_LOG_INVALID` where it is none,
 * `LEASH_TOKEN_AUDIENCE` where it is another log's.
 */
export function readLast(note: string, keys: readonly PublicKey[], origin: string): Checkpoint {
  try {
    return verifyCheckpoint(note, keys, { origin, revoked: true });
  } catch (cause) {
    if (!isLeashError(cause, "LEASH_TOKEN_INVALID")) throw cause;
    throw keyLost(readUnsigned(note).size, cause);
  }
}

/**
 * The same where the key that signed it is lost, so that nobody here can tell whether it did: all that the stored checkpoints say is
 * compared with the lines of the log, from the first one on.
 * @throws {LeashError} `LEASH_LOG_INVALID` where that does not hold.
 */
export async function rebuildLast(store: Store, origin: string): Promise<Checkpoint> {
  const walk = createWalk(store, undefined);
  let last: Checkpoint | undefined;
  for await (const row of readCheckpointRows(store)) {
    const read = readUnsigned(openRow<CheckpointRow>(row).value.note);
    const problem = read.origin === origin ? await walk.follow(read) : "it is of another log";
    const [line] = walk.problems.values();
    if (problem !== undefined || line !== undefined) throw notSigned(problem ?? line?.problem ?? "");
    last = read;
  }
  if (last === undefined) throw notSigned("the last checkpoint is missing");
  return last;
}

/** What a checkpoint says, whoever signed it. */
function readUnsigned(note: string): Checkpoint {
  try {
    return { ...readCheckpointText(parseNote(note).text), kid: "", isRevoked: false, note };
  } catch (cause) {
    throw notSigned("a stored checkpoint is none", cause);
  }
}

function notSigned(problem: string, cause?: unknown): LeashError {
  return new LeashError("LEASH_LOG_INVALID", `Nothing was signed: ${problem}. Verify the log.`, { cause });
}

function keyLost(size: number, cause: unknown): LeashError {
  return new LeashError(
    "LEASH_TOKEN_INVALID",
    `The key of the log's checkpoints is lost: the last one, over ${size} records, was signed with a key that is not among the leash's ` +
      "keys, so nothing was signed. Put back a copy of keys/checkpoint.json; where there is none, `leash log checkpoint --new-key` " +
      "goes on with a new key.",
    { cause },
  );
}
