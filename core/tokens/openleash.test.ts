import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { sha256Hex } from "../digest.ts";
import { isLeashError, type LeashErrorCode } from "../errors.ts";
import type { KeySet } from "../model/keys.ts";
import { memoryStore } from "../store/memory.ts";
import { fakeClock } from "../testing/clock.ts";
import { memoryKeyRing } from "./keys.ts";
import { openLeashKeys, type OpenLeashKeySet } from "./openleash-keys.ts";
import type { OpenLeashExpectation } from "./openleash-proof.ts";
import { ACTION_HASH, openLeashServer, openLeashVerify } from "./openleash.fixture.ts";
import { issueProof } from "./proof.ts";
import { digest, keys, NOW, proofInput } from "./proof.fixture.ts";
import { verifyProof } from "./verify-proof.ts";

const code = (expected: LeashErrorCode) => expect.toSatisfy((error) => isLeashError(error, expected));
const server = await openLeashServer(NOW);
const verify = (token: string, expected: Partial<OpenLeashExpectation> = {}, keySet: OpenLeashKeySet = server.keys) =>
  verifyProof(token, keySet, { dialect: "openleash", now: NOW, ...expected });

describe("our proofs at an OpenLeash verifier", () => {
  const { token } = issueProof(keys.signer("proof"), proofInput);
  const expected = { now: NOW, actionHash: digest, agentId: "buyer" };

  it("are accepted with our key set in its format, for their action, agent and time, and for no other", async () => {
    const published = openLeashKeys(keys.keySet());
    expect(await openLeashVerify(token, published, expected)).toBe(true);
    expect(await openLeashVerify(token, published, { ...expected, agentId: "other" })).toBe(false);
    expect(await openLeashVerify(token, published, { ...expected, actionHash: ACTION_HASH })).toBe(false);
    expect(await openLeashVerify(token, published, { ...expected, now: NOW + 120_001 })).toBe(false);
    expect(await openLeashVerify(token, server.keys, expected)).toBe(false);
  });

  it("B-H14: are all that it is given keys for: none of our other tokens can be checked there", async () => {
    const ring = memoryKeyRing({ clock: { now: () => NOW }, random: randomBytes });
    const own = { ...JSON.parse(Buffer.from(token.slice(10), "base64url").subarray(0, -64).toString()) };
    for (const purpose of ["approval", "attestation", "receipt", "session", "checkpoint"] as const) {
      const other = ring.signer(purpose).sign(own);
      const [key] = ring.publicKeys(purpose);
      expect(openLeashKeys(ring.keySet()).keys.map(({ kid }) => kid)).toEqual([ring.publicKeys("proof")[0]?.kid]);
      // Even with the key: what is signed with it and not written in it is not known there.
      const relabelled: KeySet = { v: 1, keys: key === undefined ? [] : [{ ...key, purpose: "proof" }] };
      expect(await openLeashVerify(other, openLeashKeys(relabelled), expected), purpose).toBe(false);
    }
  });

  it("B-H19: are refused once their key is published as revoked", async () => {
    const ring = memoryKeyRing({ clock: { now: () => NOW }, random: randomBytes });
    const proof = issueProof(ring.signer("proof"), proofInput);
    expect(await openLeashVerify(proof.token, openLeashKeys(ring.keySet()), expected)).toBe(true);
    ring.revoke(proof.kid);
    expect(openLeashKeys(ring.keySet()).keys).toMatchObject([{ revoked_at: "2026-05-06T07:08:09.010Z" }]);
    expect(await openLeashVerify(proof.token, openLeashKeys(ring.keySet()), expected)).toBe(false);
  });
});

