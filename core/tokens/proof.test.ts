import { describe, expect, it } from "vitest";
import { sha256Hex } from "../digest.ts";
import { isLeashError, type LeashErrorCode } from "../errors.ts";
import type { JsonObject } from "../model/json.ts";
import { issueProof, PROOF_TTL_CAP_MS, type ProofClaims } from "./proof.ts";
import { digest, keys, NOW, proofInput } from "./proof.fixture.ts";
import { peekV4 } from "./v4.ts";
import { verifyProof } from "./verify-proof.ts";

const claimsOf = (token: string): JsonObject => JSON.parse(peekV4(token) ?? "null");
const code = (expected: LeashErrorCode) => expect.toSatisfy((error) => isLeashError(error, expected));

describe("issuing a proof", () => {
  it("I1: states the digest of the action and the hash of the very input, with every claim of the format", () => {
    const proof = issueProof(keys.signer("proof"), proofInput);
    const expected: ProofClaims = {
      v: 1,
      iss: "leashkit",
      sub: "ann",
      aud: "shop.example.com",
      iat: "2026-05-06T07:08:09.010Z",
      nbf: "2026-05-06T07:08:09.010Z",
      exp: "2026-05-06T07:10:09.010Z",
      jti: proof.jti,
      kid: keys.signer("proof").kid,
      purpose: "proof",
      tenant: "acme",
      action_id: "0190a1b2-c3d4-8e5f-8a6b-7c8d9e0f1a2b",
      action_type: "purchase",
      action_hash: digest,
      input_hash: sha256Hex('{"amount_minor":4200,"merchant_domain":"shop.example.com"}'),
      decision: "ALLOW",
      policy_id: "shopping",
      policy_digest: sha256Hex("policy"),
      rule: "small-trusted",
      approval_id: "approval-1",
      decision_id: "decision-1",
      owner_type: "user",
      owner_id: "ann",
      agent_id: "buyer",
      matched_rule_id: "small-trusted",
      trust_profile: "HIGH",
    };
    expect(claimsOf(proof.token)).toEqual(expected);
    expect(proof).toMatchObject({ kid: keys.signer("proof").kid, expiresAt: NOW + 120_000 });
    expect(proof.jti).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(issueProof(keys.signer("proof"), proofInput).jti).not.toBe(proof.jti);
  });

  it("is for the agent itself where there is no counterparty, and leaves out what does not apply", () => {
    const decision = { ...proofInput.decision, rule: null, counterparty: null };
    const { token } = issueProof(keys.signer("proof"), { ...proofInput, decision, approvalId: null });
    const claims = claimsOf(token);
    expect(claims).toMatchObject({ aud: "buyer", rule: null, matched_rule_id: null });
    expect(Object.keys(claims)).not.toContain("approval_id");
    expect(Object.keys(claims)).not.toContain("trust_profile");
    expect(verifyProof(token, keys.keySet(), { audience: "buyer", now: NOW }).sub).toBe("ann");
  });

  it("keeps trust levels that OpenLeash does not know out of the token", () => {
    const decision = { ...proofInput.decision, counterparty: { id: "shop.example.com", trust: "FRIEND" } };
    const { token } = issueProof(keys.signer("proof"), { ...proofInput, decision });
    expect(Object.keys(claimsOf(token))).not.toContain("trust_profile");
  });

  it("lives one hour at most, whatever the policy says", () => {
    const decision = { ...proofInput.decision, proofTtlMs: 86_400_000 };
    const proof = issueProof(keys.signer("proof"), { ...proofInput, decision });
    expect(proof.expiresAt).toBe(NOW + PROOF_TTL_CAP_MS);
    expect(verifyProof(proof.token, keys.keySet(), { audience: "shop.example.com", now: NOW }).exp).toBe(
      "2026-05-06T08:08:09.010Z",
    );
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])("refuses a lifetime of %d", (proofTtlMs) => {
    const decision = { ...proofInput.decision, proofTtlMs };
    expect(() => issueProof(keys.signer("proof"), { ...proofInput, decision })).toThrow(code("LEASH_INPUT_INVALID"));
  });

  it.each([Number.NaN, -1, 1.5, 8.64e15, Number.POSITIVE_INFINITY])("refuses the time %d", (now) => {
    expect(() => issueProof(keys.signer("proof"), { ...proofInput, now })).toThrow(code("LEASH_INPUT_INVALID"));
  });

  it("I8: is not signed with a key for another purpose", () => {
    expect(() => issueProof(keys.signer("approval"), proofInput)).toThrow(code("LEASH_TOKEN_PURPOSE"));
  });
});
