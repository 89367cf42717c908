import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { isLeashError, type LeashErrorCode } from "../errors.ts";
import type { JsonObject } from "../model/json.ts";
import { memoryKeyRing } from "./keys.ts";
import { issueSession, type SessionExpectation, type SessionInput, verifySession } from "./session.ts";
import { peekV4 } from "./v4.ts";

const NOW = Date.UTC(2026, 0, 1);
const keys = memoryKeyRing({ clock: { now: () => NOW }, random: randomBytes });
const code = (expected: LeashErrorCode) => expect.toSatisfy((error) => isLeashError(error, expected));
const input: SessionInput = {
  tenant: "acme",
  subject: "ann",
  actor: "person",
  audience: "leash.example.com",
  now: NOW,
  random: randomBytes,
};
const issue = (changes: Partial<SessionInput> = {}): string =>
  issueSession(keys.signer("session"), { ...input, ...changes }).token;
const verify = (token: string, expected: Partial<SessionExpectation> = {}) =>
  verifySession(token, keys.keySet(), { audience: "leash.example.com", actor: "person", now: NOW, ...expected });
const claimsOf = (token: string): JsonObject => JSON.parse(peekV4(token) ?? "null");
const forged = (changes: Readonly<Record<string, unknown>>): string =>
  keys.signer("session").sign(JSON.parse(JSON.stringify({ ...claimsOf(issue()), ...changes })));

describe("a session", () => {
  it("says whose it is, for which tenant and which server, and until when", () => {
    const { token, jti, kid, expiresAt } = issueSession(keys.signer("session"), input);
    expect(verify(token, { tenant: "acme" })).toEqual({
      v: 1,
      iss: "leashkit",
      purpose: "session",
      kid,
      jti,
      sub: "ann",
      actor_type: "person",
      aud: "leash.example.com",
      tenant: "acme",
      iat: "2026-01-01T00:00:00.000Z",
      nbf: "2026-01-01T00:00:00.000Z",
      exp: "2026-01-01T08:00:00.000Z",
    });
    expect(expiresAt).toBe(NOW + 28_800_000);
  });

  it("I9: of an agent is none of a person, nor the other way round", () => {
    const agent = issue({ actor: "agent", subject: "buyer" });
    expect(verify(agent, { actor: "agent" }).sub).toBe("buyer");
    expect(() => verify(agent)).toThrow(code("LEASH_TOKEN_INVALID"));
    expect(() => verify(issue(), { actor: "agent" })).toThrow(code("LEASH_TOKEN_INVALID"));
    expect(() => verify(forged({ actor_type: "system" }))).toThrow(code("LEASH_TOKEN_INVALID"));
  });

  it("is refused by another server, for another tenant, too early and too late", () => {
    expect(() => verify(issue(), { audience: "other.example.com" })).toThrow(code("LEASH_TOKEN_AUDIENCE"));
    expect(() => verify(issue(), { tenant: "other" })).toThrow(code("LEASH_TOKEN_INVALID"));
    expect(() => verify(issue(), { now: NOW - 1 })).toThrow(code("LEASH_TOKEN_INVALID"));
    expect(() => verify(issue(), { now: NOW + 28_800_000 })).toThrow(code("LEASH_TOKEN_EXPIRED"));
    expect(verify(issue(), { now: NOW + 28_800_000, skewMs: 1 }).sub).toBe("ann");
  });

  it("lasts a day at most, and is refused where it claims more, though it is signed", () => {
    expect(claimsOf(issue({ ttlMs: 10 ** 9 }))["exp"]).toBe("2026-01-02T00:00:00.000Z");
    expect(() => verify(forged({ exp: "2026-01-02T00:00:00.001Z" }))).toThrow(code("LEASH_TOKEN_INVALID"));
    for (const ttlMs of [0, -1, 1.5]) expect(() => issue({ ttlMs })).toThrow(code("LEASH_INPUT_INVALID"));
  });

  it.each(["sub", "actor_type", "aud", "iat", "nbf", "exp", "jti", "tenant"])(
    "B-H9: is refused where its claim %s is missing or of another type",
    (name) => {
      for (const value of [undefined, null, 7, {}, []]) {
        expect(() => verify(forged({ [name]: value })), JSON.stringify(value)).toThrow(code("LEASH_TOKEN_INVALID"));
      }
    },
  );

  it("is signed with no key of another purpose", () => {
    expect(() => issueSession(keys.signer("proof"), input)).toThrow(code("LEASH_TOKEN_PURPOSE"));
  });

  it("B-H19: ends with its key", () => {
    const own = memoryKeyRing({ clock: { now: () => NOW }, random: randomBytes });
    const { token, kid } = issueSession(own.signer("session"), input);
    own.revoke(kid);
    const expected = { audience: "leash.example.com", actor: "person", now: NOW } as const;
    expect(() => verifySession(token, own.keySet(), expected)).toThrow(code("LEASH_TOKEN_REVOKED"));
  });

  it("names a malformed expectation as the verifier's own mistake", () => {
    const malformed: readonly Readonly<Record<string, unknown>>[] = [
      { audience: "" },
      { actor: undefined },
      { actor: "anybody" },
    ];
    for (const expected of malformed) {
      expect(() => verify(issue(), expected), JSON.stringify(expected)).toThrow(code("LEASH_CONFIG_INVALID"));
    }
  });
});
