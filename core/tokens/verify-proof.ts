import type { KeySet, PublicKey } from "../model/keys.ts";
import {
  boundChecks,
  type ClaimChecks,
  isHash,
  isNullOr,
  isOneOf,
  isOptional,
  isText,
  openClaims,
} from "./claim-checks.ts";
import { refused } from "./claims.ts";
import {
  malformedExpectation,
  parseHash,
  readExpectation,
  requireAudience,
  requireExpectedHash,
  requireExpectedText,
  requireStated,
  requireTime,
  type TokenExpectation,
} from "./expectation.ts";
import { type Once, timeOf, useOnce } from "./once.ts";
import type { OpenLeashKeySet } from "./openleash-keys.ts";
import { type OpenLeashExpectation, type OpenLeashProofClaims, verifyOpenLeashProof } from "./openleash-proof.ts";
import { PROOF_TTL_CAP_MS, type ProofClaims } from "./proof.ts";

/** What a verifier expects. What is left out is not checked, except the audience, which everyone must state. */
export interface ProofExpectation extends TokenExpectation {
  /** Who the verifier is: its own domain, as the policy calls it. */
  readonly audience: string;
  /** Digest of the action, hex; the prefix `sha256:` is accepted. */
  readonly action?: string;
  /** SHA-256 of the RFC 8785 text of the input that was received, hex; the prefix `sha256:` is accepted. */
  readonly input?: string;
  /** The agent that must have been allowed. */
  readonly agent?: string;
  /** The tool that must have been allowed, as the issuer's policy names it. */
  readonly tool?: string;
  /** See `TakenOnce`. */
  readonly once?: never;
  /** See `OpenLeashExpectation`. */
  readonly dialect?: never;
}

/** The same, of a verifier who takes each proof once. The answer is a promise then. */
export type TakenOnce<Expectation extends { readonly once?: never }> = Omit<Expectation, "once"> & {
  /** Where proofs are marked as used. Leave `now` out with it: a store goes by its own clock, so that no mark goes too early. */
  readonly once: Once;
};

/**
 * Checks a proof offline, with nothing but the published keys, and returns what it says. One of the codes below is thrown for
 * anything else; the first that applies, in the order shape, key, purpose, revocation, signature, claims, time, audience,
 * agent, tool, action, input, use. With `once` the answer, and the refusal, comes as a promise: await it before you act.
 *
 * A proof says that the named agent was allowed this action under this policy, by whoever holds the key; so trust it exactly
 * as far as the place the keys came from. It does not say that the action ran, nor, without `once`, that it is shown for the first
 * time; and compare `input_hash` with what you were sent.
 *
 * With `dialect: "openleash"` it checks a proof of an OpenLeash server against the keys that such a server publishes. Those name
 * no audience: state the action.
 *
 * @param token PASETO v4.public without footer or implicit assertion (https://github.com/paseto-standard/paseto-spec).
 * @param keys The issuer's key set as published (`leash.keySet()` as JSON), or its list of keys.
 * @throws {LeashError} `LEASH_TOKEN_INVALID` (malformed, unknown key, bad signature, other agent, tool, action or input, not
 * valid yet), `LEASH_TOKEN_PURPOSE` (a token of another kind), `LEASH_TOKEN_REVOKED` (its key was revoked), `LEASH_TOKEN_EXPIRED`,
 * `LEASH_TOKEN_AUDIENCE` (made for somebody else), `LEASH_TOKEN_USED` (with `once`: shown before); `LEASH_STORE_UNAVAILABLE` (with
 * `once`: nobody can tell); `LEASH_CONFIG_INVALID` when `keys` or `expected` are malformed.
 * @example
 * const keys = JSON.parse(await readFile("leash-keys.json", "utf8"));
 * const input = sha256Hex(canonicalText(request.body));
 * const claims = verifyProof(request.headers["x-leash-proof"], keys, { audience: "shop.example.com", input });
 */
