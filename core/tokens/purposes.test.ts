import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { canonicalText } from "../canonical.ts";
import { sha256Hex } from "../digest.ts";
import { isLeashError, type LeashErrorCode } from "../errors.ts";
import type { Verdict } from "../model/approval.ts";
import type { JsonObject } from "../model/json.ts";
import { PURPOSES, type PublicKey, type Purpose } from "../model/keys.ts";
import { implicitAssertion, openToken } from "./claims.ts";
import { ed25519 } from "./ed25519.ts";
import { memoryKeyRing } from "./keys.ts";
import { encodePublicKey, publicKeyId } from "./paserk.ts";
import { issueProof } from "./proof.ts";
import { peekV4, signV4 } from "./v4.ts";
import { signVerdict, verifyVerdict } from "./verdict.ts";
import { verifyProof } from "./verify-proof.ts";

const NOW = Date.UTC(2026, 0, 1);
const keys = memoryKeyRing({ clock: { now: () => NOW }, random: randomBytes });
const principal = { tenant: "acme", subject: "ann", agent: "buyer", chain: [] };
const digest = sha256Hex("action");
const approval = { id: "approval-1", callKey: sha256Hex("call"), digest, principal };
const audience = "buyer";
const code = (expected: LeashErrorCode) => expect.toSatisfy((error) => isLeashError(error, expected));

const proof = issueProof(keys.signer("proof"), {
  action: { actionId: "action-1", digest, inputDigest: sha256Hex("{}"), tool: "purchase", principal },
  decision: { rule: null, policyId: "p", policyDigest: sha256Hex("p"), counterparty: null, proofTtlMs: 60_000 },
  decisionId: "decision-1",
  approvalId: "approval-1",
  now: NOW,
  random: randomBytes,
});
const verdict: Verdict = signVerdict(keys.signer("approval"), {
  approval,
  answer: "approve",
  approver: "ann",
  roles: ["owner"],
  method: "terminal",
  assurance: "login",
  device: "laptop",
  reason: null,
  at: NOW,
  random: randomBytes,
});

const payloadOf = (token: string): JsonObject => JSON.parse(peekV4(token) ?? "null");
/** Claims that would satisfy both kinds of verifier, were it not for their kind. */
const everything: JsonObject = { ...payloadOf(verdict.token), ...payloadOf(proof.token) };
const tokens: Readonly<Record<Purpose, string>> = {
  proof: proof.token,
  approval: verdict.token,
  attestation: keys.signer("attestation").sign(everything),
  receipt: keys.signer("receipt").sign(everything),
  session: keys.signer("session").sign(everything),
  checkpoint: keys.signer("checkpoint").sign(everything),
};

const attempts = (run: () => unknown): boolean => {
  try {
    return run() !== false;
  } catch (error) {
    expect(isLeashError(error)).toBe(true);
    return false;
  }
};
const verifiers: Readonly<
  Record<string, { readonly purpose: Purpose; readonly accepts: (token: string, set: readonly PublicKey[]) => boolean }>
> = {
  ...Object.fromEntries(
    PURPOSES.map((purpose) => [
      `openToken(${purpose})`,
      {
        purpose,
        accepts: (token: string, set: readonly PublicKey[]) => attempts(() => openToken(token, purpose, set)),
      },
    ]),
  ),
  verifyProof: {
    purpose: "proof",
    accepts: (token, set) => attempts(() => verifyProof(token, set, { audience, now: NOW })),
  },
  verifyVerdict: {
    purpose: "approval",
    accepts: (token, set) => verifyVerdict({ ...verdict, token }, approval, set),
  },
};

describe("tokens of one purpose", () => {
  it("I8, A-A5: pass the verifier of their own purpose and no other, whichever keys it is given", () => {
    for (const [name, { purpose, accepts }] of Object.entries(verifiers)) {
      for (const issued of PURPOSES) {
        for (const set of [keys.keySet().keys, keys.publicKeys(issued), keys.publicKeys(purpose)]) {
          expect(accepts(tokens[issued], set), `${issued} token, ${name}`).toBe(issued === purpose);
        }
      }
    }
  });

  it("B-H14: a session or approval token is refused as a proof by its purpose", () => {
    for (const purpose of ["session", "approval", "attestation", "receipt", "checkpoint"] as const) {
      expect(() => verifyProof(tokens[purpose], keys.keySet(), { audience, now: NOW })).toThrow(
        code("LEASH_TOKEN_PURPOSE"),
      );
    }
  });

  it("I8: are refused when key, assertion and claim do not all say the same, even if one key served them all", () => {
    const signingKey = ed25519().signingKey(randomBytes(32));
    const publicKey = encodePublicKey(signingKey.publicKey);
    const kid = publicKeyId(publicKey);
    for (const keyPurpose of PURPOSES) {
      for (const assertion of PURPOSES) {
        for (const claimed of [...PURPOSES, undefined]) {
          const { purpose: _own, ...claims } = everything;
          const payload = canonicalText({ ...claims, kid, ...(claimed === undefined ? {} : { purpose: claimed }) });
          const token = signV4(payload, signingKey, implicitAssertion(assertion));
          const set = [{ kid, purpose: keyPurpose, publicKey, createdAt: NOW, revokedAt: null }];
          for (const { purpose, accepts } of Object.values(verifiers)) {
            const agree = [keyPurpose, assertion, claimed].every((stated) => stated === purpose);
            expect(accepts(token, set), `${keyPurpose} ${assertion} ${claimed} as ${purpose}`).toBe(agree);
          }
        }
      }
    }
  });

  it("I8: a key that is listed for two purposes verifies neither", () => {
    const [key] = keys.publicKeys("proof");
    if (key === undefined) throw new Error("There is no key for proofs.");
    const set = [key, { ...key, purpose: "session" as const }];
    expect(() => openToken(tokens.proof, "proof", set)).toThrow(code("LEASH_TOKEN_PURPOSE"));
    expect(() => openToken(tokens.proof, "session", set)).toThrow(code("LEASH_TOKEN_PURPOSE"));
  });
});

