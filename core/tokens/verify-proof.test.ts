import { randomBytes } from "node:crypto";
import { PublicProtocol } from "paseto";
import { ImportPublicKeyFactory, VerifyFactory } from "paseto/v4/public";
import { describe, expect, it } from "vitest";
import { canonicalText } from "../canonical.ts";
import { sha256Hex } from "../digest.ts";
import { isLeashError, type LeashErrorCode } from "../errors.ts";
import type { JsonObject } from "../model/json.ts";
import type { KeySet, PublicKey } from "../model/keys.ts";
import { memoryKeyRing } from "./keys.ts";
import { issueProof } from "./proof.ts";
import { digest, input, keys, NOW, proofInput } from "./proof.fixture.ts";
import { peekV4 } from "./v4.ts";
import { verifyProof, type ProofExpectation } from "./verify-proof.ts";

const audience = "shop.example.com";
const claimsOf = (token: string): JsonObject => JSON.parse(peekV4(token) ?? "null");
const code = (expected: LeashErrorCode) => expect.toSatisfy((error) => isLeashError(error, expected));

/** A token of the proof key with these changes to a good proof's claims; undefined leaves a claim out. */
function forged(changes: Readonly<Record<string, unknown>>): string {
  const { token } = issueProof(keys.signer("proof"), proofInput);
  return keys.signer("proof").sign(JSON.parse(JSON.stringify({ ...claimsOf(token), ...changes })));
}

const verify = (
  token: string,
  expected: Partial<ProofExpectation> = {},
  keySet: KeySet | readonly PublicKey[] = keys.keySet(),
) => verifyProof(token, keySet, { audience, now: NOW, ...expected });

