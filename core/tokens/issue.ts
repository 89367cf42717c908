import { LeashError } from "../errors.ts";
import { uuidv7 } from "../ids.ts";
import type { JsonObject } from "../model/json.ts";
import type { Purpose } from "../model/keys.ts";
import type { Random } from "../model/runtime.ts";
import { isoTime } from "./claims.ts";
import type { Signer } from "./keys.ts";

/** A token that was made, and what of it is worth keeping. */
export interface IssuedToken {
  readonly token: string;
  readonly kid: string;
  readonly jti: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** When a token is made, and for how long. */
export interface Lifetime {
  /** Epoch milliseconds, of the store's clock. */
  readonly now: number;
  /** Milliseconds; what is beyond the cap of the token's kind does not count. */
  readonly ttlMs: number;
  readonly capMs: number;
}

/** What a token is called in errors. */
const NAMES: Readonly<Record<Purpose, string>> = {
  proof: "A proof",
  approval: "A verdict",
  attestation: "An attestation",
  receipt: "A receipt",
  session: "A session",
  checkpoint: "A checkpoint",
};

/**
 * Signs claims as a token of one kind, with its times and its id.
 * @throws {LeashError} `LEASH_TOKEN_PURPOSE` when the signer is one for another kind, `LEASH_INPUT_INVALID` when the lifetime is not
 * a whole, positive number or a claim is not plain JSON.
 */
export function issueToken(
  signer: Signer,
  purpose: Purpose,
  claims: JsonObject,
  { lifetime, random }: { readonly lifetime: Lifetime; readonly random: Random },
): IssuedToken {
  requireSigner(signer, purpose);
  const expiresAt = expiryOf(purpose, lifetime);
  const iat = isoTime(lifetime.now);
  const jti = uuidv7(lifetime.now, random);
  const token = signer.sign({ ...claims, iat, nbf: iat, exp: isoTime(expiresAt), jti });
  return { token, kid: signer.kid, jti, expiresAt };
}

/**
 * Until when a token lives. Epoch milliseconds.
 * @throws {LeashError} `LEASH_INPUT_INVALID` when its lifetime is not a whole, positive number.
 */
export function expiryOf(purpose: Purpose, { capMs, now, ttlMs }: Lifetime): number {
  if (Number.isSafeInteger(ttlMs) && ttlMs > 0) return now + Math.min(ttlMs, capMs);
  throw new LeashError(
    "LEASH_INPUT_INVALID",
    `${NAMES[purpose]} must live for a whole, positive number of milliseconds.`,
  );
}

/** @throws {LeashError} `LEASH_TOKEN_PURPOSE` when it is one for another kind of token. */
export function requireSigner(signer: Signer, purpose: Purpose): void {
  if (signer.purpose === purpose) return;
  throw new LeashError(
    "LEASH_TOKEN_PURPOSE",
    `${NAMES[purpose]} cannot be signed with a key for the purpose "${signer.purpose}". Use the key ring's signer("${purpose}").`,
  );
}
