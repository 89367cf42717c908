import { LeashError } from "../errors.ts";
import { uuidv7 } from "../ids.ts";
import type { Action } from "../model/call.ts";
import type { BoundClaims } from "../model/claims.ts";
import type { Decision } from "../model/decision.ts";
import type { JsonObject } from "../model/json.ts";
import type { Random } from "../model/runtime.ts";
import { isoTime, requireTime } from "./claims.ts";
import { expiryOf, type IssuedToken, requireSigner } from "./issue.ts";
import type { Signer } from "./keys.ts";

/** Milliseconds. No proof lives longer, whatever the policy says; a verifier refuses one that claims to. */
export const PROOF_TTL_CAP_MS = 3_600_000;

/**
 * What a proof says, as in the token. `sub` is on whose behalf the agent acts, `aud` whom the proof is for: the counterparty's id,
 * else the agent's own. A verifier that wants every proof to be used once keeps each `jti` until `exp`; see `useProofOnce`. Hashes
 * are lower-case hex.
 */
export interface ProofClaims extends BoundClaims<"proof"> {
  /** The same over all attempts at one call. */
  readonly action_id: string;
  /** The registered name of the tool. */
  readonly action_type: string;
  /** Digest of the whole action: tenant, agent, subject, tool and input. */
  readonly action_hash: string;
  /** SHA-256 of the RFC 8785 text of the input alone, which a counterparty can compute from what it received. */
  readonly input_hash: string;
  readonly decision: "ALLOW";
  readonly policy_id: string;
  readonly policy_digest: string;
  readonly rule: string | null;
  /** Set when a person said yes. */
  readonly approval_id?: string;
  readonly decision_id: string;
  readonly owner_type: "user";
  readonly owner_id: string;
  readonly agent_id: string;
  readonly matched_rule_id: string | null;
  readonly trust_profile?: string;
}

/** What a proof is made of. */
export interface ProofInput {
  /** Exactly what runs, after every transform. */
  readonly action: Pick<Action, "actionId" | "digest" | "inputDigest" | "tool" | "principal">;
  readonly decision: Pick<Decision, "rule" | "policyId" | "policyDigest" | "counterparty" | "proofTtlMs">;
  readonly decisionId: string;
  readonly approvalId: string | null;
  /** Epoch milliseconds, store clock. */
  readonly now: number;
  readonly random: Random;
}

/** A proof that was made. Its `token` is signed when it is first read, with the key that was the newest when it was issued. */
export type IssuedProof = IssuedToken;

/** The trust levels that OpenLeash verifiers know; other words stay out of the token. */
const TRUST_PROFILES: readonly string[] = ["LOW", "MEDIUM", "HIGH", "REGULATED"];

/**
 * A short-lived token that says: this very action was allowed. Lives `decision.proofTtlMs` milliseconds, one hour at most.
 * @throws {LeashError} `LEASH_TOKEN_PURPOSE` when the signer is not one for proofs, `LEASH_INPUT_INVALID` when the lifetime is
 * not a whole, positive number or a claim is not plain JSON.
 */
export function issueProof(signer: Signer, input: ProofInput): IssuedProof {
  const { decision, now } = input;
  requireSigner(signer, "proof");
  const expiresAt = expiryOf("proof", { now, ttlMs: decision.proofTtlMs, capMs: PROOF_TTL_CAP_MS });
  requireTime(now);
  requireTime(expiresAt);
  const jti = uuidv7(now, input.random);
  const claims = untimedClaims(input, jti);
  requireSignable(claims);
  let token: string | undefined;
  return {
    // Most tools never read it, and a signature costs as much as all the rest of the way.
    get token() {
      return (token ??= signer.sign(withTimes(claims, now, expiresAt)));
    },
    kid: signer.kid,
    jti,
    expiresAt,
  };
}

type UntimedClaims = Readonly<Record<string, string | null | undefined>>;

/** All that a proof says but its times. Written out, not put together: this is made for every call. */
function untimedClaims({ action, approvalId, decision, decisionId }: ProofInput, jti: string): UntimedClaims {
  const { principal } = action;
  const trust = decision.counterparty?.trust;
  return {
    sub: principal.subject,
    aud: decision.counterparty?.id ?? principal.agent,
    jti,
    tenant: principal.tenant,
    action_id: action.actionId,
    action_type: action.tool,
    action_hash: action.digest,
    input_hash: action.inputDigest,
    decision: "ALLOW",
    policy_id: decision.policyId,
    policy_digest: decision.policyDigest,
    rule: decision.rule,
    approval_id: approvalId ?? undefined,
    // The same under the names that OpenLeash verifiers read.
    decision_id: decisionId,
    owner_type: "user",
    owner_id: principal.subject,
    agent_id: principal.agent,
    matched_rule_id: decision.rule,
    trust_profile: trust !== undefined && TRUST_PROFILES.includes(trust) ? trust : undefined,
  };
}

function withTimes(claims: UntimedClaims, issuedAt: number, expiresAt: number): JsonObject {
  const stated = Object.entries(claims).filter((claim): claim is [string, string | null] => claim[1] !== undefined);
  const iat = isoTime(issuedAt);
  return { ...Object.fromEntries(stated), iat, nbf: iat, exp: isoTime(expiresAt) };
}

/** Nothing may fail between the leave and the signature: the tool may be running by then. */
function requireSignable(claims: UntimedClaims): void {
  let length = 0;
  for (const name in claims) {
    const claim = claims[name];
    if (claim === null || claim === undefined) continue;
    if (typeof claim !== "string" || !claim.isWellFormed()) throw unsignable("holds a claim that is no text");
    length += claim.length;
  }
  if (length > MAX_CLAIMS_LENGTH) throw unsignable(`has more than ${MAX_CLAIMS_LENGTH} characters of claims`);
}

/** Of all claims together. Escaped and encoded, six times as many still make a token that a verifier reads. */
const MAX_CLAIMS_LENGTH = 8_000;

function unsignable(problem: string): LeashError {
  return new LeashError(
    "LEASH_INPUT_INVALID",
    `The proof ${problem}, so it cannot be signed. Use shorter, well-formed names.`,
  );
}
