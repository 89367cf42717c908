// #region verify
import { canonicalText, type KeySet, type ProofClaims, sha256Hex, verifyProof } from "@leashkit/core";

/** Run by whoever receives a request: throws unless the proof was made for you, for exactly this body, and still holds. */
export function requireProof(body: unknown, proof: string, keys: KeySet): ProofClaims {
  return verifyProof(proof, keys, { audience: "shop.example", input: sha256Hex(canonicalText(body)) });
}
// #endregion
