import { LeashError } from "../errors.ts";
import type { Store } from "../store/store.ts";
import type { Retention } from "../store/sweep.ts";
import type { ProofClaims } from "./proof.ts";

/** What tells one token from every other, and until when it is valid. */
export type TokenIdentity = Pick<ProofClaims, "kid" | "jti" | "exp">;

/**
 * Where tokens are marked as used, so that each is taken once: a store (as large as the circle that must not take one twice), or
 * one's own function, which rejects with `LEASH_TOKEN_USED` where it has seen the token.
 */
export type Once = Store | ((token: TokenIdentity) => Promise<void>);

/** Marks of tokens that have expired: those are refused for their time. */
export const USED_RETENTION: Retention = { kind: "used" };

/**
 * Marks a verified proof as used, for counterparties who take each proof once. Of any number of tries, in any number of
 * processes over one store, exactly one succeeds. The mark is due for removal when the proof has expired.
 *
 * @param claims What `verifyProof` returned; nothing else may be trusted here.
 * @throws {LeashError} `LEASH_TOKEN_USED` when it was used before, `LEASH_STORE_UNAVAILABLE` when the store cannot tell: the
 * proof must not be accepted then either.
 * @example
 * const claims = verifyProof(token, keys, { audience: "shop.example.com" });
 * await useProofOnce(store, claims);
 */
export async function useProofOnce(store: Store, claims: TokenIdentity): Promise<void> {
  return useOnce(store, "proof", claims);
}

/**
 * Marks a verified token of some kind as used.
 * @param kind Keeps apart what could have the same id: the token's purpose, or the dialect it comes in.
 * @throws {LeashError} `LEASH_TOKEN_USED`, `LEASH_STORE_UNAVAILABLE`, and what a function of the verifier's own throws.
 */
export async function useOnce(once: Once, kind: string, token: TokenIdentity): Promise<void> {
  if (typeof once === "function") return once(token);
  const { ok } = await once.commit([
    { kind: "used", id: `${kind}:${token.kid}:${token.jti}`, expect: 0, body: { v: 1 }, dueAt: Date.parse(token.exp) },
  ]);
  if (ok) return;
  throw new LeashError("LEASH_TOKEN_USED", "The token was refused: it was used before. Ask for a new one.");
}

/** The time by which a token that is taken once is checked: a store's does not run back, so no mark goes before its token. */
export function timeOf(once: Once): number {
  return typeof once === "function" ? Date.now() : once.now();
}