describe("opening a token", () => {
  const revoked = (purpose: Purpose): readonly PublicKey[] =>
    keys.publicKeys(purpose).map((key) => ({ ...key, revokedAt: NOW + 1 }));

  it("B-H19: refuses every kind of token whose key was revoked, also when an unrevoked twin is listed", () => {
    for (const purpose of PURPOSES) {
      expect(() => openToken(tokens[purpose], purpose, revoked(purpose))).toThrow(code("LEASH_TOKEN_REVOKED"));
      const both = [...keys.publicKeys(purpose), ...revoked(purpose)];
      expect(() => openToken(tokens[purpose], purpose, both)).toThrow(code("LEASH_TOKEN_REVOKED"));
    }
    expect(verifyVerdict(verdict, approval, revoked("approval"))).toBe(false);
  });

  it("refuses a token whose key is unknown", () => {
    const others = memoryKeyRing({ clock: { now: () => NOW }, random: randomBytes });
    expect(() => openToken(tokens.proof, "proof", others.keySet())).toThrow(code("LEASH_TOKEN_INVALID"));
    expect(() => openToken(tokens.proof, "proof", [])).toThrow(code("LEASH_TOKEN_INVALID"));
  });

  it("refuses a token that names a known key but was signed with another", () => {
    const stranger = ed25519().signingKey(randomBytes(32));
    const token = signV4(peekV4(tokens.proof) ?? "", stranger, "");
    expect(() => openToken(token, "proof", keys.keySet())).toThrow(code("LEASH_TOKEN_INVALID"));
  });

  it("refuses what is not a token, without a hint of what it was", () => {
    const junk: readonly unknown[] = [
      "",
      "x",
      "v4.public.",
      "v4.public..",
      "eyJhbGciOiJub25lIn0.e30.",
      `v2${tokens.proof.slice(2)}`,
      null,
      undefined,
      5,
      {},
      [tokens.proof],
    ];
    for (const token of junk) {
      const asToken: string = Object.assign([token])[0];
      expect(() => openToken(asToken, "proof", keys.keySet()), String(token)).toThrow(code("LEASH_TOKEN_INVALID"));
    }
  });

  it.each([
    ["duplicate members", '{"kid":"a","kid":"b"}'],
    ["a list", "[]"],
    ["a text", '"x"'],
    ["no JSON", "v: 1"],
    ["a byte order mark", '\ufeff{"v":1}'],
    ["no key", '{"v":1}'],
    ["a key that is not a text", '{"kid":["k"]}'],
  ])("A-S15: refuses a payload with %s, though it is signed", (_name, payload) => {
    const token = signV4(payload, ed25519().signingKey(randomBytes(32)), "");
    expect(() => openToken(token, "proof", keys.keySet())).toThrow(code("LEASH_TOKEN_INVALID"));
  });

  it("A-S15: refuses duplicate members, escaped or not, though they are signed with the right key", () => {
    const { signingKey, kid, set } = ownKey();
    const payload = canonicalText({ ...everything, kid });
    expect(openToken(signV4(payload, signingKey, ""), "proof", set)).toMatchObject({ kid });
    for (const name of ["aud", "\\u0061ud", "a\\u0075d"]) {
      const doubled = payload.replace("{", `{"${name}":"everyone",`);
      expect(() => openToken(signV4(doubled, signingKey, ""), "proof", set)).toThrow(code("LEASH_TOKEN_INVALID"));
      const respelled = payload.replace('"aud":', `"${name}":`);
      expect(openToken(signV4(respelled, signingKey, ""), "proof", set)["aud"]).toBe(everything.aud);
    }
  });

  it.each([
    ["an unknown version", { v: 2 }],
    ["a version that is a text", { v: "1" }],
    ["no version", { v: undefined }],
    ["another issuer", { iss: "openleash" }],
    ["no issuer", { iss: undefined }],
  ])("refuses %s, though it is signed with the right key", (_name, changes) => {
    const { signingKey, kid, set } = ownKey();
    expect(openToken(signV4(canonicalText({ ...everything, kid }), signingKey, ""), "proof", set)).toMatchObject({
      kid,
    });
    const token = signV4(canonicalText({ ...everything, kid, ...changes }), signingKey, "");
    expect(() => openToken(token, "proof", set)).toThrow(code("LEASH_TOKEN_INVALID"));
  });
});

/** A key for proofs that signs whatever it is given. */
function ownKey() {
  const signingKey = ed25519().signingKey(randomBytes(32));
  const publicKey = encodePublicKey(signingKey.publicKey);
  const kid = publicKeyId(publicKey);
  return { signingKey, kid, set: [{ kid, purpose: "proof" as const, publicKey, createdAt: NOW, revokedAt: null }] };
}
