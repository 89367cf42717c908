import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { canonicalText, memoryStore, openDesk, verifyProof, type Approval, type Pause } from "@leashkit/core";
import { ann, ASKED, bob, digestOf, EDITED, pendingOf, propose } from "../support/edits.ts";
import { durable, logOf, onlyPending, testLeash } from "../support/leash.ts";
import { codeOf, thrown } from "../support/thrown.ts";

/** The same after some turns of the event loop's innermost queue. */
async function later<T>(turns: number, act: () => Promise<T>): Promise<T> {
  for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
  return act();
}

describe("an edited call that holds", () => {
  it("I1: after a yes exactly the edited bytes run, once, and every record names their digest", async () => {
    const store = memoryStore();
    const told: string[] = [];
    const { leash, shop } = await testLeash(() => "approve", { store, notify: ({ id }) => void told.push(id) });
    const running = propose(leash, shop.buy);
    const first = await onlyPending(leash);
    const successor = await leash.desk(ann).edit(first, EDITED, { reason: "only to Ann" });
    expect(await leash.desk(bob).get(first)).toMatchObject({ status: "cancelled" });
    expect(await onlyPending(leash)).toBe(successor.id);
    await leash.desk(bob).approve(successor.id);
    expect(await running).toEqual({ order: 1 });
    const digest = digestOf(EDITED);
    const [order] = shop.orders;
    const [row] = await store.list("journal");
    const claims = verifyProof(order?.permit.proof ?? "", leash.keySet(), { audience: "agent", action: digest });
    expect(order?.input).toEqual(EDITED);
    expect([successor.digest, order?.permit.digest, claims.action_hash]).toEqual([digest, digest, digest]);
    expect(row?.body).toMatchObject({
      state: "done",
      digest: digestOf(ASKED),
      finalDigest: digest,
      approvalId: successor.id,
    });
    expect(told).toEqual([first, successor.id]);
    expect(await leash.verifyLog()).toMatchObject({ ok: true });
    expect(await propose(leash, shop.buy)).toEqual({ order: 1 });
    expect(shop.orders).toHaveLength(1);
  });

  it("I1: the log tells who changed what into what, when, how and why", async () => {
    const { leash } = await testLeash(() => "approve");
    const { approvalId } = await pendingOf(leash);
    const successor = await leash.desk(ann).edit(approvalId, EDITED, { reason: "only to Ann" });
    const person = {
      actor_type: "person",
      actor_id: "ann",
      method: "page",
      assurance: "login",
      device: "phone",
      ts: expect.any(String),
    };
    expect((await logOf(leash)).slice(-2)).toEqual([
      expect.objectContaining({
        ...person,
        type: "approval.cancelled",
        approval_id: approvalId,
        digest: digestOf(ASKED),
        detail: `edited into ${digestOf(EDITED)}: only to Ann`,
      }),
      expect.objectContaining({
        ...person,
        type: "approval.opened",
        approval_id: successor.id,
        digest: digestOf(EDITED),
        detail: `edit of ${digestOf(ASKED)}: only to Ann`,
      }),
    ]);
  });

  it("I2: a no to the edited call is final for the call", async () => {
    const { leash, shop } = await testLeash(() => "approve");
    const running = thrown(propose(leash, shop.buy));
    const successor = await leash.desk(ann).edit(await onlyPending(leash), EDITED);
    await leash.desk(ann).deny(successor.id);
    expect(await running).toMatchObject({ reasonCode: "person_denied" });
    expect(await thrown(propose(leash, shop.buy))).toMatchObject({ reasonCode: "person_denied" });
    expect(shop.orders).toEqual([]);
  });

  it("I1: an edit of an edit is followed to the last one", async () => {
    const { leash, shop } = await testLeash(() => "approve");
    const running = propose(leash, shop.buy);
    const second = await leash.desk(ann).edit(await onlyPending(leash), { amount: 1 });
    const third = await leash.desk(bob).edit(second.id, EDITED);
    await leash.desk(ann).approve(third.id);
    expect(await running).toEqual({ order: 1 });
    expect(shop.orders.map(({ input }) => input)).toEqual([EDITED]);
  });
});

describe("an edited call whose run failed", () => {
  it("I1: is asked about as it was proposed, by either way to take it up", async () => {
    for (const again of ["guard", "collect"] as const) {
      const { leash, shop } = await testLeash(() => "approve");
      const { ref } = await pendingOf(leash);
      const successor = await leash.desk(ann).edit(ref, EDITED);
      await leash.desk(bob).approve(successor.id);
      await thrown(leash.collect(successor.ref, () => Promise.reject(new Error("down"))));
      const pending = again === "guard" ? propose(leash, shop.buy, "defer") : leash.collect(successor.ref, shop.buy);
      expect(await codeOf(pending)).toBe("LEASH_PENDING");
      expect(await leash.desk(bob).get(await onlyPending(leash))).toMatchObject({
        digest: digestOf(ASKED),
        edit: null,
      });
      expect(shop.orders).toEqual([]);
    }
  });
});

describe("an abort around an edit", () => {
  it.each(Array.from({ length: 12 }, (_, turns) => turns * 5))(
    "I2: %i turns after it leaves no question open",
    async (turns) => {
      const { leash, shop } = await testLeash(() => "approve");
      const abort = new AbortController();
      const running = codeOf(leash.guard(durable("call-1", ASKED), shop.buy, { signal: abort.signal }));
      const edit = codeOf(leash.desk(ann).edit(await onlyPending(leash), EDITED));
      await later(turns, async () => abort.abort());
      expect(await running).toBe("LEASH_ABORTED");
      await edit;
      expect(await leash.desk(bob).pending()).toEqual([]);
      expect(shop.orders).toEqual([]);
    },
  );
});

