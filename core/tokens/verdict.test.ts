import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { sha256Hex } from "../digest.ts";
import { isLeashError } from "../errors.ts";
import type { Verdict } from "../model/approval.ts";
import { memoryKeyRing } from "./keys.ts";
import type { StatementSubject } from "./statement.ts";
import { signVerdict, verifyVerdict, type VerdictInput } from "./verdict.ts";

const NOW = Date.UTC(2026, 0, 1);
const keys = memoryKeyRing({ clock: { now: () => NOW }, random: randomBytes });
const approval: StatementSubject = {
  id: "approval-1",
  callKey: sha256Hex("call"),
  digest: sha256Hex("action"),
  principal: { tenant: "acme", subject: "ann", agent: "buyer", chain: [] },
};
const input: VerdictInput = {
  approval,
  answer: "deny",
  approver: "ann",
  roles: ["owner", "finance"],
  method: "terminal",
  assurance: "login",
  device: "laptop",
  reason: "too dear 💸",
  at: NOW,
  random: randomBytes,
};
const verdict = signVerdict(keys.signer("approval"), input);
const holds = (changed: unknown, subject: StatementSubject = approval): boolean => {
  const asVerdict: Verdict = Object.assign([changed])[0];
  return verifyVerdict(asVerdict, subject, keys.keySet());
};

describe("a verdict", () => {
  it("holds for the approval it answers, also after a trip through JSON", () => {
    expect(verdict).toEqual({ v: 1, ...answerOf(input), token: expect.stringMatching(/^v4\.public\./) });
    expect(holds(verdict)).toBe(true);
    expect(holds(JSON.parse(JSON.stringify(verdict)))).toBe(true);
    expect(verifyVerdict(verdict, approval, keys.publicKeys("approval"))).toBe(true);
  });

  it("I3: carries no authority once any of its members was changed or left out", () => {
    const changes: { readonly [Name in keyof Verdict]: readonly unknown[] } = {
      v: [2, "1", null],
      answer: ["approve", "", null],
      approver: ["bob", "Ann", ""],
      roles: [["owner"], ["finance", "owner"], ["owner", "finance", "cfo"], [], "owner,finance", null],
      method: ["link", ""],
      assurance: ["step_up", "link"],
      device: ["phone", null, ""],
      reason: [null, "", "too dear"],
      at: [NOW + 1, NOW - 1, String(NOW), Number.NaN, null],
      token: [
        "",
        null,
        5,
        `${verdict.token}A`,
        signVerdict(keys.signer("approval"), { ...input, answer: "approve" }).token,
      ],
    };
    for (const [name, values] of Object.entries(changes)) {
      for (const value of [...values, undefined]) {
        expect(holds({ ...verdict, [name]: value }), `${name}: ${JSON.stringify(value)}`).toBe(false);
      }
    }
  });

  it("I2: answers one approval, one call, one digest and one tenant", () => {
    expect(holds(verdict, { ...approval, id: "approval-2" })).toBe(false);
    expect(holds(verdict, { ...approval, callKey: sha256Hex("other call") })).toBe(false);
    expect(holds(verdict, { ...approval, digest: sha256Hex("other action") })).toBe(false);
    expect(holds(verdict, { ...approval, principal: { ...approval.principal, tenant: "other" } })).toBe(false);
  });

  it("I3: is not believed from another desk", () => {
    const others = memoryKeyRing({ clock: { now: () => NOW }, random: randomBytes });
    const forged = signVerdict(others.signer("approval"), { ...input, answer: "approve" });
    expect(holds(forged)).toBe(false);
    expect(verifyVerdict(forged, approval, others.keySet())).toBe(true);
    expect(verifyVerdict(verdict, approval, [])).toBe(false);
  });

  it("never throws, whatever it is", () => {
    const hostile = {
      get token(): string {
        throw new Error("a getter ran");
      },
    };
    for (const junk of [null, undefined, 5, "x", [], {}, hostile, { ...verdict, roles: hostile }]) {
      expect(holds(junk)).toBe(false);
    }
    const asKeys: [] = Object.assign([null])[0];
    expect(verifyVerdict(verdict, approval, asKeys)).toBe(false);
  });

  it("holds with no device and no reason, and says so", () => {
    const bare = signVerdict(keys.signer("approval"), { ...input, device: null, reason: null, roles: [] });
    expect(bare).toMatchObject({ device: null, reason: null, roles: [] });
    expect(holds(bare)).toBe(true);
    expect(holds({ ...bare, reason: "fine" })).toBe(false);
  });

  it("leaves out what the caller states beside it", () => {
    const extra = { ...input, note: "unsigned" };
    expect(Object.keys(signVerdict(keys.signer("approval"), extra))).not.toContain("note");
  });

  it("I8: is signed with a key for approvals only, and only when it could be verified", () => {
    const throwing = (run: () => unknown, code: "LEASH_TOKEN_PURPOSE" | "LEASH_INPUT_INVALID"): void =>
      expect(run).toThrow(expect.toSatisfy((error) => isLeashError(error, code)));
    for (const purpose of ["proof", "session", "attestation"] as const) {
      throwing(() => signVerdict(keys.signer(purpose), input), "LEASH_TOKEN_PURPOSE");
    }
    throwing(
      () => signVerdict(keys.signer("approval"), { ...input, reason: "x".repeat(70_000) }),
      "LEASH_INPUT_INVALID",
    );
    throwing(() => signVerdict(keys.signer("approval"), { ...input, reason: "\ud800" }), "LEASH_INPUT_INVALID");
    throwing(() => signVerdict(keys.signer("approval"), { ...input, at: Number.NaN }), "LEASH_INPUT_INVALID");
  });
});

function answerOf({ approval: _approval, random: _random, ...answer }: VerdictInput): Omit<Verdict, "v" | "token"> {
  return answer;
}
