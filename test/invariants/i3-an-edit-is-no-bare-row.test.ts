import { describe, expect, it } from "vitest";
import {
  memoryStore,
  type Approval,
  type Edit,
  type JournalEntry,
  type Json,
  type Kind,
  type Leash,
  type LeashPending,
  type Store,
} from "@leashkit/core";
import type { CountingShop, ScriptedAnswer } from "@leashkit/core/testing";
import { ASKED, digestOf, EDITED } from "../support/edits.ts";
import { durable, testLeash } from "../support/leash.ts";
import { codeOf, thrown } from "../support/thrown.ts";

const WANTED = { amount: 5_000_000 };

interface World {
  readonly store: Store;
  readonly leash: Leash;
  readonly shop: CountingShop;
  readonly ref: string;
  readonly approvalId: string;
}

const suspension = new Error("pauses itself");

/** A call that waits, at a leash whose store somebody else can write. */
async function waitingWorld(effect: () => ScriptedAnswer = () => "approve"): Promise<World> {
  const store = memoryStore();
  const { leash, shop } = await testLeash(effect, { store });
  const { ref, approvalId } = (await thrown(
    leash.guard(durable("call-1", ASKED), shop.buy, { pause: "defer" }),
  )) as LeashPending;
  return { store, leash, shop, ref, approvalId };
}

/** What somebody with the database, and without the desk's key, can do to a row. */
async function forge<T>(store: Store, kind: Kind, id: string, change: (body: T) => Partial<T>): Promise<void> {
  const row = await store.get(kind, id);
  const body = row?.body as T;
  const forged = { ...body, ...change(body) } as Json;
  expect(
    await store.commit([
      { kind, id, expect: row?.version ?? 0, body: forged, by: row?.by ?? null, dueAt: row?.dueAt ?? null },
    ]),
  ).toEqual({ ok: true });
}

/** Whether the call runs, by both ways to take it up. */
async function attempts({ leash, shop, ref }: World): Promise<readonly string[]> {
  return [
    await codeOf(leash.guard(durable("call-1", ASKED), shop.buy, { pause: "defer" })),
    await codeOf(leash.collect(ref, shop.buy)),
  ];
}

const withWanted = (): Partial<Approval> => ({ text: JSON.stringify(WANTED), digest: digestOf(WANTED) });