describe("an OpenLeash server's proof", () => {
  it("is accepted in the dialect of that name, for its action and its agent", async () => {
    const token = await server.proof({ trust_profile: "HIGH" });
    for (const action of [ACTION_HASH, `sha256:${ACTION_HASH}`, undefined]) {
      const expected = action === undefined ? {} : { action };
      expect(verify(token, { ...expected, agent: "buyer", tool: "purchase" })).toMatchObject({
        iss: "openleash",
        kid: server.kid,
      });
    }
    expect(verify(await server.proof({ owner_type: "org", matched_rule_id: null })).owner_type).toBe("org");
    expect(() => verify(token, { action: sha256Hex("other") })).toThrow(code("LEASH_TOKEN_INVALID"));
    expect(() => verify(token, { agent: "other" })).toThrow(code("LEASH_TOKEN_INVALID"));
    expect(() => verify(token, { tool: "refund" })).toThrow(code("LEASH_TOKEN_INVALID"));
  });

  it("is not accepted without it, nor is one of ours with it, also where the key is in both lists", async () => {
    const token = await server.proof();
    const [theirs] = server.keys.keys;
    expect(() => verifyProof(token, keys.keySet(), { audience: "buyer", now: NOW })).toThrow(
      code("LEASH_TOKEN_INVALID"),
    );
    const ours = issueProof(keys.signer("proof"), proofInput).token;
    for (const keySet of [server.keys, openLeashKeys(keys.keySet())]) {
      expect(() => verify(ours, {}, keySet)).toThrow(code("LEASH_TOKEN_INVALID"));
    }
    expect(theirs?.kid).toBe(server.kid);
  });

  it("B-H14: is told from that server's approvals and sessions, which the same key signs", async () => {
    const claims = JSON.parse(
      Buffer.from((await server.proof()).slice(10), "base64url")
        .subarray(0, -64)
        .toString(),
    );
    for (const token of [
      await server.approval(),
      await server.session(),
      // With every claim of a proof, too.
      await server.approval(claims),
      await server.session(claims),
      await server.proof({ purpose: "proof" }),
      await server.proof({ purpose: null }),
    ]) {
      expect(() => verify(token)).toThrow(code("LEASH_TOKEN_PURPOSE"));
    }
  });

  it("lives as long as it says, and an hour at most", async () => {
    const token = await server.proof();
    expect(verify(token, { now: NOW + 119_999 }).agent_id).toBe("buyer");
    expect(() => verify(token, { now: NOW + 120_000 })).toThrow(code("LEASH_TOKEN_EXPIRED"));
    expect(() => verify(token, { now: NOW - 1 })).toThrow(code("LEASH_TOKEN_INVALID"));
    expect(verify(token, { now: NOW - 1, skewMs: 1 }).agent_id).toBe("buyer");
    const long = await server.proof({ exp: new Date(NOW + 3_600_001).toISOString() });
    expect(() => verify(long)).toThrow(code("LEASH_TOKEN_INVALID"));
  });

  it("is taken once where that is asked, by its decision", async () => {
    const store = memoryStore({ clock: fakeClock(NOW) });
    const token = await server.proof();
    const expected = { dialect: "openleash", once: store } as const;
    await expect(verifyProof(token, server.keys, expected)).resolves.toMatchObject({ iss: "openleash" });
    await expect(verifyProof(token, server.keys, expected)).rejects.toEqual(code("LEASH_TOKEN_USED"));
    await expect(verifyProof(await server.proof(), server.keys, expected)).resolves.toMatchObject({ iss: "openleash" });
    await store.close();
  });

  it.each([
    "iat",
    "exp",
    "decision_id",
    "owner_type",
    "owner_id",
    "agent_id",
    "action_type",
    "action_hash",
    "matched_rule_id",
  ])("B-H9: is refused where its claim %s is missing or of another type", async (name) => {
    const isText = !["iat", "exp", "owner_type", "action_hash"].includes(name);
    const values = [undefined, 7, {}, [], ...(name === "matched_rule_id" ? [] : [null]), ...(isText ? [] : ["x y"])];
    let signed = 0;
    for (const value of values) {
      // The library itself refuses to sign what is no time in a claim for one.
      const token = await server.proof({ [name]: value }).catch(() => undefined);
      if (token === undefined) continue;
      signed += 1;
      expect(() => verify(token), JSON.stringify(value)).toThrow(code("LEASH_TOKEN_INVALID"));
    }
    expect(signed).toBeGreaterThan(0);
  });

  it("is refused with another issuer, changed, of an unknown key, and of a revoked one", async () => {
    const token = await server.proof();
    expect(() => verify(token.replace(/.$/u, (last) => (last === "A" ? "B" : "A")))).toThrow(
      code("LEASH_TOKEN_INVALID"),
    );
    for (const iss of ["leashkit", "OpenLeash", undefined]) {
      const other = await server.proof({ iss });
      expect(() => verify(other), String(iss)).toThrow(code("LEASH_TOKEN_INVALID"));
    }
    expect(() => verify(token, {}, { keys: [] })).toThrow(code("LEASH_TOKEN_INVALID"));
    const stranger = await openLeashServer(NOW);
    const [foreign] = stranger.keys.keys;
    if (foreign === undefined) throw new Error("The server has no key.");
    expect(() => verify(token, {}, { keys: [{ ...foreign, kid: server.kid }] })).toThrow(code("LEASH_TOKEN_INVALID"));
    const [key] = server.keys.keys;
    if (key === undefined) throw new Error("The server has no key.");
    for (const revoked of ["2026-01-01T00:00:00.000Z", "2999-01-01T00:00:00.000Z", "", "soon"]) {
      const set = { keys: [key, { ...key, revoked_at: revoked }] };
      expect(() => verify(token, {}, set), revoked).toThrow(code("LEASH_TOKEN_REVOKED"));
    }
  });

  it("names what cannot be checked, and malformed keys, as the verifier's own mistake", async () => {
    const token = await server.proof();
    const mistake = code("LEASH_CONFIG_INVALID");
    const expectations: readonly Readonly<Record<string, unknown>>[] = [
      { audience: "shop.example.com" },
      { input: ACTION_HASH },
      { action: "x" },
      { agent: "" },
      { tool: "" },
      { now: Number.NaN },
      { dialect: "other" },
    ];
    for (const expected of expectations)
      expect(() => verify(token, expected), JSON.stringify(expected)).toThrow(mistake);
    const [key] = server.keys.keys;
    const sets: readonly unknown[] = [
      null,
      [key],
      { keys: {} },
      { keys: [{ ...key, kid: 5 }] },
      { keys: [{ ...key, kty: "RSA" }] },
      { keys: [{ ...key, alg: "none" }] },
      { keys: [{ ...key, public_key_b64: "AAAA" }] },
      { keys: [{ ...key, public_key_b64: `${key?.public_key_b64} ` }] },
      { keys: [key, { ...key, public_key_b64: (await openLeashServer(NOW)).keys.keys[0]?.public_key_b64 }] },
      keys.keySet(),
    ];
    for (const set of sets) {
      const asKeys: OpenLeashKeySet = JSON.parse(JSON.stringify({ set })).set;
      expect(() => verify(token, {}, asKeys), JSON.stringify(set)).toThrow(mistake);
    }
  });
});
