import { LeashError } from "../errors.ts";
import {
  type ClaimChecks,
  holdsClaims,
  isHash,
  isNullOr,
  isOneOf,
  isOptional,
  isText,
  isTime,
} from "./claim-checks.ts";
import { readClaims, refused, requireSignature } from "./claims.ts";
import {
  malformedExpectation,
  parseHash,
  readTimeExpectation,
  requireExpectedHash,
  requireExpectedText,
  requireTime,
  type TimeExpectation,
} from "./expectation.ts";
import { openLeashKey, type OpenLeashKeySet } from "./openleash-keys.ts";
import { PROOF_TTL_CAP_MS } from "./proof.ts";

/** What a proof of an OpenLeash server says. It names no audience, no input and no id of its own. */
export interface OpenLeashProofClaims {
  readonly iss: "openleash";
  readonly kid: string;
  readonly iat: string;
  readonly exp: string;
  /** One proof is made for one decision. */
  readonly decision_id: string;
  readonly owner_type: "user" | "org";
  readonly owner_id: string;
  readonly agent_id: string;
  readonly action_type: string;
  /** SHA-256 of the RFC 8785 text of the action request. */
  readonly action_hash: string;
  readonly matched_rule_id: string | null;
  readonly trust_profile?: string;
}

/** What to expect of an OpenLeash server's proof. What is left out is not checked. */
export interface OpenLeashExpectation extends TimeExpectation {
  readonly dialect: "openleash";
  /** SHA-256 of the RFC 8785 text of the action request, hex. Without it the proof holds for any action, at anybody's. */
  readonly action?: string;
  readonly agent?: string;
  /** The tool that must have been allowed: its `action_type`. */
  readonly tool?: string;
  /** See `TakenOnce`. */
  readonly once?: never;
}

/**
 * Checks a proof that an OpenLeash server made. Its approvals and sessions, which the same key signs, are told by their purpose: a
 * proof of it has none.
 * @throws {LeashError} as `verifyProof`.
 */
export function verifyOpenLeashProof(
  token: string,
  keys: OpenLeashKeySet,
  expected: OpenLeashExpectation,
): OpenLeashProofClaims {
  const time = readTimeExpectation(expected);
  for (const name of ["audience", "input"]) {
    if (name in expected)
      throw malformedExpectation(`an OpenLeash proof says nothing of ${name}, so it cannot be checked`);
  }
  const action = expected.action === undefined ? undefined : requireExpectedHash("action", expected.action);
  const agent = expected.agent === undefined ? undefined : requireExpectedText("agent", expected.agent);
  const tool = expected.tool === undefined ? undefined : requireExpectedText("tool", expected.tool);
  const { claims, token: read } = readClaims(token);
  requireSignature(read, openLeashKey(claims["kid"], keys), "");
  if (claims["iss"] !== "openleash") throw refused('its issuer is not "openleash"');
  if (Object.hasOwn(claims, "purpose")) {
    throw new LeashError("LEASH_TOKEN_PURPOSE", "The token was refused: it was not made as a proof.");
  }
  if (!holdsClaims(claims, CLAIMS)) throw refused("a claim is missing or malformed");
  requireTime({ ...claims, nbf: claims.iat }, time, PROOF_TTL_CAP_MS);
  if (agent !== undefined && claims.agent_id !== agent) throw refused("it was made for another agent");
  if (tool !== undefined && claims.action_type !== tool) throw refused("it covers another tool");
  if (action !== undefined && parseHash(claims.action_hash) !== action) throw refused("it covers another action");
  return claims;
}

const CLAIMS: ClaimChecks<OpenLeashProofClaims> = {
  iss: isOneOf("openleash"),
  kid: isText,
  iat: isTime,
  exp: isTime,
  decision_id: isText,
  owner_type: isOneOf("user", "org"),
  owner_id: isText,
  agent_id: isText,
  action_type: isText,
  action_hash: isHash,
  matched_rule_id: isNullOr(isText),
  trust_profile: isOptional(isText),
};