describe("I3 an edit in a bare row carries no authority", () => {
  it.each<[string, (approval: Approval) => Partial<Approval>]>([
    ["its text alone", () => ({ text: JSON.stringify(WANTED) })],
    ["its text, into what is no JSON", () => ({ text: "{" })],
    ["its text and digest", withWanted],
    ["its edit's editor", ({ edit }) => ({ edit: { ...(edit as Edit), editor: "zoe" } })],
    ["its edit's leave for the editor's own yes", ({ edit }) => ({ edit: { ...(edit as Edit), self: true } })],
    ["its edit's predecessor", ({ edit }) => ({ edit: { ...(edit as Edit), predecessor: "another" } })],
  ])("I3: an approved edit of which somebody changed %s runs nothing", async (_what, change) => {
    const world = await waitingWorld();
    const successor = await world.leash.desk({ id: "ann" }).edit(world.approvalId, EDITED);
    await world.leash.desk({ id: "bob" }).approve(successor.id);
    await forge(world.store, "approval", successor.id, change);
    for (const code of await attempts(world)) expect(code).toMatch(/^LEASH_(DENIED|POLICY_CHANGED|PENDING)$/);
    expect(world.shop.orders).toEqual([]);
  });

  it("I3: the editor's yes does not count though somebody hid who edited until it was given", async () => {
    for (const self of [true, false]) {
      const world = await waitingWorld(() => (self ? "approve" : { effect: "approve" }));
      const successor = await world.leash.desk({ id: "ann" }).edit(world.approvalId, EDITED);
      const { edit } = successor;
      const hidden = self ? { self } : { editor: "zoe" };
      await forge<Approval>(world.store, "approval", successor.id, () => ({ edit: { ...(edit as Edit), ...hidden } }));
      const code = await codeOf(world.leash.desk({ id: "ann" }).approve(successor.id));
      await forge<Approval>(world.store, "approval", successor.id, () => ({ edit }));
      // The desk itself sees that the terms say otherwise.
      expect(code).toBe(self ? "LEASH_DENIED" : "ran");
      expect(await codeOf(world.leash.collect(world.ref, world.shop.buy))).toBe(
        self ? "LEASH_PENDING" : "LEASH_DENIED",
      );
      expect(world.shop.orders).toEqual([]);
    }
  });

  it("I3: a yes to one call is not made the successor of another by a forged link", async () => {
    const { store, leash, shop, ref, approvalId } = await waitingWorld();
    const other = (await thrown(leash.guard(durable("call-1", WANTED), shop.buy, { pause: "defer" }))) as LeashPending;
    const yes = await leash.desk({ id: "bob" }).approve(other.approvalId);
    const genuine = await leash.desk({ id: "ann" }).edit(approvalId, EDITED);
    const proposedDigest = digestOf(ASKED);
    const links: readonly (Edit | null)[] = [
      null,
      { ...(genuine.edit as Edit) },
      { ...(genuine.edit as Edit), token: yes.verdicts[0]?.token ?? "" },
    ];
    for (const edit of links) {
      await forge<Approval>(store, "approval", other.approvalId, () => ({ ...yes, edit }));
      await forge<JournalEntry>(store, "journal", `${yes.callKey}.${proposedDigest}`, () => ({
        state: "held",
        approvalId: other.approvalId,
        finalDigest: yes.digest,
      }));
      expect(await codeOf(leash.collect(ref, shop.buy))).toMatch(/^LEASH_(DENIED|POLICY_CHANGED)$/);
      expect(shop.orders).toEqual([]);
    }
  });

  it("I3: an approved edit is not made the answer to another proposal by a forged link", async () => {
    const { store, leash, shop, approvalId } = await waitingWorld();
    // Under another session a deferred call is not recognised as one of before.
    const calls = [durable("call-1", WANTED), { ...durable("call-2", WANTED), session: "another" }];
    for (const call of calls) await thrown(leash.guard(call, shop.buy, { pause: "defer" }));
    const successor = await leash.desk({ id: "ann" }).edit(approvalId, EDITED);
    await leash.desk({ id: "bob" }).approve(successor.id);
    const links = (await store.list("journal")).filter(({ id }) => id.endsWith(digestOf(WANTED)));
    expect(links).toHaveLength(2);
    for (const { id } of links) {
      await forge<JournalEntry>(store, "journal", id, () => ({
        approvalId: successor.id,
        finalDigest: successor.digest,
      }));
    }
    for (const call of calls) {
      expect(await codeOf(leash.guard(call, shop.buy, { pause: "defer" }))).toMatch(/^LEASH_/);
    }
    expect(shop.orders).toEqual([]);
  });

  it("I3: a yes to one call gives no leave to another call for the same bytes", async () => {
    const { store, leash, shop, approvalId } = await waitingWorld();
    await leash.desk({ id: "bob" }).approve(approvalId);
    const second = { ...durable("call-2", ASKED), session: "another" };
    await thrown(leash.guard(second, shop.buy, { pause: "defer" }));
    const rows = await store.list("journal");
    const other = rows.find(({ body }) => (body as unknown as JournalEntry).approvalId !== approvalId)?.id ?? "";
    await forge<JournalEntry>(store, "journal", other, () => ({ approvalId }));
    expect(await codeOf(leash.guard(second, shop.buy, { pause: "defer" }))).toBe("LEASH_POLICY_CHANGED");
    expect(shop.orders).toEqual([]);
  });

  it("I3: a successor approved by nobody, or with the yes to its predecessor, runs nothing", async () => {
    const world = await waitingWorld();
    const { store, leash, approvalId, shop } = world;
    const successor = await leash.desk({ id: "ann" }).edit(approvalId, EDITED);
    const settled = { status: "approved", settledAt: successor.openedAt } as const;
    await forge<Approval>(store, "approval", successor.id, () => settled);
    for (const code of await attempts(world)) expect(code).toBe("LEASH_DENIED");
    // The signed edit in the place of a signed yes.
    const { token } = successor.edit as Edit;
    const verdict = {
      v: 1,
      answer: "approve",
      approver: "bob",
      roles: [],
      method: "code",
      assurance: "login",
    } as const;
    const verdicts = [{ ...verdict, device: null, reason: null, at: successor.openedAt, token }];
    await forge<Approval>(store, "approval", successor.id, () => ({ ...settled, verdicts }));
    for (const code of await attempts(world)) expect(code).toBe("LEASH_DENIED");
    expect(shop.orders).toEqual([]);
  });

  it("I3: a run that paused itself goes on with the edited bytes only, also where the policy allows any", async () => {
    let effect: "approve" | "allow" = "approve";
    const { store, leash, shop, approvalId, ref } = await waitingWorld(() => effect);
    const successor = await leash.desk({ id: "ann" }).edit(approvalId, EDITED);
    await leash.desk({ id: "bob" }).approve(successor.id);
    const suspends = (error: unknown): boolean => error === suspension;
    await thrown(leash.collect(ref, () => Promise.reject(suspension), { suspends }));
    effect = "allow";
    const journal = `${successor.callKey}.${digestOf(ASKED)}`;
    await forge<Approval>(store, "approval", successor.id, withWanted);
    await forge<JournalEntry>(store, "journal", journal, () => ({ finalDigest: digestOf(WANTED) }));
    expect(await codeOf(leash.collect(ref, shop.buy))).toBe("LEASH_DENIED");
    await forge<Approval>(store, "approval", successor.id, () => ({ text: successor.text, digest: successor.digest }));
    await forge<JournalEntry>(store, "journal", journal, () => ({ finalDigest: successor.digest }));
    expect(await leash.collect(ref, shop.buy)).toEqual({ order: 1 });
    expect(shop.orders.map(({ input }) => input)).toEqual([EDITED]);
  });

  it("I3: rows that contradict an open approval cannot be edited into a run", async () => {
    const { store, leash, approvalId } = await waitingWorld();
    const { callKey } = await leash.desk({ id: "ann" }).get(approvalId);
    await forge<JournalEntry>(store, "journal", `${callKey}.${digestOf(ASKED)}`, () => ({ approvalId: "another" }));
    expect(await codeOf(leash.desk({ id: "ann" }).edit(approvalId, EDITED))).toBe("LEASH_STORE_UNAVAILABLE");
    expect(await leash.desk({ id: "ann" }).pending()).toHaveLength(1);
  });
});
