import { uuidv7 } from "../ids.ts";
import type { JsonObject } from "../model/json.ts";
import type { KeySet, PublicKey } from "../model/keys.ts";
import type { ReceiptClaims, ReceiptVerdict } from "../model/receipt.ts";
import type { Random } from "../model/runtime.ts";
import { isJsonObject } from "../strict-json.ts";
import {
  type ClaimCheck,
  type ClaimChecks,
  commonChecks,
  holdsClaims,
  isListOf,
  isNullOr,
  isOneOf,
  isOptional,
  isText,
  isTime,
  openClaims,
} from "../tokens/claim-checks.ts";
import { isoTime, refused } from "../tokens/claims.ts";
import { requireExpectedHash, requireExpectedText } from "../tokens/expectation.ts";
import { requireSigner } from "../tokens/issue.ts";
import type { Signer } from "../tokens/keys.ts";

/** What the caller states of a run; the rest is the signer's. */
export type ReceiptInput = Omit<ReceiptClaims, "v" | "iss" | "purpose" | "kid" | "jti" | "iat">;

/**
 * One signed token that ties a request, the yes behind it, and what became of it.
 * @param at epoch milliseconds.
 * @throws {LeashError} `LEASH_TOKEN_PURPOSE` when the signer is not one for receipts, `LEASH_INPUT_INVALID` when a claim is not
 * plain JSON or the token too long.
 */
export function issueReceipt(signer: Signer, input: ReceiptInput, at: number, random: Random): string {
  requireSigner(signer, "receipt");
  return signer.sign({ ...(input as unknown as JsonObject), iat: isoTime(at), jti: uuidv7(at, random) });
}

/** What a verifier expects. What is left out is not checked. */
export interface ReceiptExpectation {
  /** Digest of the action, hex; the prefix `sha256:` is accepted. */
  readonly action?: string;
  /** SHA-256 of the RFC 8785 text of the input, hex; the prefix `sha256:` is accepted. */
  readonly input?: string;
  /** Id of the action. */
  readonly actionId?: string;
  readonly agent?: string;
  readonly tenant?: string;
  /** Id (`jti`) of the proof that the run had. */
  readonly proof?: string;
}

/**
 * Checks a receipt offline, with nothing but the published keys, and returns what it says. A receipt does not expire.
 *
 * It says how a run ended as far as the process that ran it could tell: `unknown` means that nobody knows, `output_hash` is what
 * the tool returned, not what it did. Trust it as far as the place the keys came from.
 *
 * @param token PASETO v4.public with the implicit assertion `leashkit/receipt/1`.
 * @throws {LeashError} `LEASH_TOKEN_INVALID`, `LEASH_TOKEN_PURPOSE` or `LEASH_TOKEN_REVOKED`; `LEASH_CONFIG_INVALID` when keys or
 * expectation are malformed.
 * @example const { outcome, output_hash } = verifyReceipt(token, keys, { action: digest });
 */
export function verifyReceipt(
  token: string,
  keys: KeySet | readonly PublicKey[],
  expected: ReceiptExpectation = {},
): ReceiptClaims {
  const claims = openClaims(token, "receipt", keys, RECEIPT_CLAIMS);
  requireExpected(claims, expected);
  return claims;
}

/** @throws {LeashError} `LEASH_TOKEN_INVALID`; `LEASH_CONFIG_INVALID` when the expectation is malformed. */
export function requireExpected(claims: ReceiptClaims, expected: ReceiptExpectation): void {
  const { action, actionId, agent, input, proof, tenant } = expected;
  const isSameHash = (name: string, stated: string | undefined, found: string): boolean =>
    stated === undefined || requireExpectedHash(name, stated) === found;
  const isSameText = (name: string, stated: string | undefined, found: string): boolean =>
    stated === undefined || requireExpectedText(name, stated) === found;
  if (!isSameHash("action", action, claims.action_hash)) throw refused("it is about another action");
  if (!isSameHash("input", input, claims.input_hash)) throw refused("it is about another input");
  if (!isSameText("actionId", actionId, claims.action_id)) throw refused("it is about another call");
  if (!isSameText("agent", agent, claims.agent_id)) throw refused("it is about another agent");
  if (!isSameText("tenant", tenant, claims.tenant)) throw refused("it is another tenant's");
  if (!isSameText("proof", proof, claims.proof_jti)) throw refused("it is about a run with another proof");
}

/** Lower-case hex, and nothing before it. */
const isBareHash: ClaimCheck = (value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
const isWhole: ClaimCheck = (value) => Number.isSafeInteger(value) && Number(value) >= 0;

const VERDICT: ClaimChecks<ReceiptVerdict> = {
  approver: isText,
  method: isText,
  assurance: isOneOf("link", "login", "step_up"),
  at: isTime,
  verdict_hash: isBareHash,
};

/** What every receipt says. */
export const RECEIPT_CLAIMS: ClaimChecks<ReceiptClaims> = {
  ...commonChecks("receipt"),
  sub: isNullOr(isText),
  agent_id: isText,
  chain: isNullOr(isListOf(isText)),
  action_id: isText,
  action_type: isText,
  action_hash: isBareHash,
  input_hash: isBareHash,
  outcome: isOneOf("done", "failed", "unknown"),
  effect: isOptional(isOneOf("none", "unknown")),
  output_hash: isNullOr(isBareHash),
  started_at: isTime,
  ended_at: isTime,
  duration_ms: isWhole,
  attempt: isWhole,
  policy_id: isText,
  policy_digest: isText,
  rule: isNullOr(isText),
  decision_id: isText,
  proof_jti: isText,
  proof_kid: isText,
  idempotency_key: isText,
  approval_id: isNullOr(isText),
  allowance_id: isOptional(isText),
  approvers: isListOf((value) => isJsonObject(value) && holdsClaims(value, VERDICT)),
  issued_late: isOptional(isOneOf(true)),
};
