import { describe, expect, it } from "vitest";
import { argumentReader, deferredStatus, memoryStore, schemaDigest, sealedText, type Action, type Approval, type Edit, type JournalEntry, type Json, type Kind, type Leash, type Store } from "@leashkit/core";
import { faultyStore, type ScriptedAnswer } from "@leashkit/core/testing";
import { z } from "zod";
import { ann, ASKED, bob, digestOf, EDITED, pendingOf, propose } from "../support/edits.ts";
import { durable, testLeash } from "../support/leash.ts";
import { codeOf, thrown } from "../support/thrown.ts";

/** What somebody with the database, and without the desk's key, can do to a row. */
async function forge<T>(store: Store, kind: Kind, id: string, change: (body: T) => Partial<T>): Promise<void> {
  const row = await store.get(kind, id);
  const body = row?.body as T;
  const forged = { ...body, ...change(body) } as Json;
  await store.commit([{ kind, id, expect: row?.version ?? 0, body: forged, by: row?.by ?? null, dueAt: row?.dueAt ?? null }]);
}

const proof = { method: "totp", assurance: "step_up" } as const;
const byAmount = ({ input }: Action): ScriptedAnswer => {
  const { amount } = input as { amount: number };
  if (amount > 500) return { effect: "step_up", rule: "large", terms: { methods: ["totp"] } };
  return amount > 20 ? { effect: "approve", rule: "mid" } : "allow";
};

describe("an edit out of what demands a step-up", () => {
  it.each([60, 10])("I4: into %i still needs the methods that the call as proposed needs", async (amount) => {
    const { leash, shop } = await testLeash(byAmount);
    const { ref } = await pendingOf(leash);
    const successor = await leash.desk(ann).edit(ref, { amount });
    expect(successor).toMatchObject({ demand: "step_up", terms: { methods: ["totp"] } });
    expect(await codeOf(leash.desk({ ...bob, method: "email", assurance: "step_up" }).approve(successor.id))).toBe("LEASH_DENIED");
    await leash.desk({ ...bob, ...proof }).approve(successor.id);
    expect(await leash.collect(ref, shop.buy)).toEqual({ order: 1 });
  });

  it.each(["the old question", "the new question"])("I3: is not lessened by a row that says so of %s", async (which) => {
    for (const amount of [60, 10]) {
      const store = memoryStore();
      const { leash, shop } = await testLeash(byAmount, { store });
      const { ref, approvalId } = await pendingOf(leash);
      const lessen = (id: string) => forge<Approval>(store, "approval", id, ({ terms }) => ({ demand: "approve", terms: { ...terms, methods: [] } }));
      if (which === "the old question") await lessen(approvalId);
      const successor = await leash.desk(ann).edit(ref, { amount });
      if (which === "the new question") await lessen(successor.id);
      await thrown(leash.desk(bob).approve(successor.id));
      console.log(which, amount, await codeOf(leash.collect(ref, shop.buy)));
      expect(shop.orders).toEqual([]);
    }
  });

  it("I4: is denied where the policy by now denies the call as it was proposed", async () => {
    let denies = false;
    const { leash, shop } = await testLeash(({ input }) => (denies && (input as typeof ASKED).amount > 500 ? "deny" : "approve"));
    const { ref } = await pendingOf(leash);
    await leash.desk(bob).approve((await leash.desk(ann).edit(ref, EDITED)).id);
    denies = true;
    expect(await codeOf(leash.collect(ref, shop.buy))).toBe("LEASH_DENIED");
    expect(shop.orders).toEqual([]);
  });
});

describe("rows", () => {
  it("I3: a text that is no JSON, with a digest that fits, is a refusal and no crash", async () => {
    const store = memoryStore();
    const { leash, shop } = await testLeash(() => "approve", { store });
    const { ref, approvalId } = await pendingOf(leash);
    const successor = await leash.desk(ann).edit(approvalId, EDITED);
    await leash.desk(bob).approve(successor.id);
    const { actionDigest } = await import("../../core/digest.ts");
    await forge<Approval>(store, "approval", successor.id, ({ principal }) => ({ text: "{", digest: actionDigest(principal, "buy", "{") }));
    console.log(await thrown(leash.collect(ref, shop.buy)));
    console.log(await thrown(leash.attempt(durable("call-1", ASKED), shop.buy)));
  });
  it("edit missing", async () => {
    const store = memoryStore();
    const { leash, shop } = await testLeash(() => "approve", { store });
    const { ref, approvalId } = await pendingOf(leash);
    await forge<Approval>(store, "approval", approvalId, () => ({ edit: undefined as never }));
    console.log("no edit member", await thrown(leash.desk(bob).approve(approvalId)));
    console.log(await thrown(leash.collect(ref, shop.buy)));
  });
});

describe("status", () => {
  it("I14: a status asked while the store is down is told in words", async () => {
    let down = false;
    const inner = memoryStore();
    const store: Store = { ...inner, get: async (...a) => { if (down) throw new Error("disk /var/secret"); return inner.get(...a); } };
    const { leash, shop } = await testLeash(() => "approve", { store });
    const { ref } = await pendingOf(leash);
    down = true;
    console.log(await thrown(deferredStatus(leash, ref, () => shop.buy)));
  });
});

describe("sealed", () => {
  it("text", () => expect(sealedText({ input: "x", other: 1 })).toBeUndefined());
  it("digest", () => {
    expect(schemaDigest({ maximum: 2 ** 64 })).not.toBeNull();
    expect(schemaDigest({ maximum: 2 ** 64 })).not.toBe(schemaDigest({ maximum: 2 ** 65 }));
  });
});

describe("readers", () => {
  it.each<[string, () => unknown]>([
    ["zod shape", () => argumentReader({ item: z.string() })],
    ["dynamicRef", () => argumentReader({ $dynamicRef: "#x" })],
    ["draft 4", () => argumentReader({ properties: { a: { minimum: 5, exclusiveMinimum: true } } })],
    ["text for schema", () => argumentReader({ properties: { a: "string" } })],
    ["add props text", () => argumentReader({ additionalProperties: "false" })],
  ])("%s", (_, make) => expect(make).toThrow());
});
describe("self", () => {
  it("I3: own yes does not count because a row said so when edited", async () => {
    // desk without policy
    const { createDesk } = await import("../../core/approvals/desk.ts");
    const { memoryKeyRing } = await import("@leashkit/core");
    const { randomBytes } = await import("node:crypto");
    const store = memoryStore();
    const keys = memoryKeyRing({ clock: { now: () => Date.now() }, random: randomBytes });
    const { leash, shop } = await testLeash(() => "approve", { store, keys });
    const { ref, approvalId } = await pendingOf(leash);
    await forge<Approval>(store, "approval", approvalId, ({ terms }) => ({ terms: { ...terms, edit: "self" } }));
    const desk = createDesk({ store, stream: "x", keys, tenant: "default", random: (n: number) => randomBytes(n) }, ann);
    const successor = await desk.edit(approvalId, EDITED);
    await forge<Approval>(store, "approval", successor.id, ({ terms }) => ({ terms: { ...terms, edit: "other" } }));
    await thrown(desk.approve(successor.id));
    console.log(await codeOf(leash.collect(ref, shop.buy)));
    expect(shop.orders).toEqual([]);
  });
});
void faultyStore; void digestOf; void propose; type _ = Edit | JournalEntry | Leash;
