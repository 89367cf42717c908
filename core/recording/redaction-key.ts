import { readFileSync } from "node:fs";
import { join } from "node:path";
import { LeashError } from "../errors.ts";
import type { Random } from "../model/runtime.ts";
import { createPrivateFile, isFileError } from "../tokens/private-file.ts";

const KEY_BYTES = 32;

/**
 * The key of what is redacted: a file in the state folder, `redaction.key`, 64 hex digits, mode 0600, made on first use. Without a
 * folder it lives as long as the process. It is never written beside what it redacts.
 * @throws {LeashError} `LEASH_CONFIG_INVALID`, on use, where the file cannot be made or read.
 */
export function redactionKey(folder: string | undefined, random: Random): () => Uint8Array {
  let known: Uint8Array | undefined;
  return () => (known ??= folder === undefined ? random(KEY_BYTES) : keyIn(join(folder, "redaction.key"), random));
}

function keyIn(path: string, random: Random): Uint8Array {
  try {
    const found = readKey(path) ?? makeKey(path, random);
    if (found.length === KEY_BYTES) return found;
  } catch (cause) {
    throw invalid(path, cause);
  }
  throw invalid(path, undefined);
}

function readKey(path: string): Uint8Array | undefined {
  try {
    return Buffer.from(readFileSync(path, "utf8").trim(), "hex");
  } catch (error) {
    if (isFileError(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Of processes that start together one makes the key and the others find it. */
function makeKey(path: string, random: Random): Uint8Array {
  createPrivateFile(path, `${Buffer.from(random(KEY_BYTES)).toString("hex")}\n`, random);
  return readKey(path) ?? new Uint8Array();
}

function invalid(path: string, cause: unknown): LeashError {
  return new LeashError(
    "LEASH_CONFIG_INVALID",
    `The key for redacting, ${JSON.stringify(path)}, cannot be made or read, so nothing was written. Make the folder writable, or ` +
      "put 64 hex digits into the file.",
    { cause },
  );
}
