import { describe, expect, it } from "vitest";
import { canonicalText, createLeash, type Action, type Json, type Leash, type LeashPending } from "@leashkit/core";
import { countingShop, fakeClock, type ScriptedAnswer } from "@leashkit/core/testing";
import { ann, ASKED, bob, EDITED, pendingOf, propose } from "../support/edits.ts";
import { durable, logOf, onlyPending, testLeash } from "../support/leash.ts";
import { codeOf, thrown } from "../support/thrown.ts";

/** Who may say yes after an edit, for every call. */
const asks = (edit: "other" | "self") => (): ScriptedAnswer => ({ effect: "approve", terms: { edit } });

/** What the policy says of the amount: over 500 a step-up, over 50 a person, else nothing. */
const byAmount = ({ input }: Action): ScriptedAnswer => {
  const { amount } = input as { amount: number };
  if (amount > 500) return { effect: "step_up", terms: { methods: ["totp"] } };
  return amount > 50 ? "approve" : "allow";
};

describe("whose yes counts", () => {
  it("I1: the editor's own yes does not, unless the policy says so", async () => {
    const { leash, shop } = await testLeash(asks("other"));
    const { ref, approvalId } = await pendingOf(leash);
    const successor = await leash.desk(ann).edit(approvalId, EDITED);
    expect(await thrown(leash.desk(ann).approve(successor.id))).toMatchObject({ reasonCode: "approval_void" });
    expect((await logOf(leash)).at(-1)).toMatchObject({ type: "approval.refused", actor_id: "ann" });
    expect(await codeOf(leash.collect(ref, shop.buy))).toBe("LEASH_PENDING");
    await leash.desk(bob).approve(successor.id);
    expect(await leash.collect(ref, shop.buy)).toEqual({ order: 1 });
  });

  it("I1: under `edit: self` one person edits and approves", async () => {
    const text = "leash: 1\ntools:\n  buy: { decision: approve, approval: { edit: self } }\n";
    const leash = await createLeash({ policy: { text }, store: "memory", notify: [] });
    leash.register({ id: "buy" });
    const shop = countingShop();
    const { ref, approvalId } = await pendingOf(leash);
    const successor = await leash.desk(ann).edit(approvalId, EDITED);
    expect(await codeOf(leash.collect(ref, shop.buy))).toBe("LEASH_PENDING");
    await leash.desk(ann).approve(successor.id);
    expect(await leash.collect(ref, shop.buy)).toEqual({ order: 1 });
    expect(shop.orders.map(({ input }) => input)).toEqual([EDITED]);
  });

  it.each([
    ["other", "self"],
    ["self", "other"],
  ] as const)(
    "I1: an edit from a form whose rule says `%s` into one that says `%s` needs another person",
    async (from, to) => {
      const { leash } = await testLeash(({ text }) => asks(text === canonicalText(ASKED) ? from : to)());
      const { approvalId } = await pendingOf(leash);
      const successor = await leash.desk(ann).edit(approvalId, EDITED);
      expect(await codeOf(leash.desk(ann).approve(successor.id))).toBe("LEASH_DENIED");
      // Nor does a second edit lift it.
      const third = await leash.desk(ann).edit(successor.id, { amount: 41 });
      expect(await codeOf(leash.desk(ann).approve(third.id))).toBe("LEASH_DENIED");
    },
  );

  it("I4: an edit under step-up still demands step-up, whatever the edited form demands", async () => {
    const { leash, shop } = await testLeash(byAmount);
    const running = propose(leash, shop.buy);
    const successor = await leash.desk(ann).edit(await onlyPending(leash), { amount: 60 });
    expect(successor).toMatchObject({ demand: "step_up" });
    expect(await codeOf(leash.desk(bob).approve(successor.id))).toBe("LEASH_DENIED");
    await leash.desk({ ...bob, method: "totp", assurance: "step_up" }).approve(successor.id);
    expect(await running).toEqual({ order: 1 });
  });

  it("I4: the person is told with whom the edited call deals, and the yes covers that", async () => {
    const { leash, shop } = await testLeash(({ input }) => {
      const { to } = input as typeof ASKED;
      return { effect: "approve", counterparty: { id: to, trust: to === "ann" ? "HIGH" : "NONE" } };
    });
    const { ref } = await pendingOf(leash);
    const successor = await leash.desk(ann).edit(ref, EDITED);
    expect(successor.counterparty).toEqual({ id: "ann", trust: "HIGH" });
    await leash.desk(bob).approve(successor.id);
    expect(await leash.collect(ref, shop.buy)).toEqual({ order: 1 });
  });

  it("I4: an edit into what demands a step-up asks for one", async () => {
    const { leash } = await testLeash(byAmount);
    const pending = (await thrown(
      leash.guard(durable("call-1", { amount: 60 }), () => 1, { pause: "defer" }),
    )) as LeashPending;
    const successor = await leash.desk(ann).edit(pending.ref, { amount: 600 });
    expect(successor).toMatchObject({ demand: "step_up", terms: { methods: ["totp"] } });
    expect(await codeOf(leash.desk(bob).approve(successor.id))).toBe("LEASH_DENIED");
  });

  it("I4: what the policy would allow by itself still needs the yes to the edited call", async () => {
    const { leash, shop } = await testLeash(({ input }) => ((input as typeof ASKED).amount > 50 ? "approve" : "allow"));
    const { ref } = await pendingOf(leash);
    const successor = await leash.desk(ann).edit(ref, EDITED);
    expect(await codeOf(leash.collect(ref, shop.buy))).toBe("LEASH_PENDING");
    expect(await codeOf(leash.desk(ann).approve(successor.id))).toBe("LEASH_DENIED");
    await leash.desk(bob).approve(successor.id);
    expect(await leash.collect(ref, shop.buy)).toEqual({ order: 1 });
  });
});