describe("verifying a proof", () => {
  const { token } = issueProof(keys.signer("proof"), proofInput);

  it("returns what it says, to a stranger with nothing but the published JSON", () => {
    const published: KeySet = JSON.parse(JSON.stringify(keys.keySet()));
    const inputHash = sha256Hex(canonicalText(input));
    for (const prefix of ["", "sha256:"]) {
      const expected = { action: prefix + digest, input: prefix + inputHash, agent: "buyer", tool: "purchase" };
      expect(verify(token, expected, published)).toEqual(claimsOf(token));
    }
    expect(verify(token, {}, published.keys)).toEqual(claimsOf(token));
  });

  it("is verified by the paseto library too, since it needs no implicit assertion", async () => {
    const library = new PublicProtocol(ImportPublicKeyFactory, VerifyFactory);
    const [key] = keys.publicKeys("proof");
    const imported = await library.ImportPublicKey(`k4.public.${key?.publicKey.slice("k4.public.".length)}`);
    const { claims } = await library.Verify(imported, token, { now: new Date(NOW), audience, issuer: "leashkit" });
    expect(claims).toEqual(claimsOf(token));
  });

  it("accepts hashes that are written with the prefix sha256:", () => {
    const prefixed = forged({ action_hash: `sha256:${digest}` });
    expect(verify(prefixed, { action: digest }).action_hash).toBe(`sha256:${digest}`);
    expect(() => verify(prefixed, { action: sha256Hex("other") })).toThrow(code("LEASH_TOKEN_INVALID"));
  });

  it("A-A4: refuses another audience, a late use and a too early use", () => {
    for (const other of ["evil.example.com", "SHOP.example.com", "shop.example.com.", "example.com", "*"]) {
      expect(() => verify(token, { audience: other })).toThrow(code("LEASH_TOKEN_AUDIENCE"));
    }
    expect(verify(token, { now: NOW + 119_999 }).jti).toBe(claimsOf(token)["jti"]);
    expect(() => verify(token, { now: NOW + 120_000 })).toThrow(code("LEASH_TOKEN_EXPIRED"));
    expect(() => verify(token, { now: NOW - 1 })).toThrow(code("LEASH_TOKEN_INVALID"));
  });

  it("allows for two clocks only as far as it is told", () => {
    expect(verify(token, { now: NOW - 500, skewMs: 500 }).sub).toBe("ann");
    expect(() => verify(token, { now: NOW - 501, skewMs: 500 })).toThrow(code("LEASH_TOKEN_INVALID"));
    expect(verify(token, { now: NOW + 120_499, skewMs: 500 }).sub).toBe("ann");
    expect(() => verify(token, { now: NOW + 120_500, skewMs: 500 })).toThrow(code("LEASH_TOKEN_EXPIRED"));
  });

  it("goes by this machine's clock where it is told none", () => {
    const fresh = issueProof(keys.signer("proof"), { ...proofInput, now: Date.now() });
    expect(verifyProof(fresh.token, keys.keySet(), { audience }).sub).toBe("ann");
    const stale = issueProof(keys.signer("proof"), { ...proofInput, now: Date.now() - 200_000 });
    expect(() => verifyProof(stale.token, keys.keySet(), { audience })).toThrow(code("LEASH_TOKEN_EXPIRED"));
  });

  it("refuses another agent, another tool, another action and another input", () => {
    expect(() => verify(token, { agent: "other" })).toThrow(code("LEASH_TOKEN_INVALID"));
    expect(() => verify(token, { tool: "refund" })).toThrow(code("LEASH_TOKEN_INVALID"));
    expect(() => verify(token, { tool: "" })).toThrow(code("LEASH_CONFIG_INVALID"));
    expect(() => verify(token, { action: sha256Hex("other") })).toThrow(code("LEASH_TOKEN_INVALID"));
    expect(() => verify(token, { input: sha256Hex("other") })).toThrow(code("LEASH_TOKEN_INVALID"));
  });

  it.each([
    ["iat", "x"],
    ["nbf", "x"],
    ["exp", "x"],
    ["exp", ""],
    ["exp", null],
    ["exp", undefined],
    ["exp", Number.MAX_SAFE_INTEGER],
    ["exp", "Infinity"],
    ["exp", "2026-05-06T07:10:09Z"],
    ["exp", "2026-05-06T07:10:09.010+00:00"],
    ["exp", "2026-05-06 07:10:09.010Z"],
    ["exp", "2026-06-31T07:10:09.010Z"],
    ["exp", "+012026-05-06T07:10:09.010Z"],
    ["nbf", "2026-02-30T00:00:00.000Z"],
  ])("B-H9: refuses a proof whose %s is %j, though it is signed", (name, value) => {
    expect(() => verify(forged({ [name]: value }))).toThrow(code("LEASH_TOKEN_INVALID"));
  });

  it("refuses times that contradict each other or last longer than any proof may", () => {
    expect(verify(forged({ exp: "2026-05-06T08:08:09.010Z" })).sub).toBe("ann");
    expect(() => verify(forged({ exp: "2026-05-06T08:08:09.011Z" }))).toThrow(code("LEASH_TOKEN_INVALID"));
    expect(() => verify(forged({ exp: "2026-05-06T07:08:09.010Z" }))).toThrow(code("LEASH_TOKEN_INVALID"));
    expect(() => verify(forged({ iat: "2026-05-06T07:08:09.011Z" }))).toThrow(code("LEASH_TOKEN_INVALID"));
  });

  it.each(Object.keys(claimsOf(token)).filter((name) => !["v", "iss", "kid", "purpose"].includes(name)))(
    "refuses a proof whose claim %s is of another type",
    (name) => {
      for (const value of [7, [], {}, true]) {
        expect(() => verify(forged({ [name]: value }))).toThrow(code("LEASH_TOKEN_INVALID"));
      }
      if (name === "approval_id" || name === "trust_profile") {
        expect(verify(forged({ [name]: undefined })).sub).toBe("ann");
      } else {
        expect(() => verify(forged({ [name]: undefined }))).toThrow(code("LEASH_TOKEN_INVALID"));
      }
    },
  );

  it.each([
    ["decision", "DENY"],
    ["decision", "allow"],
    ["owner_type", "org"],
    ["action_hash", digest.toUpperCase()],
    ["input_hash", digest.slice(1)],
  ])("refuses a proof whose %s is %j", (name, value) => {
    expect(() => verify(forged({ [name]: value }))).toThrow(code("LEASH_TOKEN_INVALID"));
  });

  it("I1: refuses a proof in which anything was changed", () => {
    const [, , body = ""] = token.split(".");
    for (let at = 0; at < body.length; at += 1) {
      const changed = `v4.public.${body.slice(0, at)}${body[at] === "A" ? "B" : "A"}${body.slice(at + 1)}`;
      expect(() => verify(changed), `at ${at}`).toThrow(code("LEASH_TOKEN_INVALID"));
    }
  });

  it("names a malformed key set or expectation as the verifier's own mistake", () => {
    const mistake = code("LEASH_CONFIG_INVALID");
    const set = keys.keySet();
    const [key] = set.keys;
    const other = memoryKeyRing({ clock: { now: () => NOW }, random: randomBytes }).publicKeys("proof")[0];
    const malformed: readonly unknown[] = [
      null,
      undefined,
      {},
      { v: 2, keys: set.keys },
      { v: 1, keys: {} },
      { v: 1, keys: [{ ...key, kid: 5 }] },
      { v: 1, keys: [{ ...key, revokedAt: undefined }] },
      { v: 1, keys: [{ ...key, revokedAt: "no" }] },
      { v: 1, keys: [{ ...key, activeFrom: "soon" }] },
      { v: 1, keys: [{ ...key, purpose: "any" }] },
      { v: 1, keys: [{ ...key, publicKey: other?.publicKey }] },
      { v: 1, keys: [{ ...key, publicKey: "k4.public.AA" }] },
    ];
    for (const bad of malformed) {
      // A stranger's key set is JSON, of whatever shape.
      const asKeys: KeySet = JSON.parse(JSON.stringify({ bad })).bad;
      expect(() => verifyProof(token, asKeys, { audience, now: NOW }), JSON.stringify(bad)).toThrow(mistake);
    }
    const expectations: readonly Partial<ProofExpectation>[] = [
      { audience: "" },
      { now: Number.NaN },
      { now: Number.POSITIVE_INFINITY },
      { skewMs: Number.NaN },
      { skewMs: -1 },
      { action: "x" },
      { action: digest.toUpperCase() },
      { input: "sha256:" },
    ];
    for (const bad of expectations) expect(() => verify(token, bad), JSON.stringify(bad)).toThrow(mistake);
    for (const none of [null, "shop.example.com", []]) {
      const asExpected: ProofExpectation = Object.assign([none] as unknown[])[0] as ProofExpectation;
      expect(() => verifyProof(token, set, asExpected), JSON.stringify(none)).toThrow(mistake);
    }
  });

  it("says in no message what the token or its claims hold", () => {
    const secretive = forged({ sub: "very-private", exp: "very-private" });
    expect(() => verify(secretive)).toThrow(
      expect.toSatisfy((error: Error) => !error.message.includes("very-private")),
    );
    expect(() => verify(token, { audience: "very-private" })).toThrow(
      expect.toSatisfy((error: Error) => !error.message.includes("very-private") && !error.message.includes(audience)),
    );
  });
});
