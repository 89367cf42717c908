import type { PublicKey, Purpose } from "../model/keys.ts";

/** `published`: signs later. `active`: signs. `retiring`: verifies what it signed. `revoked`: verifies nothing. */
export type KeyState = "published" | "active" | "retiring" | "revoked";

/**
 * What a key does at a time.
 * @param keys All of its ring, as `keySet()` gives them.
 * @param now Epoch milliseconds.
 * @example const active = keys.filter((key) => keyState(key, keys, Date.now()) === "active");
 */
export function keyState(key: PublicKey, keys: readonly PublicKey[], now: number): KeyState {
  if (key.revokedAt !== null) return "revoked";
  if (!hasBegun(key, now)) return "published";
  return activeKey(key.purpose, keys, now)?.kid === key.kid ? "active" : "retiring";
}

/** The key that signs at a time: of those that have begun and are not revoked, the one that began last. */
export function activeKey(purpose: Purpose, keys: readonly PublicKey[], now: number): PublicKey | undefined {
  return keys
    .filter((key) => key.purpose === purpose && key.revokedAt === null && hasBegun(key, now))
    .reduce<PublicKey | undefined>((last, key) => (last !== undefined && isLater(last, key) ? last : key), undefined);
}

/** A key without a time of its own has begun when it was made, though the clock may have run back since. */
function hasBegun({ activeFrom }: PublicKey, now: number): boolean {
  return activeFrom === undefined || activeFrom <= now;
}

function isLater(one: PublicKey, other: PublicKey): boolean {
  const apart = begin(one) - begin(other);
  return apart === 0 ? one.createdAt > other.createdAt : apart > 0;
}

function begin({ activeFrom, createdAt }: PublicKey): number {
  return activeFrom ?? createdAt;
}
