import { readFile, rename, writeFile } from "node:fs/promises";

import { isLeashError, parseStrictJson, visible } from "@leashkit/core";

import { UnreadableError } from "./exit.ts";
import type { Io } from "./io.ts";

/** No token, receipt or key set is as long. Bytes. */
const LONGEST_INPUT = 1_048_576;

/**
 * A file's text; with `-` that of the standard input, where the command takes it from there.
 * @throws {UnreadableError}
 */
export async function readText(what: string, file: string, io?: Io): Promise<string> {
  if (file === "-" && io !== undefined) return readInput(io);
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new UnreadableError(`the file ${visible(file)} with the ${what} cannot be read`, { cause });
  }
}

async function readInput({ stdin }: Io): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stdin) {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    length += bytes.length;
    if (length > LONGEST_INPUT) throw new UnreadableError("the standard input is too long");
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString();
}

/**
 * What a file holds as strict JSON. Of whatever shape it is: who uses it looks at that.
 * @throws {UnreadableError}
 */
export async function readJson(what: string, file: string): Promise<never> {
  return parseJson(what, file, await readText(what, file));
}

/** @throws {UnreadableError} */
export function parseJson(what: string, file: string, text: string): never {
  try {
    return parseStrictJson(text) as never;
  } catch (cause) {
    throw new UnreadableError(`the file ${visible(file)} with the ${what} cannot be read as JSON`, { cause });
  }
}

/**
 * What a check against keys of a file gives. Keys that are none say nothing of what they were to check.
 * @throws {UnreadableError} for malformed keys; otherwise what the check throws.
 */
export function checkWithKeys<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (isLeashError(error, "LEASH_CONFIG_INVALID")) throw new UnreadableError(error.message, { cause: error });
    throw error;
  }
}

/** Whoever reads the file meanwhile sees the earlier one whole. */
export async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600, flush: true });
  await rename(`${path}.new`, path);
}

/**
 * Work that writes a file.
 * @throws {UnreadableError} where it cannot be written; otherwise what the work throws.
 */
export async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof Error && "syscall" in cause) throw new UnreadableError(`${path} cannot be written`, { cause });
    throw cause;
  }
}
