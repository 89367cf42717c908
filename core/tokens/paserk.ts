import { blake2b } from "@noble/hashes/blake2.js";
import { LeashError } from "../errors.ts";
import { ed25519, PUBLIC_KEY_BYTES, SEED_BYTES, type SigningKey } from "./ed25519.ts";

/** Keys as text: PASERK for version 4, https://github.com/paseto-standard/paserk (types public, secret and pid). */
const PUBLIC = "k4.public.";
const SECRET = "k4.secret.";
const ID = "k4.pid.";

export type PublicKeyText = `${typeof PUBLIC}${string}`;
export type SecretKeyText = `${typeof SECRET}${string}`;
export type KeyId = `${typeof ID}${string}`;

/** BLAKE2b-264, as the operations of PASERK ids ask. */
const ID_BYTES = 33;

/** @throws {LeashError} `LEASH_CONFIG_INVALID` when it is not 32 bytes. */
export function encodePublicKey(publicKey: Uint8Array): PublicKeyText {
  if (publicKey.length !== PUBLIC_KEY_BYTES) throw malformed(PUBLIC);
  return `${PUBLIC}${toText(publicKey)}`;
}

/** @throws {LeashError} `LEASH_CONFIG_INVALID` when it is not a well-formed `k4.public`. */
export function decodePublicKey(paserk: string): Uint8Array {
  return decode(paserk, PUBLIC, PUBLIC_KEY_BYTES);
}

/**
 * The secret key of a seed as text: 32 bytes of seed, then 32 of public key. Whoever reads it can sign.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` when the seed is not 32 bytes.
 */
export function encodeSecretKey(seed: Uint8Array): SecretKeyText {
  return `${SECRET}${toText(Buffer.concat([seed, ed25519().signingKey(seed).publicKey]))}`;
}

/**
 * The signing key of a `k4.secret`. Its public half must belong to its seed: a signer that trusts a foreign one gives its
 * secret away.
 * @throws {LeashError} `LEASH_CONFIG_INVALID`; the message never quotes the text.
 */
export function decodeSecretKey(paserk: string): SigningKey {
  const bytes = decode(paserk, SECRET, SEED_BYTES + PUBLIC_KEY_BYTES);
  const key = ed25519().signingKey(bytes.subarray(0, SEED_BYTES));
  if (!Buffer.from(key.publicKey).equals(bytes.subarray(SEED_BYTES))) throw malformed(SECRET);
  bytes.fill(0);
  return key;
}

/**
 * The id of a public key, safe to publish and to put into tokens.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` when it is not a well-formed `k4.public`.
 */
export function publicKeyId(paserk: string): KeyId {
  decodePublicKey(paserk);
  return `${ID}${toText(blake2b(Buffer.from(ID + paserk), { dkLen: ID_BYTES }))}`;
}

function decode(paserk: string, header: string, size: number): Buffer {
  if (!paserk.startsWith(header)) throw malformed(header);
  const bytes = Buffer.from(paserk.slice(header.length), "base64url");
  if (bytes.length !== size || toText(bytes) !== paserk.slice(header.length)) throw malformed(header);
  return bytes;
}

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}

function malformed(header: string): LeashError {
  return new LeashError(
    "LEASH_CONFIG_INVALID",
    `A key is not a well-formed PASERK "${header}…": wrong type, version, length or spelling. Use the text exactly as it was exported.`,
  );
}
