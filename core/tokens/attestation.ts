import type { BoundClaims } from "../model/claims.ts";
import type { KeySet, PublicKey } from "../model/keys.ts";
import type { Random } from "../model/runtime.ts";
import { boundChecks, type ClaimChecks, isHash, isOneOf, isText, isTime, openClaims } from "./claim-checks.ts";
import { isoTime, refused } from "./claims.ts";
import {
  malformedExpectation,
  parseHash,
  readExpectation,
  requireAudience,
  requireExpectedHash,
  requireExpectedText,
  requireTime,
  type TokenExpectation,
} from "./expectation.ts";
import { type IssuedToken, issueToken } from "./issue.ts";
import type { Signer } from "./keys.ts";

/** Milliseconds. How long an attestation lives unless its issuer says otherwise. */
export const ATTESTATION_TTL_MS = 300_000;

/** Milliseconds. None lives longer, counted from when the person proved who they are. */
export const ATTESTATION_TTL_CAP_MS = 900_000;

/**
 * What an attestation says: this person (`sub`) proved to this desk (`aud`) who they are, by this method, for this very action of
 * this approval.
 */
export interface AttestationClaims extends BoundClaims<"attestation"> {
  readonly approval_id: string;
  /** Digest of the whole action, which the person saw. */
  readonly action_hash: string;
  readonly method: string;
  readonly assurance: "step_up";
  /** When the person proved it. */
  readonly at: string;
}

/** What an attestation is made of. */
export interface AttestationInput {
  readonly tenant: string;
  readonly person: string;
  /** By which method, such as `totp` or `passkey`: as rules name it. */
  readonly method: string;
  readonly approval: { readonly id: string; readonly digest: string };
  readonly audience: string;
  /** When the person proved it. Epoch milliseconds. Default: now. */
  readonly provenAt?: number;
  /** Epoch milliseconds, of the store's clock. */
  readonly now: number;
  /** Milliseconds. Default 300,000; at most 900,000, less what has passed since `provenAt`. */
  readonly ttlMs?: number;
  readonly random: Random;
}

/**
 * Signs that a person proved who they are, for one action. Call it with what the method itself verified, and with nothing that a
 * browser or an agent states.
 * @throws {LeashError} `LEASH_TOKEN_PURPOSE` when the signer is not one for attestations, `LEASH_INPUT_INVALID` when a time or the
 * lifetime is none, or the person proved it too long ago.
 */
export function issueAttestation(signer: Signer, input: AttestationInput): IssuedToken {
  const { approval, audience, method, now, person, provenAt = now, random, tenant, ttlMs = ATTESTATION_TTL_MS } = input;
  const claims = {
    sub: person,
    aud: audience,
    tenant,
    approval_id: approval.id,
    action_hash: approval.digest,
    method,
    assurance: "step_up",
    at: isoTime(provenAt),
  };
  const left = ATTESTATION_TTL_CAP_MS - (now - provenAt);
  const lifetime = { now, ttlMs: Math.min(ttlMs, left), capMs: ATTESTATION_TTL_CAP_MS };
  return issueToken(signer, "attestation", claims, { lifetime, random });
}

/** What a desk expects: the approval and the action that are before it. */
export interface AttestationExpectation extends TokenExpectation {
  /** Id of the approval. */
  readonly approval: string;
  /** Digest of the action, hex; the prefix `sha256:` is accepted. It covers tenant, agent, subject, tool and input. */
  readonly action: string;
  /** Who must have proved it. Default: whoever it says; compare `sub` then. */
  readonly person?: string;
  /** The methods that count. Default: any. */
  readonly methods?: readonly string[];
}

/**
 * Checks an attestation and returns what it says.
 * @throws {LeashError} `LEASH_TOKEN_INVALID` (also for another approval, action, person or method), `LEASH_TOKEN_PURPOSE`,
 * `LEASH_TOKEN_REVOKED`, `LEASH_TOKEN_EXPIRED`, `LEASH_TOKEN_AUDIENCE`; `LEASH_CONFIG_INVALID` when `keys` or `expected` are malformed.
 * @example const { sub, method } = verifyAttestation(token, keys, { audience, approval: approval.id, action: approval.digest });
 */
export function verifyAttestation(
  token: string,
  keys: KeySet | readonly PublicKey[],
  expected: AttestationExpectation,
): AttestationClaims {
  const { audience, now, skewMs } = readExpectation(expected);
  const approval = requireExpectedText("approval", expected.approval);
  const action = requireExpectedHash("action", expected.action);
  const { methods, person } = expected;
  if (methods !== undefined && !Array.isArray(methods)) throw malformedExpectation("methods must be a list");
  const claims = openClaims(token, "attestation", keys, CLAIMS);
  // Counted from the moment of the proof: a late signature makes no old proof young.
  requireTime({ ...claims, iat: claims.at }, { now, skewMs }, ATTESTATION_TTL_CAP_MS);
  requireTime(claims, { now, skewMs }, ATTESTATION_TTL_CAP_MS);
  requireAudience(claims, audience);
  if (claims.approval_id !== approval) throw refused("it was made for another approval");
  if (parseHash(claims.action_hash) !== action) throw refused("it covers another action");
  if (person !== undefined && claims.sub !== person) throw refused("it was made for another person");
  if (methods !== undefined && !methods.includes(claims.method))
    throw refused("it tells of a method that does not count");
  return claims;
}

const CLAIMS: ClaimChecks<AttestationClaims> = {
  ...boundChecks("attestation"),
  approval_id: isText,
  action_hash: isHash,
  method: isText,
  assurance: isOneOf("step_up"),
  at: isTime,
};
