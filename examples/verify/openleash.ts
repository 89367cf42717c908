import { type OpenLeashKeySet, type OpenLeashProofClaims, verifyProof } from "@leashkit/core";

// #region openleash
/** Run by whoever deals with agents on an OpenLeash server; `keys` is what that server answers to `/v1/public-keys`. */
export function requireOpenLeashProof(action: string, proof: string, keys: OpenLeashKeySet): OpenLeashProofClaims {
  return verifyProof(proof, keys, { dialect: "openleash", action });
}
// #endregion
