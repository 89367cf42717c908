import { canonicalText } from "../canonical.ts";
import { uuidv7 } from "../ids.ts";
import type { Approval, SignedAct } from "../model/approval.ts";
import type { JsonObject } from "../model/json.ts";
import type { KeySet, PublicKey } from "../model/keys.ts";
import type { Random } from "../model/runtime.ts";
import { isoTime, openToken } from "./claims.ts";
import { requireSigner } from "./issue.ts";
import type { Signer } from "./keys.ts";

/** What a verdict or an edit is bound to: this approval, of this tenant, for this call and these very bytes. */
export type StatementSubject = Pick<Approval, "id" | "callKey" | "digest" | "principal">;

/** What a verdict and an edit both claim: who proved what of themselves, when, and what it is bound to. */
export function actClaims(
  { roles, method, assurance, device, reason, at }: Omit<SignedAct, "token">,
  { callKey, digest, id, principal }: StatementSubject,
): JsonObject {
  return {
    tenant: principal.tenant,
    approval_id: id,
    call_key: callKey,
    action_hash: digest,
    roles,
    method,
    assurance,
    device,
    reason,
    at: isoTime(at),
  };
}

/**
 * Signs what a person did at the desk.
 * @throws {LeashError} `LEASH_TOKEN_PURPOSE` when the signer is not one for approvals, `LEASH_INPUT_INVALID` when the claims are
 * not plain JSON or too long.
 */
export function signStatement(signer: Signer, claims: JsonObject, at: number, random: Random): string {
  requireSigner(signer, "approval");
  return signer.sign({ ...claims, jti: uuidv7(at, random) });
}

/** True when the desk signed every one of these claims. Never throws. */
export function verifyStatement(
  stated: { readonly token: string },
  claimsOf: () => JsonObject,
  keys: KeySet | readonly PublicKey[],
): boolean {
  try {
    const claims = openToken(stated.token, "approval", keys);
    // Canonical texts, so that the lists of roles compare by what is in them.
    return Object.entries(claimsOf()).every(([name, value]) => canonicalText(claims[name]) === canonicalText(value));
  } catch {
    return false;
  }
}
