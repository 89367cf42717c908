import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { sha256Hex } from "../digest.ts";
import { isLeashError, type LeashErrorCode } from "../errors.ts";
import type { JsonObject } from "../model/json.ts";
import {
  type AttestationExpectation,
  type AttestationInput,
  issueAttestation,
  verifyAttestation,
} from "./attestation.ts";
import { memoryKeyRing } from "./keys.ts";
import { peekV4 } from "./v4.ts";

const NOW = Date.UTC(2026, 0, 1);
const keys = memoryKeyRing({ clock: { now: () => NOW }, random: randomBytes });
const code = (expected: LeashErrorCode) => expect.toSatisfy((error) => isLeashError(error, expected));
const approval = { id: "approval-1", digest: sha256Hex("action") };
const input: AttestationInput = {
  tenant: "acme",
  person: "ann",
  method: "totp",
  approval,
  audience: "desk.example.com",
  now: NOW,
  random: randomBytes,
};
const issue = (changes: Partial<AttestationInput> = {}): string =>
  issueAttestation(keys.signer("attestation"), { ...input, ...changes }).token;
const verify = (token: string, expected: Partial<AttestationExpectation> = {}) =>
  verifyAttestation(token, keys.keySet(), {
    audience: "desk.example.com",
    approval: approval.id,
    action: approval.digest,
    now: NOW,
    ...expected,
  });
const claimsOf = (token: string): JsonObject => JSON.parse(peekV4(token) ?? "null");
const forged = (changes: Readonly<Record<string, unknown>>): string =>
  keys.signer("attestation").sign(JSON.parse(JSON.stringify({ ...claimsOf(issue()), ...changes })));

describe("an attestation", () => {
  it("says who proved it, how, when, and for which action of which approval", () => {
    const { token, jti, kid, expiresAt } = issueAttestation(keys.signer("attestation"), {
      ...input,
      provenAt: NOW - 5_000,
    });
    expect(verify(token, { person: "ann", methods: ["passkey", "totp"] })).toEqual({
      v: 1,
      iss: "leashkit",
      purpose: "attestation",
      kid,
      jti,
      sub: "ann",
      aud: "desk.example.com",
      tenant: "acme",
      approval_id: "approval-1",
      action_hash: approval.digest,
      method: "totp",
      assurance: "step_up",
      at: "2025-12-31T23:59:55.000Z",
      iat: "2026-01-01T00:00:00.000Z",
      nbf: "2026-01-01T00:00:00.000Z",
      exp: "2026-01-01T00:05:00.000Z",
    });
    expect(expiresAt).toBe(NOW + 300_000);
  });

  it("I1: is refused for another action, another approval, another person and another method", () => {
    const token = issue();
    const invalid = code("LEASH_TOKEN_INVALID");
    expect(() => verify(token, { action: sha256Hex("other") })).toThrow(invalid);
    expect(() => verify(token, { approval: "approval-2" })).toThrow(invalid);
    expect(() => verify(token, { person: "bea" })).toThrow(invalid);
    for (const methods of [[], ["passkey"]]) expect(() => verify(token, { methods })).toThrow(invalid);
    expect(() => verify(token, { audience: "evil.example.com" })).toThrow(code("LEASH_TOKEN_AUDIENCE"));
  });

  it("is short-lived, counted from when the person proved it", () => {
    expect(() => verify(issue(), { now: NOW - 1 })).toThrow(code("LEASH_TOKEN_INVALID"));
    expect(verify(issue(), { now: NOW + 299_999 }).sub).toBe("ann");
    expect(() => verify(issue(), { now: NOW + 300_000 })).toThrow(code("LEASH_TOKEN_EXPIRED"));
    const late = issue({ provenAt: NOW - 800_000, ttlMs: 900_000 });
    expect(claimsOf(late)["exp"]).toBe("2026-01-01T00:01:40.000Z");
    for (const provenAt of [NOW - 900_000, NOW - 9_000_000]) {
      expect(() => issue({ provenAt })).toThrow(code("LEASH_INPUT_INVALID"));
    }
    for (const ttlMs of [0, -1, 1.5, Number.NaN]) expect(() => issue({ ttlMs })).toThrow(code("LEASH_INPUT_INVALID"));
  });

  it("is refused where its times contradict each other or give an old proof a new life, though it is signed", () => {
    const invalid = code("LEASH_TOKEN_INVALID");
    for (const changes of [
      { at: "2025-12-31T23:44:00.000Z" },
      { at: "2026-01-01T00:00:01.000Z" },
      { exp: "2026-01-01T00:15:00.001Z" },
      { exp: "2026-01-01T00:00:00.000Z" },
      { iat: "2026-01-01T00:00:01.000Z" },
    ]) {
      expect(() => verify(forged(changes)), JSON.stringify(changes)).toThrow(invalid);
    }
  });

  it.each([
    "sub",
    "aud",
    "iat",
    "nbf",
    "exp",
    "jti",
    "tenant",
    "approval_id",
    "action_hash",
    "method",
    "assurance",
    "at",
  ])("B-H9: is refused where its claim %s is missing or of another type", (name) => {
    for (const value of [undefined, null, 7, {}, []]) {
      expect(() => verify(forged({ [name]: value })), JSON.stringify(value)).toThrow(code("LEASH_TOKEN_INVALID"));
    }
  });

  it("is refused where it tells of less than a step-up", () => {
    expect(() => verify(forged({ assurance: "login" }))).toThrow(code("LEASH_TOKEN_INVALID"));
  });

  it("is signed with no key of another purpose", () => {
    for (const purpose of ["proof", "approval", "session", "receipt", "checkpoint"] as const) {
      expect(() => issueAttestation(keys.signer(purpose), input)).toThrow(code("LEASH_TOKEN_PURPOSE"));
    }
  });

  it("names a malformed expectation as the verifier's own mistake", () => {
    const malformed: readonly Readonly<Record<string, unknown>>[] = [
      { audience: "" },
      { audience: undefined },
      { approval: "" },
      { approval: undefined },
      { action: undefined },
      { action: "x" },
      { methods: "totp" },
      { now: Number.NaN },
      { skewMs: 86_400_001 },
    ];
    for (const expected of malformed) {
      expect(() => verify(issue(), expected), JSON.stringify(expected)).toThrow(code("LEASH_CONFIG_INVALID"));
    }
  });
});
