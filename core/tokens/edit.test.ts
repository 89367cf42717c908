import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { sha256Hex } from "../digest.ts";
import type { Edit, Verdict } from "../model/approval.ts";
import { type EditInput, signEdit, verifyEdit } from "./edit.ts";
import { memoryKeyRing } from "./keys.ts";
import type { StatementSubject } from "./statement.ts";
import { signVerdict, verifyVerdict } from "./verdict.ts";

const NOW = Date.UTC(2026, 0, 1);
const keys = memoryKeyRing({ clock: { now: () => NOW }, random: randomBytes });
const successor: StatementSubject = {
  id: "approval-2",
  callKey: sha256Hex("call"),
  digest: sha256Hex("edited"),
  principal: { tenant: "acme", subject: "ann", agent: "buyer", chain: [] },
};
const person = {
  roles: ["owner"],
  method: "page",
  assurance: "login",
  device: "phone",
  reason: "why",
  at: NOW,
} as const;
const input: EditInput = {
  ...person,
  successor,
  editor: "ann",
  predecessor: "approval-1",
  proposedDigest: sha256Hex("proposed"),
  self: false,
  random: randomBytes,
};
const edit = signEdit(keys.signer("approval"), input);
const holds = (changed: unknown, subject = successor): boolean =>
  verifyEdit(Object.assign([changed])[0] as Edit, subject, keys.keySet());

describe("an edit", () => {
  it("holds for the approval it opened, also after a trip through JSON", () => {
    expect(holds(edit)).toBe(true);
    expect(holds(JSON.parse(JSON.stringify(edit)))).toBe(true);
  });

  it("I3: carries no authority once any of its members was changed or left out", () => {
    for (const name of Object.keys(edit)) {
      for (const value of ["another", null, 2, true, undefined]) {
        expect([name, value, holds({ ...edit, [name]: value })]).toEqual([name, value, false]);
      }
    }
  });

  it.each<[string, Partial<StatementSubject>]>([
    ["approval", { id: "approval-3" }],
    ["call", { callKey: sha256Hex("another") }],
    ["input", { digest: sha256Hex("another") }],
    ["tenant", { principal: { ...successor.principal, tenant: "other" } }],
  ])("I3: does not hold for another %s", (_what, change) => {
    expect(holds(edit, { ...successor, ...change })).toBe(false);
  });

  it("I8: is never taken for an answer, nor an answer for it", () => {
    const signed = { approval: successor, answer: "approve", approver: "ann", ...person, random: randomBytes } as const;
    const verdict = signVerdict(keys.signer("approval"), signed);
    const posing: Verdict = { ...verdict, token: edit.token };
    expect(verifyVerdict(posing, successor, keys.keySet())).toBe(false);
    expect(holds({ ...edit, token: verdict.token })).toBe(false);
  });

  it("I8: is signed with a key for approvals only", () => {
    expect(() => signEdit(keys.signer("proof"), input)).toThrow(
      expect.objectContaining({ code: "LEASH_TOKEN_PURPOSE" }),
    );
  });

  it.each([null, undefined, 5, "edit", {}, []])("never throws: %j", (nonsense) => {
    expect(holds(nonsense)).toBe(false);
  });
});
