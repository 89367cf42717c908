import { LeashError } from "../errors.ts";
import { uuidv7 } from "../ids.ts";
import type { JsonObject } from "../model/json.ts";
import type { KeySet, PublicKey } from "../model/keys.ts";
import type { ReceiptClaims } from "../model/receipt.ts";
import type { Random } from "../model/runtime.ts";
import { isoTime, openToken, parseIsoTime, refused } from "../tokens/claims.ts";
import { requireExpectedHash, requireExpectedText } from "../tokens/expectation.ts";
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
  if (signer.purpose !== "receipt") {
    throw new LeashError(
      "LEASH_TOKEN_PURPOSE",
      `A receipt cannot be signed with a key for the purpose "${signer.purpose}". Use the key ring's signer("receipt").`,
    );
  }
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
  const claims = openToken(token, "receipt", keys);
  if (!isReceipt(claims)) throw refused("a claim is missing or malformed");
  const { action, actionId, agent, input, tenant } = expected;
  const isHash = (name: string, stated: string | undefined, found: string): boolean =>
    stated === undefined || requireExpectedHash(name, stated) === found;
  const isText = (name: string, stated: string | undefined, found: string): boolean =>
    stated === undefined || requireExpectedText(name, stated) === found;
  if (!isHash("action", action, claims.action_hash)) throw refused("it is about another action");
  if (!isHash("input", input, claims.input_hash)) throw refused("it is about another input");
  if (!isText("actionId", actionId, claims.action_id)) throw refused("it is about another call");
  if (!isText("agent", agent, claims.agent_id)) throw refused("it is about another agent");
  if (!isText("tenant", tenant, claims.tenant)) throw refused("it is another tenant's");
  return claims;
}

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === "string";
const textOrNull: Check = (value) => value === null || typeof value === "string";
const time: Check = (value) => parseIsoTime(value) !== undefined;
const hash: Check = (value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
const whole: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const oneOf =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);

const VERDICT: Readonly<Record<keyof ReceiptClaims["approvers"][number], Check>> = {
  approver: text,
  method: text,
  assurance: oneOf("link", "login", "step_up"),
  at: time,
  verdict_hash: hash,
};

const CLAIMS: Readonly<Record<keyof ReceiptClaims, Check>> = {
  v: oneOf(1),
  iss: oneOf("leashkit"),
  purpose: oneOf("receipt"),
  kid: text,
  jti: text,
  iat: time,
  tenant: text,
  sub: textOrNull,
  agent_id: text,
  chain: (value) => value === null || listOf(text)(value),
  action_id: text,
  action_type: text,
  action_hash: hash,
  input_hash: hash,
  outcome: oneOf("done", "failed", "unknown"),
  effect: optional(oneOf("none", "unknown")),
  output_hash: (value) => value === null || hash(value),
  started_at: time,
  ended_at: time,
  duration_ms: whole,
  attempt: whole,
  policy_id: text,
  policy_digest: text,
  rule: textOrNull,
  decision_id: text,
  proof_jti: text,
  proof_kid: text,
  idempotency_key: text,
  approval_id: textOrNull,
  allowance_id: optional(text),
  approvers: listOf((value) => hasAll(value, VERDICT)),
  issued_late: optional(oneOf(true)),
};

function isReceipt(claims: JsonObject): claims is JsonObject & ReceiptClaims {
  return hasAll(claims, CLAIMS);
}

function hasAll(value: unknown, checks: Readonly<Record<string, Check>>): boolean {
  if (typeof value !== "object" || value === null) return false;
  const members = new Map<string, unknown>(Object.entries(value));
  return Object.entries(checks).every(([name, holds]) => holds(members.get(name)));
}
