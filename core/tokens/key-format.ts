import type { Json, JsonObject } from "../model/json.ts";
import type { PublicKey, Purpose } from "../model/keys.ts";
import { isJsonObject, parseStrictJson } from "../strict-json.ts";
import { ed25519, type SigningKey } from "./ed25519.ts";
import { keyEntry, type KeyDetails, type KeyEntry, publishedKey } from "./key-entry.ts";
import { DERIVATION, SALT_BYTES, type Seal } from "./key-seal.ts";
import { decodePublicKey, decodeSecretKey, encodePublicKey } from "./paserk.ts";
import { invalidKeyStore } from "./private-file.ts";

/** A key as its file keeps it. */
export interface StoredKey extends KeyEntry {
  /** PASERK `k4.secret`, or that text sealed under the file's passphrase. */
  readonly secret: string;
}

/** What a key file says. */
export interface KeyFileContent {
  readonly purpose: Purpose;
  /** Of the passphrase, base64url; null where the secrets lie in the clear. */
  readonly salt: string | null;
  readonly keys: readonly StoredKey[];
}

/** Where a file lies, what it should hold, and how its secrets open, where they are sealed. */
export interface KeyFilePlace {
  readonly path: string;
  readonly purpose: Purpose;
  readonly seal?: Seal | undefined;
}

/** The text of a key file: version 1 with secrets in the clear, version 2 with sealed ones. */
export function keyFileText({ purpose, salt, keys }: KeyFileContent): string {
  const body =
    salt === null
      ? { v: 1, purpose, keys: keys.map(plainMembers) }
      : { v: 2, purpose, derivation: { ...DERIVATION, salt }, keys: keys.map(sealedMembers) };
  return `${JSON.stringify(body)}\n`;
}

function plainMembers({ published, secret }: StoredKey): JsonObject {
  return { kid: published.kid, secret, ...times(published) };
}

function sealedMembers({ published, secret }: StoredKey): JsonObject {
  return { kid: published.kid, publicKey: published.publicKey, sealed: secret, ...times(published) };
}

function times({ createdAt, activeFrom, revokedAt }: PublicKey): JsonObject {
  return { createdAt, ...(activeFrom === undefined ? {} : { activeFrom }), revokedAt };
}

/** @throws {LeashError} `LEASH_CONFIG_INVALID` for anything that is not a key file of this purpose, to the last member. */
export function parseKeyFile(text: string, place: KeyFilePlace): KeyFileContent {
  const { path, purpose } = place;
  const body = parseObject(text, path);
  const isSealed = body["v"] === 2;
  if (body["v"] !== 1 && !isSealed) {
    throw invalidKeyStore(
      path,
      "has a format version that is not known here. Use the Leashkit that wrote it, or a newer one",
    );
  }
  requireMembers(body, ["v", "purpose", ...(isSealed ? ["derivation"] : []), "keys"], path);
  if (body["purpose"] !== purpose) throw invalidKeyStore(path, `does not hold keys for the purpose "${purpose}"`);
  const salt = isSealed ? parseSalt(body["derivation"], path) : null;
  const listed = body["keys"];
  if (!Array.isArray(listed) || listed.length === 0) throw invalidKeyStore(path, "holds no keys");
  const keys = listed.map((key: Json) => (salt === null ? parsePlain(key, place) : parseSealed(key, salt, place)));
  if (new Set(keys.map((key) => key.published.kid)).size < keys.length) {
    throw invalidKeyStore(path, "holds the same key twice");
  }
  return { purpose, salt, keys };
}

function parseSalt(derivation: Json | undefined, path: string): string {
  if (!isJsonObject(derivation)) throw invalidKeyStore(path, "does not say how its keys are sealed");
  requireMembers(derivation, [...Object.keys(DERIVATION), "salt"], path);
  const { salt } = derivation;
  if (Object.entries(DERIVATION).some(([name, value]) => derivation[name] !== value)) {
    throw invalidKeyStore(path, "is sealed in a way that is not known here");
  }
  if (typeof salt !== "string" || !isBase64Url(salt) || Buffer.from(salt, "base64url").length !== SALT_BYTES) {
    throw invalidKeyStore(path, "holds a malformed salt");
  }
  return salt;
}

