import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { LeashError } from "../errors.ts";
import type { Json, JsonObject } from "../model/json.ts";
import type { Purpose } from "../model/keys.ts";
import { parseStrictJson } from "../strict-json.ts";
import { keyEntry, newSecretKey, type KeyEntry, type KeySources } from "./key-entry.ts";

/** What a key file says, and which state of the file says it. */
export interface KeyFile {
  readonly entries: readonly KeyEntry[];
  readonly stamp: string;
}

/** Windows has no such modes: there the folder's access list guards the file. */
const HAS_MODES = process.platform !== "win32";
const FILE_SIZE_AT_MOST = 1_048_576;

/**
 * Reads the keys of one purpose, or `known` where the file has not changed since; undefined where there is no file.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` when others may read the file, or when it is malformed or of another version.
 */
export function readKeyFile(path: string, purpose: Purpose, known: KeyFile | undefined): KeyFile | undefined {
  const stamp = stampOf(path);
  if (stamp === undefined) return undefined;
  if (stamp === known?.stamp) return known;
  return { stamp, entries: parseKeyFile(readPrivateText(path), path, purpose) };
}

/**
 * Writes the first key of a purpose. The file appears at once and whole, and never in the place of another: of processes that
 * start together one makes the key and the others find it.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` when the folder cannot be written.
 */
export function createKeyFile(path: string, purpose: Purpose, { clock, random }: KeySources): void {
  const temporary = `${path}.${process.pid}.${Buffer.from(random(8)).toString("hex")}.tmp`;
  const createdAt = clock.now();
  const secret = newSecretKey(random);
  const { kid } = keyEntry(secret, { purpose, createdAt, revokedAt: null }).published;
  const body = { v: 1, purpose, keys: [{ kid, secret, createdAt, revokedAt: null }] };
  try {
    writeDurably(temporary, `${JSON.stringify(body)}\n`);
    // A hard link, unlike a rename, fails when the name is taken.
    linkSync(temporary, path);
    syncFolder(dirname(path));
  } catch (cause) {
    if (!isFileError(cause, "EEXIST")) {
      throw invalid(path, "cannot be created. Check that the folder exists and is yours to write", cause);
    }
  } finally {
    rmSync(temporary, { force: true });
  }
}

/**
 * Refuses a folder that others than its owner may enter: who can write there can put keys there.
 * @throws {LeashError} `LEASH_CONFIG_INVALID`.
 */
export function requirePrivateFolder(folder: string): void {
  const status = statSync(folder);
  if (!status.isDirectory()) throw invalid(folder, "is not a folder. Name another one");
  if (HAS_MODES && (status.mode & 0o077) !== 0) {
    throw invalid(
      folder,
      "is open to other users. Run chmod 700 on it, and replace its keys if others may have read them",
    );
  }
}

function stampOf(path: string): string | undefined {
  try {
    const status = statSync(path, { bigint: true, throwIfNoEntry: false });
    return status && [status.dev, status.ino, status.size, status.mtimeNs, status.ctimeNs].join(" ");
  } catch (cause) {
    throw invalid(path, "cannot be read", cause);
  }
}

function readPrivateText(path: string): string {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    // Of the open file, not of the name: what is checked is what is read.
    const status = fstatSync(file);
    if (!status.isFile() || status.size > FILE_SIZE_AT_MOST) throw invalid(path, "is not a key file");
    if (HAS_MODES && (status.mode & 0o077) !== 0) {
      throw invalid(
        path,
        "is open to other users. Run chmod 600 on it, and replace its keys if others may have read them",
      );
    }
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw cause instanceof LeashError ? cause : invalid(path, "cannot be read", cause);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function parseKeyFile(text: string, path: string, purpose: Purpose): readonly KeyEntry[] {
  const body = parseObject(text, path);
  if (body["v"] !== 1) {
    throw invalid(path, "has a format version that is not known here. Use the Leashkit that wrote it, or a newer one");
  }
  requireMembers(body, ["v", "purpose", "keys"], path);
  const keys = body["keys"];
  if (body["purpose"] !== purpose) throw invalid(path, `does not hold keys for the purpose "${purpose}"`);
  if (!Array.isArray(keys) || keys.length === 0) throw invalid(path, "holds no keys");
  const entries = keys.map((key: Json) => parseEntry(key, path, purpose));
  if (new Set(entries.map((entry) => entry.published.kid)).size < entries.length) {
    throw invalid(path, "holds the same key twice");
  }
  return entries;
}

function parseEntry(key: Json, path: string, purpose: Purpose): KeyEntry {
  if (!isObject(key)) throw invalid(path, "holds a key that is not an object");
  requireMembers(key, ["kid", "secret", "createdAt", "revokedAt"], path);
  const { kid, secret, createdAt, revokedAt } = key;
  if (typeof secret !== "string") throw invalid(path, "holds a key without its secret");
  if (!isTime(createdAt) || (revokedAt !== null && !isTime(revokedAt)))
    throw invalid(path, "holds a key with a malformed time");
  const entry = keyEntry(secret, { purpose, createdAt, revokedAt });
  if (entry.published.kid !== kid) throw invalid(path, "holds a key whose id is not its own");
  return entry;
}

function parseObject(text: string, path: string): JsonObject {
  let value: Json;
  try {
    value = parseStrictJson(text);
  } catch (cause) {
    throw invalid(path, "is not strict JSON", cause);
  }
  if (!isObject(value)) throw invalid(path, "is not a JSON object");
  return value;
}

function requireMembers(value: JsonObject, names: readonly string[], path: string): void {
  const found = Object.keys(value);
  if (found.length === names.length && names.every((name) => Object.hasOwn(value, name))) return;
  throw invalid(path, `holds an object that does not have exactly the members ${names.join(", ")}`);
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, "wx", 0o600);
  try {
    writeSync(file, text);
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

function isTime(value: Json | undefined): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isFileError(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

function invalid(path: string, problem: string, cause?: unknown): LeashError {
  return new LeashError("LEASH_CONFIG_INVALID", `The key store ${JSON.stringify(path)} ${problem}.`, { cause });
}
