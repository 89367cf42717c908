import type { PublicKey, Purpose } from "../model/keys.ts";
import type { Clock, Random } from "../model/runtime.ts";
import { SEED_BYTES, type SigningKey } from "./ed25519.ts";
import { decodeSecretKey, encodePublicKey, encodeSecretKey, publicKeyId } from "./paserk.ts";

/** One key of a ring: what the world may know of it, and the half that signs. */
export interface KeyEntry {
  readonly published: PublicKey;
  readonly signingKey: SigningKey;
}

/** Where keys get their birth dates and their seeds from. */
export interface KeySources {
  readonly clock: Clock;
  readonly random: Random;
}

/** A new secret key as PASERK `k4.secret`. Whoever reads it can sign. */
export function newSecretKey(random: Random): string {
  const seed = random(SEED_BYTES);
  const secret = encodeSecretKey(seed);
  seed.fill(0);
  return secret;
}

/** @throws {LeashError} `LEASH_CONFIG_INVALID` when the secret is malformed. */
export function keyEntry(
  secret: string,
  details: { readonly purpose: Purpose; readonly createdAt: number; readonly revokedAt: number | null },
): KeyEntry {
  const signingKey = decodeSecretKey(secret);
  const publicKey = encodePublicKey(signingKey.publicKey);
  const { purpose, createdAt, revokedAt } = details;
  return {
    signingKey,
    published: Object.freeze({ kid: publicKeyId(publicKey), purpose, publicKey, createdAt, revokedAt }),
  };
}
