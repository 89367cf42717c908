import type { Verdict } from "../model/approval.ts";
import type { JsonObject } from "../model/json.ts";
import type { KeySet, PublicKey } from "../model/keys.ts";
import type { Random } from "../model/runtime.ts";
import type { Signer } from "./keys.ts";
import { actClaims, signStatement, type StatementSubject, verifyStatement } from "./statement.ts";

/** A person's answer, before the desk signs it. */
export interface VerdictInput extends Omit<Verdict, "v" | "token"> {
  readonly approval: StatementSubject;
  readonly random: Random;
}

/**
 * Signs a person's answer with the desk's key.
 * @throws {LeashError} `LEASH_TOKEN_PURPOSE` when the signer is not one for approvals, `LEASH_INPUT_INVALID` when the answer is
 * not plain JSON or its reason too long.
 */
export function signVerdict(signer: Signer, input: VerdictInput): Verdict {
  const { answer, approver, roles, method, assurance, device, reason, at } = input;
  const unsigned = { v: 1, answer, approver, roles, method, assurance, device, reason, at } as const;
  return { ...unsigned, token: signStatement(signer, verdictClaims(unsigned, input.approval), at, input.random) };
}

/**
 * True when the desk that holds one of the keys signed exactly this answer to exactly this approval: the signature holds under
 * a key for approvals that is not revoked, and every member of the verdict and of the approval's binding equals its claim. Never
 * throws: whatever is malformed is not a verdict. Whether the answer is a yes, in time and by somebody who may give it, is the
 * caller's to check.
 */
export function verifyVerdict(
  verdict: Verdict,
  approval: StatementSubject,
  keys: KeySet | readonly PublicKey[],
): boolean {
  return verifyStatement(verdict, () => verdictClaims(verdict, approval), keys);
}

/** One claim for every member of a verdict and of what it is bound to. */
function verdictClaims(verdict: Omit<Verdict, "token">, approval: StatementSubject): JsonObject {
  const { v, answer, approver } = verdict;
  return { ...actClaims(verdict, approval), v, answer, approver };
}