describe("an edit that is refused changes nothing", () => {
  const unchanged = async (leash: Leash, edit: Promise<unknown>, code: string): Promise<void> => {
    expect(await codeOf(edit)).toBe(code);
    expect((await leash.desk(bob).pending()).map(({ text }) => text)).toEqual([canonicalText(ASKED)]);
  };

  it("I4: into a form that the policy denies, at the leash's own desk", async () => {
    const { leash, shop } = await testLeash(({ input }) =>
      (input as typeof ASKED).amount === 40 ? "deny" : "approve",
    );
    const running = propose(leash, shop.buy);
    const id = await onlyPending(leash);
    await unchanged(leash, leash.desk(ann).edit(id, EDITED), "LEASH_DENIED");
    expect((await logOf(leash)).at(-1)).toMatchObject({ type: "approval.refused", actor_id: "ann" });
    await leash.desk(bob).approve(id);
    await running;
    expect(shop.orders.map(({ input }) => input)).toEqual([ASKED]);
  });

  it("I4: into a form that the policy denies by the time of its use", async () => {
    let denies = false;
    const { leash, shop } = await testLeash(() => (denies ? "deny" : "approve"));
    const { ref } = await pendingOf(leash);
    await leash.desk(bob).approve((await leash.desk(ann).edit(ref, EDITED)).id);
    denies = true;
    expect(await codeOf(propose(leash, shop.buy))).toBe("LEASH_DENIED");
    expect(shop.orders).toEqual([]);
  });

  it("I4: into a form for which the policy puts another tool in the place", async () => {
    const { leash } = await testLeash(({ tool, input }) =>
      tool === "buy" && (input as typeof ASKED).amount === 40
        ? { effect: "approve", transform: { tool: "rent", input: {} } }
        : "approve",
    );
    leash.register({ id: "rent" });
    const { ref } = await pendingOf(leash);
    await unchanged(leash, leash.desk(ann).edit(ref, EDITED), "LEASH_DENIED");
  });

  it("I1: the person is asked about what the policy computes of the edit", async () => {
    const { leash, shop } = await testLeash(({ input }) =>
      (input as typeof ASKED).amount === 40
        ? { effect: "approve", transform: { tool: "buy", input: { amount: 30 } } }
        : "approve",
    );
    const running = propose(leash, shop.buy);
    const successor = await leash.desk(ann).edit(await onlyPending(leash), EDITED);
    expect(successor.text).toBe('{"amount":30}');
    await leash.desk(bob).approve(successor.id);
    await running;
    expect(shop.orders.map(({ input }) => input)).toEqual([{ amount: 30 }]);
  });

  it.each([
    ["a date", new Date(0)],
    ["an accessor", Object.defineProperty({}, "amount", { get: () => 1, enumerable: true })],
    ["nothing", undefined],
    ["NaN", { amount: Number.NaN }],
    ["a prototype", JSON.parse('{"__proto__":{}}')],
    ["what it was before", ASKED],
  ])("I1: with an input that is %s", async (_what, input) => {
    const { leash } = await testLeash(() => "approve");
    const { ref } = await pendingOf(leash);
    await unchanged(leash, leash.desk(ann).edit(ref, input as Json), "LEASH_INPUT_INVALID");
  });

  it.each(["approve", "deny"] as const)("I2: after a %s", async (answer) => {
    const { leash } = await testLeash(() => "approve");
    const { approvalId } = await pendingOf(leash);
    const settled = await leash.desk(bob)[answer](approvalId);
    expect(await codeOf(leash.desk(ann).edit(approvalId, EDITED))).toBe("LEASH_DENIED");
    expect(await leash.desk(bob).get(approvalId)).toEqual(settled);
    expect(await leash.desk(bob).pending()).toEqual([]);
  });

  it("I2: after its time", async () => {
    const clock = fakeClock();
    const { leash } = await testLeash(() => "approve", { clock });
    const { approvalId, expiresAt } = await pendingOf(leash);
    clock.set(expiresAt);
    expect(await codeOf(leash.desk(ann).edit(approvalId, EDITED))).toBe("LEASH_EXPIRED");
  });

  it("I2: when its time runs out meanwhile", async () => {
    for (let early = 1; early <= 8; early += 1) {
      const clock = fakeClock();
      let moving = false;
      const now = (): number => (moving ? clock.advance(1) : undefined, clock.now());
      const { leash } = await testLeash(() => "approve", { clock: { now } });
      const { approvalId, expiresAt } = await pendingOf(leash);
      clock.set(expiresAt - early);
      moving = true;
      const edited = await leash
        .desk(ann)
        .edit(approvalId, EDITED)
        .catch(() => undefined);
      expect(edited?.openedAt ?? 0).toBeLessThan(expiresAt);
    }
  });

  it("I9: another tenant's desk finds nothing to edit", async () => {
    const { leash } = await testLeash(() => "approve");
    const { approvalId } = await pendingOf(leash);
    const other = leash.as({ tenant: "other" }).desk(ann);
    await unchanged(leash, other.edit(approvalId, EDITED), "LEASH_CONFIG_INVALID");
  });
});
