import { LeashError } from "../errors.ts";
import type { Store } from "../store/store.ts";
import type { ProofClaims } from "./proof.ts";

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
export async function useProofOnce(store: Store, claims: Pick<ProofClaims, "kid" | "jti" | "exp">): Promise<void> {
  const { ok } = await store.commit([
    { kind: "used", id: `proof:${claims.kid}:${claims.jti}`, expect: 0, body: { v: 1 }, dueAt: Date.parse(claims.exp) },
  ]);
  if (ok) return;
  throw new LeashError("LEASH_TOKEN_USED", "The token was refused: it was used before. Ask for a new one.");
}