function parsePlain(key: Json, { path, purpose }: KeyFilePlace): StoredKey {
  if (!isJsonObject(key)) throw invalidKeyStore(path, "holds a key that is not an object");
  requireMembers(key, ["kid", "secret", ...timesIn(key)], path);
  const { kid, secret } = key;
  if (typeof secret !== "string") throw invalidKeyStore(path, "holds a key without its secret");
  const entry = keyEntry(secret, parseDetails(key, { path, purpose }));
  if (entry.published.kid !== kid) throw invalidKeyStore(path, "holds a key whose id is not its own");
  return { ...entry, secret };
}

/** Its public half is in the clear: who only verifies needs no passphrase. */
function parseSealed(key: Json, salt: string, place: KeyFilePlace): StoredKey {
  const { path } = place;
  if (!isJsonObject(key)) throw invalidKeyStore(path, "holds a key that is not an object");
  requireMembers(key, ["kid", "publicKey", "sealed", ...timesIn(key)], path);
  const { publicKey, sealed } = key;
  if (typeof sealed !== "string" || !isBase64Url(sealed)) throw invalidKeyStore(path, "holds a key without its secret");
  if (typeof publicKey !== "string") throw invalidKeyStore(path, "holds a key without its public half");
  const published = publishedKey(publicKey, parseDetails(key, place));
  const { kid } = published;
  if (kid !== key["kid"]) throw invalidKeyStore(path, "holds a key whose id is not its own");
  ed25519().verifyingKey(decodePublicKey(publicKey));
  let opened: SigningKey | undefined;
  return {
    secret: sealed,
    published,
    unlock: () => (opened ??= openSealed({ sealed, salt, kid, publicKey }, place)),
  };
}

interface SealedKey {
  readonly sealed: string;
  readonly salt: string;
  readonly kid: string;
  readonly publicKey: string;
}

function openSealed({ sealed, salt, kid, publicKey }: SealedKey, { path, purpose, seal }: KeyFilePlace): SigningKey {
  if (seal === undefined)
    throw invalidKeyStore(path, "is kept under a passphrase, and none was given. Pass `passphrase`");
  const secret = seal.open(sealed, salt, { purpose, kid });
  if (secret === undefined) throw invalidKeyStore(path, "does not open with the passphrase that was given");
  const key = decodeSecretKey(secret);
  if (encodePublicKey(key.publicKey) !== publicKey)
    throw invalidKeyStore(path, "holds a key whose halves are not a pair");
  return key;
}

/** One time need not be there. */
function timesIn(key: JsonObject): readonly string[] {
  return ["createdAt", ...(Object.hasOwn(key, "activeFrom") ? ["activeFrom"] : []), "revokedAt"];
}

function parseDetails({ createdAt, activeFrom, revokedAt }: JsonObject, { path, purpose }: KeyFilePlace): KeyDetails {
  const isBegin = activeFrom === undefined || isTime(activeFrom);
  if (isTime(createdAt) && isBegin && (revokedAt === null || isTime(revokedAt)))
    return { purpose, createdAt, activeFrom, revokedAt };
  throw invalidKeyStore(path, "holds a key with a malformed time");
}

function parseObject(text: string, path: string): JsonObject {
  let value: Json;
  try {
    value = parseStrictJson(text);
  } catch (cause) {
    throw invalidKeyStore(path, "is not strict JSON", cause);
  }
  if (!isJsonObject(value)) throw invalidKeyStore(path, "is not a JSON object");
  return value;
}

function requireMembers(value: JsonObject, names: readonly string[], path: string): void {
  const found = Object.keys(value);
  if (found.length === names.length && names.every((name) => Object.hasOwn(value, name))) return;
  throw invalidKeyStore(path, `holds an object that does not have exactly the members ${names.join(", ")}`);
}

function isBase64Url(text: string): boolean {
  return text !== "" && Buffer.from(text, "base64url").toString("base64url") === text;
}

function isTime(value: Json | undefined): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
