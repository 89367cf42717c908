import type { Allowance } from "../model/allowance.ts";
import type { JsonObject } from "../model/json.ts";
import type { KeySet, PublicKey } from "../model/keys.ts";
import type { Random } from "../model/runtime.ts";
import { isoTime } from "./claims.ts";
import type { Signer } from "./keys.ts";
import { signStatement, verifyStatement } from "./statement.ts";

/** An allowance before the desk signs it. */
export type AllowanceInput = Omit<Allowance, "token">;

/**
 * Signs an approver's standing yes with the desk's key.
 * @throws {LeashError} `LEASH_TOKEN_PURPOSE` when the signer is not one for approvals.
 */
export function signAllowance(signer: Signer, input: AllowanceInput, random: Random): Allowance {
  return { ...input, token: signStatement(signer, allowanceClaims(input), input.grantedAt, random) };
}

/** True when the desk signed exactly this standing yes. What was used or revoked of it is the row's word. Never throws. */
export function verifyAllowance(allowance: Allowance, keys: KeySet | readonly PublicKey[]): boolean {
  return verifyStatement(allowance, () => allowanceClaims(allowance), keys);
}

/** One claim for everything that does not change. `answer` is none of a verdict's: neither is mistaken for the other. */
function allowanceClaims(allowance: AllowanceInput): JsonObject {
  const { v, id, tenant, subject, agent, chain, tool, session, counterparty, approver, shape, vary, rule, uses } =
    allowance;
  return {
    v,
    answer: "allow_again",
    allowance_id: id,
    approval_id: allowance.approvalId,
    tenant,
    subject,
    agent,
    chain,
    tool,
    session,
    counterparty,
    schema_digest: allowance.schemaDigest,
    shape,
    vary,
    rule,
    rule_digest: allowance.ruleDigest,
    uses,
    approver,
    granted_at: isoTime(allowance.grantedAt),
    expires_at: isoTime(allowance.expiresAt),
  };
}
