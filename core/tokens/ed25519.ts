import { createHash, createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import * as noble from "@noble/ed25519";
import { LeashError } from "../errors.ts";

/** Sizes in bytes, RFC 8032 section 5.1. */
export const SEED_BYTES = 32;
export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** A secret key, ready to sign. It does not give its seed back. */
export interface SigningKey {
  /** The 32 bytes of the public half. */
  readonly publicKey: Uint8Array;
  /** The 64 bytes of the signature. */
  sign(message: Uint8Array): Uint8Array;
}

/** A public key, ready to verify. `verify` answers false to anything that is not a signature of it; it does not throw. */
export interface VerifyingKey {
  verify(message: Uint8Array, signature: Uint8Array): boolean;
}

/**
 * Ed25519 (RFC 8032, pure, no context). Both implementations make the same signatures; both refuse a signature whose S is not
 * reduced, so nobody can make a second valid one out of the first.
 */
export interface Ed25519 {
  signingKey(seed: Uint8Array): SigningKey;
  verifyingKey(publicKey: Uint8Array): VerifyingKey;
}

// RFC 8410: the constant DER bytes before the seed (PKCS #8) and before the public key (SPKI).
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

/** Over `node:crypto`. The key objects are made once, not per signature: that is most of the cost of a naive signer. */
export const nodeEd25519: Ed25519 = {
  signingKey(seed) {
    const der = Buffer.concat([PKCS8_PREFIX, requireBytes(seed, SEED_BYTES, "seed")]);
    const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    der.fill(0);
    const publicKey = createPublicKey(key).export({ format: "der", type: "spki" }).subarray(SPKI_PREFIX.length);
    return { publicKey: Uint8Array.from(publicKey), sign: (message) => sign(null, message, key) };
  },
  verifyingKey(publicKey) {
    const der = Buffer.concat([SPKI_PREFIX, requireBytes(publicKey, PUBLIC_KEY_BYTES, "public key")]);
    const key = createPublicKey({ key: der, format: "der", type: "spki" });
    return {
      verify: (message, signature) => signature.length === SIGNATURE_BYTES && verify(null, message, key, signature),
    };
  },
};

/** In JavaScript, for builds of Node.js whose OpenSSL offers no Ed25519; about ten times slower. */
export const portableEd25519: Ed25519 = {
  signingKey(seed) {
    provideSha512();
    const secret = Uint8Array.from(requireBytes(seed, SEED_BYTES, "seed"));
    return { publicKey: noble.getPublicKey(secret), sign: (message) => noble.sign(message, secret) };
  },
  verifyingKey(publicKey) {
    provideSha512();
    const key = Uint8Array.from(requireBytes(publicKey, PUBLIC_KEY_BYTES, "public key"));
    return {
      verify: (message, signature) =>
        signature.length === SIGNATURE_BYTES && noble.verify(signature, message, key, { zip215: false }),
    };
  },
};

/** The synchronous half of the library brings no SHA-512 of its own. */
function provideSha512(): void {
  noble.hashes.sha512 ??= (message) => Uint8Array.from(createHash("sha512").update(message).digest());
}

/** The implementation this process uses: `node:crypto` where it can sign, else the portable one. Asked once. */
export function ed25519(): Ed25519 {
  chosen ??= choose();
  return chosen;
}

let chosen: Ed25519 | undefined;

function choose(): Ed25519 {
  try {
    nodeEd25519.signingKey(new Uint8Array(SEED_BYTES)).sign(new Uint8Array(0));
    return nodeEd25519;
  } catch {
    return portableEd25519;
  }
}

function requireBytes(bytes: Uint8Array, size: number, what: string): Uint8Array {
  if (bytes.length === size) return bytes;
  throw new LeashError("LEASH_CONFIG_INVALID", `An Ed25519 ${what} has ${size} bytes; this one has ${bytes.length}.`);
}
