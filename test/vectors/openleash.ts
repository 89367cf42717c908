import { randomBytes } from "node:crypto";
import { canonicalText } from "../../core/canonical.ts";
import { sha256Hex } from "../../core/digest.ts";
import { isLeashError, type LeashErrorCode } from "../../core/errors.ts";
import type { JsonObject } from "../../core/model/json.ts";
import { nodeEd25519, type SigningKey } from "../../core/tokens/ed25519.ts";
import { memoryKeyRing } from "../../core/tokens/keys.ts";
import { type OpenLeashKey, openLeashKeys } from "../../core/tokens/openleash-keys.ts";
import type { OpenLeashExpectation } from "../../core/tokens/openleash-proof.ts";
import { encodePublicKey, publicKeyId } from "../../core/tokens/paserk.ts";
import { issueProof } from "../../core/tokens/proof.ts";
import { openV4, signV4 } from "../../core/tokens/v4.ts";
import { verifyProof } from "../../core/tokens/verify-proof.ts";
import { expectThat, type Outcome, readText, refuses, type VectorSuite } from "./suite.ts";

interface OpenLeashVector {
  readonly action: JsonObject;
  readonly canonical_json: string;
  readonly action_hash: string;
  readonly public_key_b64: string;
  readonly private_key_b64: string;
  readonly signing_input: string;
  readonly body_sha256: string;
  readonly signature_b64: string;
  readonly paseto_token: string;
  readonly paseto_claims: JsonObject & { readonly kid: string; readonly iat: string };
}

/** The last 32 bytes of an SPKI or PKCS #8 structure of RFC 8410 are the key or the seed. */
const keyBytes = (base64: string): Buffer => Buffer.from(base64, "base64").subarray(-32);

/** https://github.com/openleash/openleash, testvectors.json: one action with its hash, request signature and proof token. */
export const openLeash: VectorSuite = {
  name: "OpenLeash",
  passesAtLeast: 18,
  run(folder) {
    const vector: OpenLeashVector = JSON.parse(readText(folder, "openleash", "testvectors.json"));
    const publicBytes = keyBytes(vector.public_key_b64);
    const key = nodeEd25519.verifyingKey(publicBytes);
    const signingKey = nodeEd25519.signingKey(keyBytes(vector.private_key_b64));
    const message = Buffer.from(vector.signing_input);
    const signature = Buffer.from(vector.signature_b64, "base64");
    return [
      expectThat("canonical_json", () => canonicalText(vector.action) === vector.canonical_json),
      expectThat("action_hash", () => sha256Hex(canonicalText(vector.action)) === vector.action_hash),
      expectThat("body_sha256", () => sha256Hex(JSON.stringify(vector.action)) === vector.body_sha256),
      expectThat("signature is verified", () => key.verify(message, signature)),
      expectThat("signature is made", () => signature.equals(signingKey.sign(message))),
      expectThat(
        "proof token is opened",
        () => openV4(vector.paseto_token, key, "") === JSON.stringify(vector.paseto_claims),
      ),
      expectThat("proof token is signed", () => {
        return signV4(JSON.stringify(vector.paseto_claims), signingKey, "") === vector.paseto_token;
      }),
      expectThat("proof token of another issuer is not taken for one of ours", () => {
        const publicKey = encodePublicKey(publicBytes);
        const own = {
          kid: publicKeyId(publicKey),
          purpose: "proof",
          publicKey,
          createdAt: 0,
          revokedAt: null,
        } as const;
        return refuses(
          () => verifyProof(vector.paseto_token, [own], { audience: "test-agent" }),
          (error) => isLeashError(error, "LEASH_TOKEN_INVALID"),
        );
      }),
      ...theirProof(vector, signingKey),
      ...ourProof(),
    ];
  },
};

/** The published token in the dialect of its name, and what must not pass for it. */
function theirProof(vector: OpenLeashVector, signingKey: SigningKey): readonly Outcome[] {
  const { action_hash: action, paseto_claims: claims, paseto_token: token, public_key_b64 } = vector;
  const issuedAt = Date.parse(claims.iat);
  const key: OpenLeashKey = { kid: claims.kid, public_key_b64, revoked_at: null };
  const verify = (proof: string, expected: Partial<OpenLeashExpectation> = {}, listed = key): unknown =>
    verifyProof(
      proof,
      { keys: [listed] },
      { dialect: "openleash", now: issuedAt, action, agent: "test-agent", ...expected },
    );
  const refusal = (name: string, code: LeashErrorCode, run: () => unknown): Outcome =>
    expectThat(`proof token ${name} is refused`, () => refuses(run, (error) => isLeashError(error, code)));
  const signed = (changes: JsonObject): string => signV4(JSON.stringify({ ...claims, ...changes }), signingKey, "");
  return [
    expectThat("proof token is accepted in its dialect", () => canonicalText(verify(token)) === canonicalText(claims)),
    refusal("that has expired", "LEASH_TOKEN_EXPIRED", () => verify(token, { now: issuedAt + 120_000 })),
    refusal("for another action", "LEASH_TOKEN_INVALID", () => verify(token, { action: sha256Hex("other") })),
    refusal("for another agent", "LEASH_TOKEN_INVALID", () => verify(token, { agent: "other" })),
    refusal("of a revoked key", "LEASH_TOKEN_REVOKED", () => {
      verify(token, {}, { ...key, revoked_at: "2024-01-15T10:30:00.000Z" });
    }),
    refusal("that is an approval", "LEASH_TOKEN_PURPOSE", () => verify(signed({ purpose: "approval" }))),
    refusal("that is a session", "LEASH_TOKEN_PURPOSE", () => verify(signed({ purpose: "user_session" }))),
    refusal("of another issuer", "LEASH_TOKEN_INVALID", () => verify(signed({ iss: "other" }))),
  ];
}

/** A proof of ours as their offline verifier sees it: a key as base64 SPKI, no footer, no implicit assertion, their claims. */
function ourProof(): readonly Outcome[] {
  const now = Date.UTC(2026, 0, 1);
  const keys = memoryKeyRing({ clock: { now: () => now }, random: randomBytes });
  const digest = sha256Hex("action");
  const { token } = issueProof(keys.signer("proof"), {
    action: {
      actionId: "action-1",
      digest,
      inputDigest: digest,
      tool: "purchase",
      principal: { tenant: "t", subject: "ann", agent: "test-agent", chain: [] },
    },
    decision: { rule: "r", policyId: "p", policyDigest: digest, counterparty: null, proofTtlMs: 120_000 },
    decisionId: "decision-1",
    approvalId: null,
    now,
    random: randomBytes,
  });
  const [published] = openLeashKeys(keys.keySet()).keys;
  const key = nodeEd25519.verifyingKey(keyBytes(published?.public_key_b64 ?? ""));
  const claims: JsonObject = JSON.parse(openV4(token, key, "") ?? "{}");
  const expected = {
    kid: published?.kid,
    action_hash: digest,
    agent_id: "test-agent",
    matched_rule_id: "r",
    owner_type: "user",
  };
  return [
    expectThat("a proof of ours opens with their form of our key", () => claims["kid"] === published?.kid),
    expectThat("a proof of ours has the claims that they read", () =>
      Object.entries(expected).every(([name, value]) => claims[name] === value),
    ),
  ];
}
