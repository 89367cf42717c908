import { LeashError } from "../errors.ts";
import type { Json, JsonObject } from "../model/json.ts";
import type { KeySet, PublicKey } from "../model/keys.ts";
import { openToken, parseIsoTime, refused } from "./claims.ts";
import { PROOF_TTL_CAP_MS, type ProofClaims } from "./proof.ts";

/** What a verifier expects. What is left out is not checked, except the audience, which everyone must state. */
export interface ProofExpectation {
  /** Who the verifier is: its own domain, as the policy calls it. */
  readonly audience: string;
  /** Digest of the action, hex; the prefix `sha256:` is accepted. */
  readonly action?: string;
  /** SHA-256 of the RFC 8785 text of the input that was received, hex; the prefix `sha256:` is accepted. */
  readonly input?: string;
  /** The agent that must have been allowed. */
  readonly agent?: string;
  /** Epoch milliseconds. Default: this machine's clock. */
  readonly now?: number;
  /** Milliseconds by which the two clocks may differ. Default 0. */
  readonly skewMs?: number;
}

/**
 * Checks a proof offline, with nothing but the published keys, and returns what it says. One of the codes below is thrown for
 * anything else; the first that applies, in the order shape, key, purpose, revocation, signature, claims, time, audience,
 * agent, action, input.
 *
 * A proof says that the named agent was allowed this action under this policy, by whoever holds the key; so trust it exactly
 * as far as the place the keys came from. It does not say that the action ran, nor that it is shown for the first time: keep
 * `jti` until `exp` (see `useProofOnce`) where a repetition would matter, and compare `input_hash` with what you were sent.
 *
 * @param token PASETO v4.public without footer or implicit assertion (https://github.com/paseto-standard/paseto-spec).
 * @param keys The issuer's key set as published (`leash.keySet()` as JSON), or its list of keys.
 * @throws {LeashError} `LEASH_TOKEN_INVALID` (malformed, unknown key, bad signature, other agent, action or input, not valid
 * yet), `LEASH_TOKEN_PURPOSE` (a token of another kind), `LEASH_TOKEN_REVOKED` (its key was revoked), `LEASH_TOKEN_EXPIRED`,
 * `LEASH_TOKEN_AUDIENCE` (made for somebody else); `LEASH_CONFIG_INVALID` when `keys` or `expected` are malformed.
 * @example
 * const keys = JSON.parse(await readFile("leash-keys.json", "utf8"));
 * const input = sha256Hex(canonicalText(request.body));
 * const claims = verifyProof(request.headers["x-leash-proof"], keys, { audience: "shop.example.com", input });
 */
export function verifyProof(
  token: string,
  keys: KeySet | readonly PublicKey[],
  expected: ProofExpectation,
): ProofClaims {
  const wanted = requireExpectation(expected);
  const claims = openToken(token, "proof", keys);
  if (!isProofClaims(claims)) throw refused("a claim is missing or malformed");
  requireTime(claims, wanted.now, wanted.skewMs);
  if (claims.aud !== wanted.audience) {
    throw new LeashError(
      "LEASH_TOKEN_AUDIENCE",
      "The token was refused: it was made for another audience. Check that the policy names this counterparty as you do.",
    );
  }
  if (wanted.agent !== undefined && claims.agent_id !== wanted.agent) throw refused("it was made for another agent");
  if (wanted.action !== undefined && parseHash(claims.action_hash) !== wanted.action)
    throw refused("it covers another action");
  if (wanted.input !== undefined && parseHash(claims.input_hash) !== wanted.input)
    throw refused("it covers another input");
  return claims;
}

function requireExpectation(
  expected: ProofExpectation,
): ProofExpectation & { readonly now: number; readonly skewMs: number } {
  const { audience, agent, action, input, now = Date.now(), skewMs = 0 } = expected;
  if (typeof audience !== "string" || audience === "") throw malformedExpectation("audience must be a non-empty text");
  if (agent !== undefined && typeof agent !== "string") throw malformedExpectation("agent must be a text");
  if (!Number.isSafeInteger(now)) throw malformedExpectation("now must be epoch milliseconds");
  if (!Number.isSafeInteger(skewMs) || skewMs < 0) throw malformedExpectation("skewMs must be milliseconds, 0 or more");
  return {
    audience,
    now,
    skewMs,
    ...(agent === undefined ? {} : { agent }),
    ...(action === undefined ? {} : { action: requireHash("action", action) }),
    ...(input === undefined ? {} : { input: requireHash("input", input) }),
  };
}

function requireHash(name: string, value: unknown): string {
  const hash = parseHash(value);
  if (hash === undefined) throw malformedExpectation(`${name} must be a SHA-256 in lower-case hex`);
  return hash;
}

/** 64 lower-case hex digits, without the prefix `sha256:` that some write before them. */
function parseHash(value: unknown): string | undefined {
  return typeof value === "string" ? /^(?:sha256:)?([0-9a-f]{64})$/.exec(value)?.[1] : undefined;
}

function malformedExpectation(problem: string): LeashError {
  return new LeashError("LEASH_CONFIG_INVALID", `What to expect of a proof is malformed: ${problem}.`);
}

function requireTime(claims: ProofClaims, now: number, skewMs: number): void {
  const issuedAt = Date.parse(claims.iat);
  const notBefore = Date.parse(claims.nbf);
  const expiresAt = Date.parse(claims.exp);
  // Every comparison with NaN is false, so each condition is stated as what must hold.
  const coherent = issuedAt <= notBefore && notBefore < expiresAt && expiresAt - issuedAt <= PROOF_TTL_CAP_MS;
  if (!coherent) throw refused("its times contradict each other or give it too long a life");
  if (!(now + skewMs >= notBefore)) throw refused("it is not valid yet. Compare the clocks of issuer and verifier");
  if (!(now - skewMs < expiresAt)) {
    throw new LeashError("LEASH_TOKEN_EXPIRED", "The token was refused: it has expired. Ask for a new one.");
  }
}

type Check = (value: Json | undefined) => boolean;

const text: Check = (value) => typeof value === "string";
const textOrNull: Check = (value) => value === null || typeof value === "string";
const optionalText: Check = (value) => value === undefined || typeof value === "string";
const time: Check = (value) => parseIsoTime(value) !== undefined;
const hash: Check = (value) => parseHash(value) !== undefined;
const exactly =
  (expected: Json): Check =>
  (value) =>
    value === expected;

/** Every claim of format version 1. Claims that are not named here carry no meaning and are passed on unchecked. */
const CLAIMS: Readonly<Record<keyof ProofClaims, Check>> = {
  v: exactly(1),
  iss: exactly("leashkit"),
  sub: text,
  aud: text,
  iat: time,
  nbf: time,
  exp: time,
  jti: text,
  kid: text,
  purpose: exactly("proof"),
  tenant: text,
  action_id: text,
  action_type: text,
  action_hash: hash,
  input_hash: hash,
  decision: exactly("ALLOW"),
  policy_id: text,
  policy_digest: text,
  rule: textOrNull,
  approval_id: optionalText,
  decision_id: text,
  owner_type: exactly("user"),
  owner_id: text,
  agent_id: text,
  matched_rule_id: textOrNull,
  trust_profile: optionalText,
};

function isProofClaims(claims: JsonObject): claims is JsonObject & ProofClaims {
  return Object.entries(CLAIMS).every(([name, holds]) => holds(claims[name]));
}
