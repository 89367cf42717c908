import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  createLeash,
  memoryStore,
  type ApprovalTerms,
  type Approver,
  type Leash,
  type Principal,
} from "@leashkit/core";
import { countingShop, fakeClock, scriptedPolicy } from "@leashkit/core/testing";
import { ann, bob } from "../support/edits.ts";
import { durable, logOf, testLeash } from "../support/leash.ts";
import { alterApproval, pendingOf } from "../support/questions.ts";
import { codeOf, thrown } from "../support/thrown.ts";

const CALL = durable("call-1", { amount: 60 });

const asking = (terms: Partial<ApprovalTerms>) => () => ({ effect: "approve", terms }) as const;

const refusal = async (promise: Promise<unknown>): Promise<string> => String(await thrown(promise));

describe("a quorum", () => {
  it("A-H12: is a number of different people: the same one twice is 1 of 2, and nothing runs", async () => {
    const { leash, shop } = await testLeash(asking({ quorum: 2 }));
    const { approvalId } = await pendingOf(leash, CALL);
    const first = await leash.desk(ann).approve(approvalId);
    expect(first).toMatchObject({ status: "pending", settledAt: null, verdicts: [{ approver: "ann" }] });
    for (const id of ["ann", " Ann", "ＡＮＮ"]) {
      expect(await refusal(leash.desk({ id }).approve(approvalId))).toContain("must be another person's");
    }
    expect(await codeOf(leash.guard(CALL, shop.buy, { pause: "defer" }))).toBe("LEASH_PENDING");
    expect(shop.orders).toEqual([]);
  });

  it("A-H12: is met by the last yes, at its time, and the call runs once", async () => {
    const clock = fakeClock();
    const { leash, shop } = await testLeash(asking({ quorum: 3, useWithinMs: 1_000 }), { clock });
    const { approvalId } = await pendingOf(leash, CALL);
    for (const id of ["ann", "bob", "cleo"]) {
      clock.advance(60_000);
      await leash.desk({ id }).approve(approvalId);
    }
    const approved = await leash.desk(ann).get(approvalId);
    expect(approved).toMatchObject({ status: "approved", settledAt: clock.now() });
    expect(await leash.guard(CALL, shop.buy)).toEqual({ order: 1 });
    expect(await leash.guard(CALL, shop.buy)).toEqual({ order: 1 });
    expect(shop.orders).toHaveLength(1);
    const answers = (await logOf(leash)).filter(({ answer }) => answer !== undefined);
    expect(answers.map(({ type, actor_id: by }) => [type, by])).toEqual([
      ["approval.voted", "ann"],
      ["approval.voted", "bob"],
      ["approval.settled", "cleo"],
    ]);
  });

  it("A-H12: ends with one no, also of somebody who said yes", async () => {
    const { leash, shop } = await testLeash(asking({ quorum: 3 }));
    const { approvalId } = await pendingOf(leash, CALL);
    await leash.desk(ann).approve(approvalId);
    await leash.desk(bob).approve(approvalId);
    expect(await leash.desk(ann).deny(approvalId)).toMatchObject({ status: "denied" });
    expect(await codeOf(leash.desk({ id: "cleo" }).approve(approvalId))).toBe("LEASH_DENIED");
    expect(await codeOf(leash.guard(CALL, shop.buy))).toBe("LEASH_DENIED");
    expect(shop.orders).toEqual([]);
  });

  it.each([
    [-1, "ran"],
    [0, "LEASH_EXPIRED"],
    [1, "LEASH_EXPIRED"],
  ])("A-H13: a last vote %i ms from the end of the time: %s", async (offset, expected) => {
    const clock = fakeClock();
    const { leash, shop } = await testLeash(asking({ quorum: 2, expiresInMs: 60_000 }), { clock });
    const { approvalId, expiresAt } = await pendingOf(leash, CALL);
    await leash.desk(ann).approve(approvalId);
    clock.set(expiresAt + offset);
    expect(await codeOf(leash.desk(bob).approve(approvalId))).toBe(expected);
    expect(await codeOf(leash.guard(CALL, shop.buy, { pause: "defer" }))).toBe(expected);
    expect(shop.orders).toHaveLength(expected === "ran" ? 1 : 0);
  });

  it("A-S12: votes that race from two leashes on one file are all kept, and nobody's counts twice", async () => {
    const folder = mkdtempSync(join(tmpdir(), "leashkit-quorum-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const shop = countingShop();
    const open = async (): Promise<Leash> => {
      const leash = await createLeash({ policy: scriptedPolicy(asking({ quorum: 5 })), state: folder, notify: [] });
      leash.register({ id: "buy" });
      return leash;
    };
    const leashes = [await open(), await open()];
    const people = ["ann", "bob", "cleo", "dora", "eli"];
    for (const call of ["call-1", "call-2", "call-3"]) {
      const [one] = leashes;
      const { approvalId } = await pendingOf(one ?? expect.fail(), durable(call, {}));
      const clicks = people.flatMap((id) => leashes.map((leash) => codeOf(leash.desk({ id }).approve(approvalId))));
      expect((await Promise.all(clicks)).filter((code) => code === "ran")).toHaveLength(people.length);
      const settled = await one?.desk(ann).get(approvalId);
      expect(settled).toMatchObject({ status: "approved" });
      expect(settled?.verdicts.map(({ approver }) => approver).toSorted()).toEqual(people);
      const uses = leashes.map((leash) => leash.guard(durable(call, {}), shop.buy));
      expect(new Set((await Promise.all(uses)).map((result) => JSON.stringify(result))).size).toBe(1);
    }
    expect(shop.orders).toHaveLength(3);
    expect(await leashes[0]?.verifyLog()).toMatchObject({ ok: true });
    await Promise.all(leashes.map((leash) => leash.close()));
  });
});

describe("a row that claims more people than said yes", () => {
  const forged = async (terms: Partial<ApprovalTerms>, principal: Partial<Principal> = {}) => {
    const store = memoryStore();
    const { leash, shop } = await testLeash(asking(terms), { store, principal });
    const { approvalId } = await pendingOf(leash, CALL);
    return { store, leash, shop, approvalId };
  };

  it("I3: is refused with too few answers, whatever its status says", async () => {
    const { store, leash, shop, approvalId } = await forged({ quorum: 2 });
    await leash.desk(ann).approve(approvalId);
    await alterApproval(store, approvalId, () => ({ status: "approved", settledAt: Date.now() }));
    expect(await codeOf(leash.guard(CALL, shop.buy))).toBe("LEASH_DENIED");
    expect(shop.orders).toEqual([]);
  });

  it("I3: leaves in the log whether the desk's signatures hold on what its row says", async () => {
    const lastOf = async (leash: Parameters<typeof logOf>[0], type: string) =>
      (await logOf(leash)).findLast((line) => line["type"] === type);
    const changed = await forged({ quorum: 1 });
    await changed.leash.desk(ann).approve(changed.approvalId);
    await alterApproval(changed.store, changed.approvalId, ({ verdicts }) => ({
      verdicts: verdicts.map((verdict) => ({ ...verdict, approver: "bob" })),
    }));
    expect(await codeOf(changed.leash.guard(CALL, changed.shop.buy))).toBe("LEASH_DENIED");
    expect(await lastOf(changed.leash, "approval.refused")).toMatchObject({ signature_valid: false });

    const short = await forged({ quorum: 2 });
    await short.leash.desk(ann).approve(short.approvalId);
    await alterApproval(short.store, short.approvalId, () => ({ status: "approved", settledAt: Date.now() }));
    expect(await codeOf(short.leash.guard(CALL, short.shop.buy))).toBe("LEASH_DENIED");
    expect(await lastOf(short.leash, "approval.refused")).toMatchObject({ signature_valid: true });

    const genuine = await forged({ quorum: 1 });
    await genuine.leash.desk(ann).approve(genuine.approvalId);
    await genuine.leash.guard(CALL, genuine.shop.buy);
    expect(await lastOf(genuine.leash, "approval.consumed")).toMatchObject({ signature_valid: true });
  });

  it("I3: is refused with one answer twice, though both are signed", async () => {
    const { store, leash, shop, approvalId } = await forged({ quorum: 2 });
    await leash.desk(ann).approve(approvalId);
    await alterApproval(store, approvalId, ({ verdicts }) => ({
      status: "approved",
      settledAt: Date.now(),
      verdicts: [...verdicts, ...verdicts],
    }));
    expect(await codeOf(leash.guard(CALL, shop.buy))).toBe("LEASH_DENIED");
    expect(shop.orders).toEqual([]);
  });

  it.each<[string, Partial<ApprovalTerms>, Partial<ApprovalTerms>]>([
    ["without the role", { roles: ["finance"] }, { roles: [] }],
    ["of whom it is for", { fourEyes: true }, { fourEyes: false }],
    ["without a reason", { reasonRequired: true }, { reasonRequired: false }],
  ])("I3: is refused with a genuine yes %s that the desk was tricked into", async (_what, terms, loosened) => {
    const { store, leash, shop, approvalId } = await forged(terms, { subject: "ann" });
    await alterApproval(store, approvalId, (approval) => ({ terms: { ...approval.terms, ...loosened } }));
    await leash.desk(ann).approve(approvalId);
    await alterApproval(store, approvalId, (approval) => ({ terms: { ...approval.terms, ...terms } }));
    expect(await codeOf(leash.guard(CALL, shop.buy))).toBe("LEASH_DENIED");
    expect(shop.orders).toEqual([]);
  });

  it("I3: is refused where somebody hid for whom the call is", async () => {
    const { store, leash, shop, approvalId } = await forged({ fourEyes: true }, { chain: ["ann"] });
    await alterApproval(store, approvalId, ({ principal }) => ({ principal: { ...principal, chain: [] } }));
    await leash.desk(ann).approve(approvalId);
    expect(await codeOf(leash.guard(CALL, shop.buy))).toBe("LEASH_DENIED");
    expect(shop.orders).toEqual([]);
  });

  it("I3: is refused with yeses that were given to the question at different times of its life and later", async () => {
    const clock = fakeClock();
    const store = memoryStore({ clock });
    const { leash, shop } = await testLeash(asking({ quorum: 2, expiresInMs: 60_000 }), { store });
    const { approvalId } = await pendingOf(leash, CALL);
    await leash.desk(ann).approve(approvalId);
    clock.advance(59_999);
    await alterApproval(store, approvalId, ({ expiresAt }) => ({ expiresAt: expiresAt + 600_000 }));
    clock.advance(120_000);
    await leash.desk(bob).approve(approvalId);
    expect(await codeOf(leash.guard(CALL, shop.buy))).toBe("LEASH_DENIED");
    expect(shop.orders).toEqual([]);
  });
});

describe("who may say yes", () => {
  const finance: Approver = { id: "fay", roles: ["staff", "finance"] };

  it("A-H12: somebody with one of the roles; a no needs none", async () => {
    const { leash, shop } = await testLeash(asking({ roles: ["finance", "board"] }));
    const { approvalId } = await pendingOf(leash, CALL);
    const refused = await refusal(leash.desk({ ...ann, roles: ["staff"] }).approve(approvalId));
    expect(refused).toContain("one of the roles finance, board: have them answer");
    expect((await logOf(leash)).at(-1)).toMatchObject({
      type: "approval.refused",
      actor_id: "ann",
      detail: "role needed",
    });
    expect(await leash.desk(finance).approve(approvalId)).toMatchObject({ status: "approved" });
    expect(await leash.guard(CALL, shop.buy)).toEqual({ order: 1 });
    const other = await pendingOf(leash, durable("call-2", {}));
    expect(await leash.desk(ann).deny(other.approvalId)).toMatchObject({ status: "denied" });
  });

  it.each([
    ["for whom the call is", { subject: "Ann@Example.com" }, "ann@example.com"],
    ["the agent itself", { agent: "ann" }, "ann"],
    ["a parent of the agent", { chain: ["root", "ann"] }, "ann"],
  ])("A-H12: four eyes refuse %s", async (_who, principal, id) => {
    const { leash, shop } = await testLeash(asking({ fourEyes: true }), { principal });
    const { approvalId } = await pendingOf(leash, CALL);
    expect(await refusal(leash.desk({ id }).approve(approvalId))).toContain("second pair of eyes");
    expect((await logOf(leash)).at(-1)).toMatchObject({ type: "approval.refused", detail: "four eyes needed" });
    await leash.desk(bob).approve(approvalId);
    expect(await leash.guard(CALL, shop.buy)).toEqual({ order: 1 });
  });

  it("A-H12: four eyes refuse the editor, also where the editor's own yes would count", async () => {
    const { leash, shop } = await testLeash(asking({ fourEyes: true, edit: "self" }));
    const { approvalId } = await pendingOf(leash, CALL);
    const { id } = await leash.desk(ann).edit(approvalId, { amount: 1 });
    expect(await refusal(leash.desk(ann).approve(id))).toContain("second pair of eyes");
    await leash.desk(bob).approve(id);
    await leash.guard(CALL, shop.buy);
    expect(shop.orders).toMatchObject([{ input: { amount: 1 } }]);
  });

  it.each([undefined, "", "  \n\t", "\u200B\u2800\u00AD"])(
    "a yes with the reason %j is none where one is needed",
    async (reason) => {
      const { leash, shop } = await testLeash(asking({ reasonRequired: true }));
      const { approvalId } = await pendingOf(leash, CALL);
      const options = reason === undefined ? {} : { reason };
      expect(await refusal(leash.desk(ann).approve(approvalId, options))).toContain("needs a reason");
      expect(await leash.desk(ann).approve(approvalId, { reason: "." })).toMatchObject({ status: "approved" });
      expect(await leash.guard(CALL, shop.buy)).toEqual({ order: 1 });
    },
  );

  it("A-H11: under a step-up every vote that counts is one", async () => {
    const { leash, shop } = await testLeash(() => ({ effect: "step_up", terms: { quorum: 2, methods: ["webauthn"] } }));
    const { approvalId } = await pendingOf(leash, CALL);
    const proven = { method: "webauthn", assurance: "step_up" } as const;
    await leash.desk({ id: "ann", ...proven }).approve(approvalId);
    expect(await refusal(leash.desk(bob).approve(approvalId))).toContain("needs a step-up");
    expect(await codeOf(leash.guard(CALL, shop.buy, { pause: "defer" }))).toBe("LEASH_PENDING");
    await leash.desk({ id: "bob", ...proven }).approve(approvalId);
    expect(await leash.guard(CALL, shop.buy)).toEqual({ order: 1 });
  });
});

describe("answers that race", () => {
  it("B-H7: of a yes and a no in fifty interleavings exactly one stands, and the loser is told", async () => {
    const results = new Set<string>();
    for (let round = 0; round < 50; round += 1) {
      const { leash, shop } = await testLeash(asking({}));
      const { approvalId } = await pendingOf(leash, CALL);
      const click = async (turns: number, verb: "approve" | "deny", id: string): Promise<string> => {
        for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
        return codeOf(leash.desk({ id })[verb](approvalId));
      };
      const codes = await Promise.all([
        click(round % 10, "approve", "ann"),
        click(Math.floor(round / 10), "deny", "bob"),
      ]);
      expect(codes.toSorted()).toEqual(["LEASH_DENIED", "ran"]);
      const { status, verdicts } = await leash.desk(ann).get(approvalId);
      expect(status).toBe(codes[0] === "ran" ? "approved" : "denied");
      expect(verdicts).toHaveLength(1);
      await thrown(leash.guard(CALL, shop.buy));
      expect(shop.orders).toHaveLength(status === "approved" ? 1 : 0);
      results.add(status);
    }
    expect(results).toEqual(new Set(["approved", "denied"]));
  });

  it("B-H6: a yes lifts no deny, neither one that was there nor one that came after it", async () => {
    let effect: "approve" | "deny" | "step_up" = "deny";
    const { leash, shop } = await testLeash(() => effect);
    expect(await codeOf(leash.guard(CALL, shop.buy))).toBe("LEASH_DENIED");
    expect(await leash.desk(ann).pending()).toEqual([]);
    effect = "approve";
    const { approvalId } = await pendingOf(leash, CALL);
    await leash.desk(ann).approve(approvalId);
    for (const lockdown of ["deny", "step_up"] as const) {
      effect = lockdown;
      expect(await codeOf(leash.guard(CALL, shop.buy, { pause: "defer" }))).not.toBe("ran");
    }
    expect(shop.orders).toEqual([]);
  });

  it("B-H10: fifty who use one yes of a quorum at once run it once", async () => {
    const { leash, shop } = await testLeash(asking({ quorum: 2 }));
    const { approvalId } = await pendingOf(leash, CALL);
    await Promise.all([ann, bob].map((person) => leash.desk(person).approve(approvalId)));
    const uses = await Promise.all(Array.from({ length: 50 }, () => leash.guard(CALL, shop.buy)));
    expect(uses).toEqual(uses.map(() => ({ order: 1 })));
    expect(shop.orders).toHaveLength(1);
  });

  it("B-H11: the byte-identical call proposed twice, both times under its identity, is one question and one run", async () => {
    const { leash, shop } = await testLeash(asking({}));
    const [first, second] = [await pendingOf(leash, CALL), await pendingOf(leash, CALL)];
    expect(first.approvalId).toBe(second.approvalId);
    await leash.desk(ann).approve(first.approvalId);
    await Promise.all([leash.guard(CALL, shop.buy), leash.guard(CALL, shop.buy)]);
    expect(shop.orders).toHaveLength(1);
  });
});

describe("a yes that is taken back", () => {
  it("I2: before its use denies the call, with the person's note, for good", async () => {
    const { leash, shop } = await testLeash(asking({}));
    const { approvalId, ref } = await pendingOf(leash, CALL);
    await leash.desk(ann).approve(approvalId);
    const revoked = await leash.desk(bob).revoke(ref, { reason: "wrong account" });
    expect(revoked).toMatchObject({ status: "revoked", verdicts: [{ answer: "approve" }, { answer: "revoke" }] });
    expect((await logOf(leash)).at(-1)).toMatchObject({
      type: "approval.revoked",
      actor_id: "bob",
      answer: "revoke",
      detail: "wrong account",
      approval_id: approvalId,
    });
    for (const attempt of [leash.guard(CALL, shop.buy), leash.collect(ref, shop.buy)]) {
      expect(await thrown(attempt)).toMatchObject({ reasonCode: "person_denied", note: "wrong account" });
    }
    expect(shop.orders).toEqual([]);
  });

  it("I2: is no yes any more, though somebody sets the row back", async () => {
    const store = memoryStore();
    const { leash, shop } = await testLeash(asking({}), { store });
    const { approvalId } = await pendingOf(leash, CALL);
    await leash.desk(ann).approve(approvalId);
    await leash.desk(ann).revoke(approvalId);
    await alterApproval(store, approvalId, () => ({ status: "approved" }));
    expect(await codeOf(leash.guard(CALL, shop.buy))).toBe("LEASH_DENIED");
    expect(shop.orders).toEqual([]);
  });

  it("I2: against a use at the same moment: exactly one of the two happens", async () => {
    const endings = new Set<string>();
    for (let round = 0; round < 50; round += 1) {
      const { leash, shop } = await testLeash(asking({}));
      const { approvalId } = await pendingOf(leash, CALL);
      await leash.desk(ann).approve(approvalId);
      const taken = (async () => {
        for (let turn = 0; turn < round; turn += 1) await Promise.resolve();
        return codeOf(leash.desk(bob).revoke(approvalId));
      })();
      const [use, revoked] = await Promise.all([codeOf(leash.guard(CALL, shop.buy)), taken]);
      expect([use, revoked].toSorted()).toEqual(["LEASH_DENIED", "ran"]);
      expect(shop.orders).toHaveLength(use === "ran" ? 1 : 0);
      endings.add(use);
    }
    expect(endings).toEqual(new Set(["ran", "LEASH_DENIED"]));
  });

  it("says what to do where there is no yes to take back", async () => {
    const clock = fakeClock();
    const { leash, shop } = await testLeash(asking({ useWithinMs: 1_000 }), { clock });
    const { approvalId } = await pendingOf(leash, CALL);
    expect(await refusal(leash.desk(ann).revoke(approvalId))).toContain("deny it");
    await leash.desk(ann).approve(approvalId);
    await leash.guard(CALL, shop.buy);
    expect(await refusal(leash.desk(ann).revoke(approvalId))).toContain("already consumed");
    const second = await pendingOf(leash, durable("call-2", {}));
    await leash.desk(ann).approve(second.approvalId);
    clock.advance(1_000);
    expect(await refusal(leash.desk(ann).revoke(second.approvalId))).toContain("already lapsed");
  });
});

it("A-H12: a policy that states every term of asking starts, and is kept", async () => {
  const terms =
    "quorum: 2, roles: [finance], four_eyes: true, reason_required: true, escalate_after: 10m, deny_memory: 1h";
  const text = `leash: 1\ntools:\n  buy: { decision: approve, approval: { ${terms} } }\n`;
  const leash = await createLeash({ policy: { text }, store: "memory", notify: [] });
  leash.register({ id: "buy" });
  const { approvalId } = await pendingOf(leash, CALL);
  expect((await leash.desk(ann).get(approvalId)).terms).toMatchObject({
    quorum: 2,
    roles: ["finance"],
    fourEyes: true,
    reasonRequired: true,
    escalateAfterMs: 600_000,
    denyMemoryMs: 3_600_000,
  });
});