describe("an edited call that does not hold", () => {
  it("I1: a deferred agent finds it under either ref, and collects the edited bytes once", async () => {
    const { leash, shop } = await testLeash(() => "approve");
    const { ref } = await pendingOf(leash);
    const settled = leash.deferred(ref, { settled: true });
    const successor = await leash.desk(ann).edit(ref, EDITED);
    expect(await leash.deferred(ref)).toMatchObject({ ref: successor.ref, status: "pending" });
    expect(await codeOf(leash.collect(ref, shop.buy))).toBe("LEASH_PENDING");
    await leash.desk(bob).approve(successor.id);
    expect(await settled).toMatchObject({ ref: successor.ref, status: "approved" });
    const results = [ref, successor.ref, ref].map((name) => leash.collect(name, shop.buy));
    expect(await Promise.all(results)).toEqual([{ order: 1 }, { order: 1 }, { order: 1 }]);
    expect(shop.orders.map(({ input }) => input)).toEqual([EDITED]);
  });

  it("I4: people are told of the edited question though nobody holds", async () => {
    const told: string[] = [];
    const { leash } = await testLeash(() => "approve", { notify: ({ id }) => void told.push(id) });
    const { approvalId } = await pendingOf(leash);
    const successor = await leash.desk(ann).edit(approvalId, EDITED);
    await expect.poll(() => told).toEqual([approvalId, successor.id]);
  });

  it("I2: the same call made again under a new call id is the edited one", async () => {
    const { leash, shop } = await testLeash(() => "approve");
    const { ref } = await pendingOf(leash);
    const successor = await leash.desk(ann).edit(ref, EDITED);
    const again = (): Promise<unknown> =>
      leash.guard(durable("call-2", ASKED), shop.buy, { pause: "defer" }).catch((error: unknown) => error);
    expect(await again()).toMatchObject({ approvalId: successor.id });
    await leash.desk(bob).approve(successor.id);
    expect(await again()).toEqual({ order: 1 });
    expect(await again()).toMatchObject({ code: "LEASH_PENDING" });
    expect(shop.orders.map(({ input }) => input)).toEqual([EDITED]);
  });

  it("I1: under a framework's pause the next resume waits for the edited question", async () => {
    const { leash, shop } = await testLeash(() => "approve");
    const seen: string[] = [];
    const pause: Pause = async ({ id, text }) => {
      seen.push(text);
      if (seen.length === 1) await leash.desk(ann).edit(id, EDITED);
      else await leash.desk(bob).approve(id);
    };
    expect(await propose(leash, shop.buy, pause)).toEqual({ order: 1 });
    expect(seen).toEqual([canonicalText(ASKED), canonicalText(EDITED)]);
    expect(shop.orders.map(({ input }) => input)).toEqual([EDITED]);
  });

  describe("over a restart", () => {
    let state = "";
    afterEach(() => rmSync(state, { recursive: true, force: true }));

    it("I1: the call proposed again by another process runs as another desk edited it", async () => {
      state = mkdtempSync(join(tmpdir(), "leashkit-edit-"));
      const before = await testLeash(() => "approve", { store: "sqlite", state });
      await pendingOf(before.leash);
      await before.leash.close();
      const open = await openDesk({ state, approver: ann });
      const successor = await open.desk.edit((await open.desk.pending())[0]?.id ?? "", EDITED);
      await open.close();
      const after = await testLeash(() => "approve", { store: "sqlite", state });
      await after.leash.desk(bob).approve(successor.id);
      expect(await propose(after.leash, after.shop.buy)).toEqual({ order: 1 });
      expect(await propose(after.leash, after.shop.buy)).toEqual({ order: 1 });
      expect(after.shop.orders.map(({ input }) => input)).toEqual([EDITED]);
      await after.leash.close();
    });
  });
});

describe("an edit among other answers", () => {
  it("I2: of an edit, a yes and a no at the same moment exactly one wins, and what runs is what won", async () => {
    const winners = new Set<number>();
    for (let round = 0; round < 60; round += 1) {
      const { leash, shop } = await testLeash(() => "approve");
      const { ref, approvalId } = await pendingOf(leash);
      const answers = [
        (): Promise<Approval> => leash.desk(ann).edit(approvalId, EDITED),
        (): Promise<Approval> => later(round % 2 === 0 ? round : 2 * round, () => leash.desk(bob).approve(approvalId)),
        (): Promise<Approval> => later(round, () => leash.desk(bob).deny(approvalId)),
      ];
      const turned = [0, 1, 2].map((place) => (place + round) % 3);
      const given = await Promise.all(turned.map((which) => codeOf(answers[which]?.() ?? Promise.reject())));
      expect(given.toSorted()).toEqual(["LEASH_DENIED", "LEASH_DENIED", "ran"]);
      const winner = turned[given.indexOf("ran")] ?? -1;
      winners.add(winner);
      if (winner === 0) await leash.desk(bob).approve((await leash.deferred(ref))?.ref ?? "");
      await thrown(leash.collect(ref, shop.buy));
      expect(shop.orders.map(({ input }) => input)).toEqual([[EDITED], [ASKED], []][winner]);
    }
    expect(winners).toEqual(new Set([0, 1, 2]));
  });

  it("I2: of many edits at once one wins", async () => {
    const { leash } = await testLeash(() => "approve");
    const { approvalId } = await pendingOf(leash);
    const edits = Array.from({ length: 10 }, (_, amount) => codeOf(leash.desk(ann).edit(approvalId, { amount })));
    expect((await Promise.all(edits)).filter((code) => code === "ran")).toHaveLength(1);
    expect(await leash.desk(bob).pending()).toHaveLength(1);
  });
});
