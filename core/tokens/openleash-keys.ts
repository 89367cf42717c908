import { LeashError } from "../errors.ts";
import type { KeySet } from "../model/keys.ts";
import { isoTime, refused } from "./claims.ts";
import { ed25519, type VerifyingKey } from "./ed25519.ts";
import { decodePublicKey } from "./paserk.ts";

/** A public key as OpenLeash servers publish it under `/v1/public-keys`. */
export interface OpenLeashKey {
  readonly kid: string;
  readonly kty?: "OKP";
  readonly alg?: "EdDSA";
  /** SPKI in DER (44 bytes), base64 with padding. */
  readonly public_key_b64: string;
  readonly created_at?: string;
  /** Null or absent for a key that is in use. */
  readonly revoked_at?: string | null;
}

/** The answer of `/v1/public-keys`. */
export interface OpenLeashKeySet {
  readonly keys: readonly OpenLeashKey[];
}

/** RFC 8410: the constant DER bytes before an Ed25519 public key. */
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

/**
 * Our keys as OpenLeash verifiers read them. Those for proofs alone: the format knows no purposes, so that whatever is in it counts as
 * a key for proofs.
 */
export function openLeashKeys({ keys }: KeySet): OpenLeashKeySet {
  return {
    keys: keys
      .filter(({ purpose }) => purpose === "proof")
      .map(({ kid, publicKey, createdAt, revokedAt }) => ({
        kid,
        kty: "OKP",
        alg: "EdDSA",
        public_key_b64: Buffer.concat([SPKI_PREFIX, decodePublicKey(publicKey)]).toString("base64"),
        created_at: isoTime(createdAt),
        revoked_at: revokedAt === null ? null : isoTime(revokedAt),
      })),
  };
}

/**
 * The key of this id. One that is listed twice must pass every time.
 * @throws {LeashError} `LEASH_TOKEN_INVALID` for an unknown id, `LEASH_TOKEN_REVOKED`, `LEASH_CONFIG_INVALID` for malformed keys.
 */
export function openLeashKey(kid: unknown, keys: OpenLeashKeySet): VerifyingKey {
  const candidates = listKeys(keys).filter((key) => key.kid === kid);
  const [key] = candidates;
  if (key === undefined) throw refused("it names a key that is not among the keys given");
  // Whatever it says there: a time that nobody can read is no sign that the key is in use.
  if (candidates.some(({ revoked_at: revokedAt }) => revokedAt !== undefined && revokedAt !== null)) {
    throw new LeashError("LEASH_TOKEN_REVOKED", "The token was refused: the key that signed it was revoked.");
  }
  if (candidates.some((other) => other.public_key_b64 !== key.public_key_b64)) throw malformed();
  return ed25519().verifyingKey(decodeSpki(key.public_key_b64));
}

function listKeys(keys: OpenLeashKeySet): readonly OpenLeashKey[] {
  const list: unknown = keys?.keys;
  if (Array.isArray(list) && list.every(isOpenLeashKey)) return list;
  throw malformed();
}

function isOpenLeashKey(key: unknown): key is OpenLeashKey {
  if (typeof key !== "object" || key === null || !("kid" in key) || !("public_key_b64" in key)) return false;
  const isEd25519 = (!("kty" in key) || key.kty === "OKP") && (!("alg" in key) || key.alg === "EdDSA");
  return isEd25519 && typeof key.kid === "string" && typeof key.public_key_b64 === "string";
}

function decodeSpki(text: string): Buffer {
  const bytes = Buffer.from(text, "base64");
  const isSpki = bytes.subarray(0, SPKI_PREFIX.length).equals(SPKI_PREFIX);
  if (isSpki && bytes.toString("base64") === text) return bytes.subarray(SPKI_PREFIX.length);
  throw malformed();
}

function malformed(): LeashError {
  return new LeashError(
    "LEASH_CONFIG_INVALID",
    "The keys to verify with are not those of an OpenLeash server. Pass the answer of its /v1/public-keys as it is.",
  );
}
