import type { PublicKey, Purpose } from "../model/keys.ts";
import type { Clock, Random } from "../model/runtime.ts";
import { SEED_BYTES, type SigningKey } from "./ed25519.ts";
import { decodeSecretKey, encodePublicKey, encodeSecretKey, publicKeyId } from "./paserk.ts";

/** One key of a ring: what the world may know of it, and the half that signs. */
export interface KeyEntry {
  readonly published: PublicKey;
  /**
   * The half that signs.
   * @throws {LeashError} `LEASH_CONFIG_INVALID` where it is sealed, and the passphrase is missing or another one.
   */
  unlock(): SigningKey;
}

/** Where keys get their birth dates and their seeds from. */
export interface KeySources {
  readonly clock: Clock;
  readonly random: Random;
}

/** What is known of a key beside its two halves. */
export interface KeyDetails {
  readonly purpose: Purpose;
  readonly createdAt: number;
  /** Default: it signs from the start. */
  readonly activeFrom?: number | undefined;
  readonly revokedAt: number | null;
}

/** A new secret key as PASERK `k4.secret`. Whoever reads it can sign. */
export function newSecretKey(random: Random): string {
  const seed = random(SEED_BYTES);
  const secret = encodeSecretKey(seed);
  seed.fill(0);
  return secret;
}

/** @throws {LeashError} `LEASH_CONFIG_INVALID` when the secret is malformed. */
export function keyEntry(secret: string, details: KeyDetails): KeyEntry {
  const signingKey = decodeSecretKey(secret);
  const publicKey = encodePublicKey(signingKey.publicKey);
  return {
    unlock: () => signingKey,
    published: publishedKey(publicKey, details),
  };
}

/** @throws {LeashError} `LEASH_CONFIG_INVALID` when the key is malformed. */
export function publishedKey(publicKey: string, { purpose, createdAt, activeFrom, revokedAt }: KeyDetails): PublicKey {
  const begin = activeFrom === undefined ? {} : { activeFrom };
  return Object.freeze({ kid: publicKeyId(publicKey), purpose, publicKey, createdAt, ...begin, revokedAt });
}

/** When a key that is made now counts as made: after every key that is there, so that it signs in the place of those that do. */
export function nextCreatedAt(entries: readonly KeyEntry[], now: number): number {
  return Math.max(now, ...entries.map(({ published }) => published.createdAt + 1));
}

/** The key, marked as revoked. One that is revoked stays as it is: the first time is when it stopped to be trusted. */
export function revokedEntry<Entry extends KeyEntry>(entry: Entry, at: number): Entry {
  if (entry.published.revokedAt !== null) return entry;
  return { ...entry, published: Object.freeze({ ...entry.published, revokedAt: at }) };
}
