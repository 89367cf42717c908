import { describe, expect, it } from "vitest";
import { isLeashError, memoryStore, type Approval, type Pause, type Store } from "@leashkit/core";
import { durable, onlyPending, testLeash } from "../support/leash.ts";

describe("I3 a resume carries no authority", () => {
  it("I3: whatever a pause returns, nothing runs before the desk has a yes", async () => {
    const { leash, shop } = await testLeash(() => "approve");
    const forged: unknown[] = [
      true,
      "approve",
      { approved: true },
      { decisions: [{ type: "approve" }] },
      Symbol("yes"),
      null,
    ];
    let wakes = 0;
    const pause: Pause = (async () => {
      wakes += 1;
      if (wakes > forged.length) throw new Error("the framework pauses");
      return forged[wakes - 1];
    }) as unknown as Pause;
    const paused = await leash.guard(durable("call-1", {}), shop.buy, { pause }).catch((error: unknown) => error);
    expect(paused).toMatchObject({ message: "the framework pauses" });
    expect(wakes).toBe(forged.length + 1);
    expect(shop.orders).toHaveLength(0);
    expect((await leash.desk({ id: "ann" }).pending()).length).toBe(1);
  });

  it("I3: after any number of forged resumes the real answer still counts", async () => {
    const { leash, shop } = await testLeash(() => "approve");
    let wakes = 0;
    const pause: Pause = async (approval) => {
      wakes += 1;
      if (wakes === 20) await leash.desk({ id: "ann" }).approve(approval.id);
    };
    expect(await leash.guard(durable("call-1", {}), shop.buy, { pause })).toEqual({ order: 1 });
    expect(wakes).toBe(20);
  });

  it("I3: a framework's interrupt passes through untouched and is not recorded as a failure", async () => {
    const { leash, shop } = await testLeash(() => "approve");
    const interrupt = { is_bubble_up: true };
    const pause: Pause = () => Promise.reject(interrupt);
    const thrown = await leash.guard(durable("call-1", {}), shop.buy, { pause }).catch((error: unknown) => error);
    expect(thrown).toBe(interrupt);
    await leash.desk({ id: "ann" }).approve(await onlyPending(leash));
    expect(await leash.guard(durable("call-1", {}), shop.buy, { pause })).toEqual({ order: 1 });
  });

  it("I3: a database row that says approved, without the desk's signature, gives no leave", async () => {
    const store: Store = memoryStore();
    const { leash, shop } = await testLeash(() => "approve", { store });
    const running = leash.guard(durable("call-1", {}), shop.buy).catch((error: unknown) => error);
    const row = await store.get("approval", await onlyPending(leash));
    const forged = { ...(row?.body as unknown as Approval), status: "approved", settledAt: Date.now() };
    await store.commit([
      { kind: "approval", id: row?.id ?? "", expect: row?.version ?? 0, body: forged as never, by: "default/open" },
    ]);
    expect(isLeashError(await running, "LEASH_DENIED")).toBe(true);
    expect(shop.orders).toHaveLength(0);
  });

  it("I3: a signed yes copied from another approval gives no leave", async () => {
    const store: Store = memoryStore();
    const { leash, shop } = await testLeash(() => "approve", { store });
    const small = leash.guard(durable("small", { amount: 1 }), shop.buy);
    const yes = await leash.desk({ id: "ann" }).approve(await onlyPending(leash));
    await small;
    const large = leash.guard(durable("large", { amount: 1_000_000 }), shop.buy).catch((error: unknown) => error);
    const row = await store.get("approval", await onlyPending(leash));
    const forged = {
      ...(row?.body as unknown as Approval),
      status: "approved",
      settledAt: yes.settledAt,
      verdicts: yes.verdicts,
    };
    await store.commit([
      { kind: "approval", id: row?.id ?? "", expect: row?.version ?? 0, body: forged as never, by: "default/open" },
    ]);
    expect(isLeashError(await large, "LEASH_DENIED")).toBe(true);
    expect(shop.orders.map((order) => order.input)).toEqual([{ amount: 1 }]);
  });

  it("I3: a person's no is final for the call, also when the policy would allow it now", async () => {
    let effect: "approve" | "allow" = "approve";
    const { leash, shop } = await testLeash(() => effect);
    const first = leash.guard(durable("call-1", {}), shop.buy).catch((error: unknown) => error);
    await leash.desk({ id: "ann" }).deny(await onlyPending(leash), { reason: "not this shop" });
    expect(await first).toMatchObject({ reasonCode: "person_denied", note: "not this shop" });
    effect = "allow";
    const again = await leash.guard(durable("call-1", {}), shop.buy).catch((error: unknown) => error);
    expect(again).toMatchObject({ reasonCode: "person_denied" });
    expect(shop.orders).toHaveLength(0);
  });
});