export function verifyProof(
  token: string,
  keys: OpenLeashKeySet,
  expected: TakenOnce<OpenLeashExpectation>,
): Promise<OpenLeashProofClaims>;
export function verifyProof(token: string, keys: OpenLeashKeySet, expected: OpenLeashExpectation): OpenLeashProofClaims;
export function verifyProof(
  token: string,
  keys: KeySet | readonly PublicKey[],
  expected: TakenOnce<ProofExpectation>,
): Promise<ProofClaims>;
export function verifyProof(
  token: string,
  keys: KeySet | readonly PublicKey[],
  expected: ProofExpectation,
): ProofClaims;
export function verifyProof(
  token: string,
  keys: OpenLeashKeySet | KeySet | readonly PublicKey[],
  expected: Stated | TakenOnce<OpenLeashExpectation> | TakenOnce<ProofExpectation>,
): AnyProofClaims | Promise<AnyProofClaims> {
  requireStated(expected);
  if (!("once" in expected)) return verifyStated(token, keys, expected);
  const { once, ...stated } = expected;
  return verifyOnce(token, keys, stated, once);
}

type Stated = OpenLeashExpectation | ProofExpectation;

type AnyProofClaims = ProofClaims | OpenLeashProofClaims;

async function verifyOnce(
  token: string,
  keys: OpenLeashKeySet | KeySet | readonly PublicKey[],
  expected: Stated,
  once: Once | undefined,
): Promise<AnyProofClaims> {
  // Not taken for "as often as one likes": who states it, and has none, has lost it on the way.
  if (typeof once !== "function" && typeof once?.commit !== "function") {
    throw malformedExpectation("once must be a store or a function");
  }
  const claims = verifyStated(token, keys, { ...expected, now: expected.now ?? timeOf(once) });
  if (claims.iss === "leashkit") await useOnce(once, "proof", claims);
  else await useOnce(once, "openleash", { kid: claims.kid, jti: claims.decision_id, exp: claims.exp });
  return claims;
}

function verifyStated(
  token: string,
  keys: OpenLeashKeySet | KeySet | readonly PublicKey[],
  expected: Stated,
): AnyProofClaims {
  // The overloads say which keys go with which dialect; who has no types is told by the reader of those keys.
  if (expected.dialect === "openleash") return verifyOpenLeashProof(token, keys as OpenLeashKeySet, expected);
  if (expected.dialect !== undefined) throw malformedExpectation('dialect must be "openleash", or left out');
  return verifyOwnProof(token, keys as KeySet | readonly PublicKey[], expected);
}

function verifyOwnProof(token: string, keys: KeySet | readonly PublicKey[], expected: ProofExpectation): ProofClaims {
  const { audience, now, skewMs } = readExpectation(expected);
  const agent = expected.agent === undefined ? undefined : requireExpectedText("agent", expected.agent);
  const tool = expected.tool === undefined ? undefined : requireExpectedText("tool", expected.tool);
  const action = expected.action === undefined ? undefined : requireExpectedHash("action", expected.action);
  const input = expected.input === undefined ? undefined : requireExpectedHash("input", expected.input);
  const claims = openClaims(token, "proof", keys, CLAIMS);
  requireTime(claims, { now, skewMs }, PROOF_TTL_CAP_MS);
  requireAudience(claims, audience);
  if (agent !== undefined && claims.agent_id !== agent) throw refused("it was made for another agent");
  if (tool !== undefined && claims.action_type !== tool) throw refused("it covers another tool");
  if (action !== undefined && parseHash(claims.action_hash) !== action) throw refused("it covers another action");
  if (input !== undefined && parseHash(claims.input_hash) !== input) throw refused("it covers another input");
  return claims;
}

/** Every claim of format version 1. Claims that are not named here carry no meaning and are passed on unchecked. */
const CLAIMS: ClaimChecks<ProofClaims> = {
  ...boundChecks("proof"),
  action_id: isText,
  action_type: isText,
  action_hash: isHash,
  input_hash: isHash,
  decision: isOneOf("ALLOW"),
  policy_id: isText,
  policy_digest: isText,
  rule: isNullOr(isText),
  approval_id: isOptional(isText),
  decision_id: isText,
  owner_type: isOneOf("user"),
  owner_id: isText,
  agent_id: isText,
  matched_rule_id: isNullOr(isText),
  trust_profile: isOptional(isText),
};
