import { LeashError } from "../errors.ts";
import { PURPOSES, type KeySet, type PublicKey, type Purpose } from "../model/keys.ts";
import type { Json, JsonObject } from "../model/json.ts";
import { isJsonObject, parseStrictJson } from "../strict-json.ts";
import { ed25519, type VerifyingKey } from "./ed25519.ts";
import { decodePublicKey, publicKeyId } from "./paserk.ts";
import { type ReadToken, readV4 } from "./v4.ts";

/** Who says so, in every token of ours. */
export const ISSUER = "leashkit";

/**
 * What is signed with a token of this purpose but not written in it. Proofs have none, so that any PASETO v4 library reads
 * them; with every other kind a verifier that does not say what it expects finds no valid signature.
 */
export function implicitAssertion(purpose: Purpose): string {
  return purpose === "proof" ? "" : `leashkit/${purpose}/1`;
}

/**
 * The claims of a token whose signature, key and purpose hold. Times, audience and all else are the caller's to check.
 *
 * Checked in this order: shape, key known, key made for this purpose, key not revoked, signature, then issuer, version and
 * purpose as claimed. A key that is listed twice must pass every time.
 *
 * @throws {LeashError} `LEASH_TOKEN_INVALID`, `LEASH_TOKEN_PURPOSE` or `LEASH_TOKEN_REVOKED`; `LEASH_CONFIG_INVALID` when the
 * keys themselves are malformed.
 */
export function openToken(token: string, purpose: Purpose, keys: KeySet | readonly PublicKey[]): JsonObject {
  const { claims, token: read } = readClaims(token);
  requireSignature(read, requireKey(claims["kid"], purpose, keys), implicitAssertion(purpose));
  if (claims["iss"] !== ISSUER) throw refused(`its issuer is not "${ISSUER}"`);
  if (claims["v"] !== 1) throw refused("its format version is not 1, the only one known here");
  if (claims["purpose"] !== purpose) throw wrongPurpose(purpose);
  return claims;
}

/** @throws {LeashError} `LEASH_TOKEN_INVALID`. */
export function requireSignature(token: ReadToken, key: VerifyingKey, implicit: string): void {
  if (!token.isSignedWith(key, implicit))
    throw refused("its signature does not hold. It was changed, or made with another key");
}

/**
 * The claims as the token states them; they are worth something only once its signature is known to hold.
 * @throws {LeashError} `LEASH_TOKEN_INVALID`.
 */
export function readClaims(token: string): { readonly claims: JsonObject; readonly token: ReadToken } {
  const read = typeof token === "string" ? readV4(token) : undefined;
  if (read === undefined) throw refused("it is not a PASETO v4.public token without a footer");
  let claims: Json;
  try {
    claims = parseStrictJson(read.payload);
  } catch (cause) {
    throw refused("its payload is not strict JSON", cause);
  }
  if (!isJsonObject(claims)) throw refused("its payload is not a JSON object");
  return { claims, token: read };
}

/**
 * The key of this id, if it is among those given, for this purpose and not revoked.
 * @throws {LeashError} `LEASH_TOKEN_INVALID`, `LEASH_TOKEN_PURPOSE` or `LEASH_TOKEN_REVOKED`; `LEASH_CONFIG_INVALID` when the keys are malformed.
 */
export function requireKey(kid: Json | undefined, purpose: Purpose, keys: KeySet | readonly PublicKey[]): VerifyingKey {
  const candidates = listKeys(keys).filter((key) => key.kid === kid);
  const key = candidates[0];
  if (key === undefined) throw refused("it names a key that is not among the keys given");
  if (candidates.some((candidate) => candidate.purpose !== purpose)) throw wrongPurpose(purpose);
  if (candidates.some((candidate) => candidate.revokedAt !== null)) {
    throw new LeashError(
      "LEASH_TOKEN_REVOKED",
      "The token was refused: the key that signed it was revoked. Ask for a new token.",
    );
  }
  return verifyingKey(key);
}

function listKeys(keys: KeySet | readonly PublicKey[]): readonly PublicKey[] {
  const list: unknown = isList(keys) ? keys : keys?.v === 1 ? keys.keys : undefined;
  if (Array.isArray(list) && list.every(isPublicKey)) return list;
  throw new LeashError(
    "LEASH_CONFIG_INVALID",
    'The keys to verify with are not a key set. Pass the published JSON, `{ "v": 1, "keys": [ … ] }`, or its list of keys.',
  );
}

function isList(keys: KeySet | readonly PublicKey[]): keys is readonly PublicKey[] {
  return Array.isArray(keys);
}

function isPublicKey(key: unknown): key is PublicKey {
  if (!isJsonObject(key)) return false;
  const { kid, purpose, publicKey, createdAt, activeFrom, revokedAt } = key;
  return (
    typeof kid === "string" &&
    PURPOSES.some((known) => known === purpose) &&
    typeof publicKey === "string" &&
    Number.isSafeInteger(createdAt) &&
    (activeFrom === undefined || Number.isSafeInteger(activeFrom)) &&
    (revokedAt === null || Number.isSafeInteger(revokedAt))
  );
}

// Imported keys by their text, since importing one costs more than a verification. Only keys of the verifier's own sets get
// here, so this stays small; the bound is for programs that make new sets without end.
const imported = new Map<string, VerifyingKey>();
const IMPORTED_AT_MOST = 1_000;

function verifyingKey(key: PublicKey): VerifyingKey {
  const name = `${key.kid} ${key.publicKey}`;
  const known = imported.get(name);
  if (known !== undefined) return known;
  if (publicKeyId(key.publicKey) !== key.kid) {
    throw new LeashError(
      "LEASH_CONFIG_INVALID",
      "A key among those to verify with has an id that is not its own. Use the key set exactly as it was published.",
    );
  }
  const made = ed25519().verifyingKey(decodePublicKey(key.publicKey));
  if (imported.size >= IMPORTED_AT_MOST) imported.clear();
  imported.set(name, made);
  return made;
}

/** Epoch milliseconds as ISO 8601 in UTC with milliseconds: the one way times are written in tokens and in the log. */
export function isoTime(at: number): string {
  requireTime(at);
  return new Date(at).toISOString();
}

/** @throws {LeashError} `LEASH_INPUT_INVALID` for what `isoTime` cannot write. */
export function requireTime(at: number): void {
  if (Number.isSafeInteger(at) && at >= 0 && at <= LATEST_TIME) return;
  throw new LeashError(
    "LEASH_INPUT_INVALID",
    "A time is not a whole number of epoch milliseconds up to the year 9999.",
  );
}

const LATEST_TIME = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** The inverse of `isoTime`; undefined for every other spelling, for dates that do not exist and for what is not a string. */
export function parseIsoTime(text: unknown): number | undefined {
  if (typeof text !== "string" || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isSafeInteger(at) && at >= 0 && new Date(at).toISOString() === text ? at : undefined;
}

/** `LEASH_TOKEN_INVALID` with a reason that continues "The token was refused:". */
export function refused(reason: string, cause?: unknown): LeashError {
  return new LeashError("LEASH_TOKEN_INVALID", `The token was refused: ${reason}.`, { cause });
}

function wrongPurpose(expected: Purpose): LeashError {
  return new LeashError(
    "LEASH_TOKEN_PURPOSE",
    `The token was refused: it was not made as ${expected === "proof" ? "a proof" : `a token of purpose "${expected}"`}. Pass the token that was issued for this use.`,
  );
}
