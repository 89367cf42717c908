import { describe, expect, it } from "vitest";
import { createLeash, isLeashError, memoryKeyRing, memoryStore, type Leash } from "@leashkit/core";
import { scriptedPolicy } from "@leashkit/core/testing";
import { randomBytes } from "node:crypto";
import { durable, onlyPending, testLeash } from "../support/leash.ts";

const settled = (calls: readonly Promise<unknown>[]): Promise<PromiseSettledResult<unknown>[]> =>
  Promise.allSettled(calls);

describe("I2 one approval, at most one execution", () => {
  it("I2: fifty retries of one approved call run once and all get the one result", async () => {
    const { leash, shop } = await testLeash(() => "approve");
    const calls = Array.from({ length: 50 }, () => leash.guard(durable("call-1", { amount: 60 }), shop.buy));
    await leash.desk({ id: "ann" }).approve(await onlyPending(leash));
    const results = await Promise.all(calls);
    expect(shop.orders).toHaveLength(1);
    expect(new Set(results.map((result) => JSON.stringify(result)))).toEqual(new Set(['{"order":1}']));
  });

  it("I2: two processes that share a store run one approved call once", async () => {
    const clock = { now: () => Date.now() };
    const random = (size: number): Uint8Array => randomBytes(size);
    const shared = { store: memoryStore(), keys: memoryKeyRing({ clock, random }), notify: [] };
    const one = await testLeash(() => "approve", shared);
    const two = await testLeash(() => "approve", shared);
    const calls = [
      one.leash.guard(durable("call-1", { amount: 60 }), one.shop.buy),
      two.leash.guard(durable("call-1", { amount: 60 }), two.shop.buy),
    ];
    await one.leash.desk({ id: "ann" }).approve(await onlyPending(one.leash));
    await settled(calls);
    expect(one.shop.orders.length + two.shop.orders.length).toBe(1);
  });

  it("I2: twenty clicks of yes and no have one winner, and a later yes does not undo a no", async () => {
    const { leash, shop } = await testLeash(() => "approve");
    const running = leash.guard({ tool: "buy", input: {} }, shop.buy).catch((error: unknown) => error);
    const id = await onlyPending(leash);
    const desk = leash.desk({ id: "ann" });
    const clicks = Array.from({ length: 20 }, (_, click) => (click % 2 === 0 ? desk.deny(id) : desk.approve(id)));
    const outcomes = await settled(clicks);
    expect(outcomes.filter((outcome) => outcome.status === "fulfilled")).toHaveLength(1);
    await running;
    const status = (await desk.get(id)).status;
    expect(shop.orders).toHaveLength(status === "denied" ? 0 : 1);
  });

  it("I2: a run that failed is not repeated under the yes it used up", async () => {
    let fail = true;
    const { leash, shop } = await testLeash(
      () => "approve",
      {},
      () => {
        if (fail) throw new Error("the shop is closed");
      },
    );
    const first = leash.guard(durable("call-1", {}), shop.buy).catch((error: unknown) => error);
    await leash.desk({ id: "ann" }).approve(await onlyPending(leash));
    expect(await first).toMatchObject({ message: "the shop is closed" });
    fail = false;
    const again = await leash
      .guard(durable("call-1", {}), shop.buy, { pause: "defer" })
      .catch((error: unknown) => error);
    expect(isLeashError(again, "LEASH_PENDING")).toBe(true);
    expect(shop.orders).toHaveLength(0);
  });

  it("I2: a permit runs once", async () => {
    const { leash, shop } = await testLeash(() => "allow");
    const permit = await leash.authorize({ tool: "buy", input: { amount: 5 } });
    await permit.run(shop.buy);
    const second = await permit.run(shop.buy).catch((error: unknown) => error);
    expect(isLeashError(second, "LEASH_DENIED")).toBe(true);
    expect(shop.orders).toHaveLength(1);
  });

  it("I2: a permit that nobody used runs out with its proof, and the call may be decided anew", async () => {
    const { leash, shop } = await testLeash(() => ({ effect: "allow", proofTtlMs: 30 }));
    const permit = await leash.authorize(durable("call-1", {}));
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(isLeashError(await permit.run(shop.buy).catch((error: unknown) => error), "LEASH_DENIED")).toBe(true);
    expect(shop.orders).toHaveLength(0);
    expect(await leash.guard(durable("call-1", {}), shop.buy)).toEqual({ order: 1 });
  });

  it("I2: a yes that was not used in time is not used", async () => {
    let now = 1_000_000;
    const { leash, shop } = await testLeash(() => ({ effect: "approve", terms: { useWithinMs: 60_000 } }), {
      clock: { now: () => now },
    });
    const pending = await leash
      .guard(durable("call-1", {}), shop.buy, { pause: "defer" })
      .catch((error: unknown) => error);
    expect(isLeashError(pending, "LEASH_PENDING")).toBe(true);
    await leash.desk({ id: "ann" }).approve(await onlyPending(leash));
    now += 60_000;
    const late = await leash
      .guard(durable("call-1", {}), shop.buy, { pause: "defer" })
      .catch((error: unknown) => error);
    expect(isLeashError(late, "LEASH_EXPIRED")).toBe(true);
    expect(shop.orders).toHaveLength(0);
  });

  it("I2: a deferred call made again, or asked for by its ref, runs once in all", async () => {
    const { leash, shop } = await testLeash(() => "approve");
    const call = (callId: string) => ({ tool: "buy", input: { amount: 60 }, callId, session: "s" });
    const pending = await leash.guard(call("a"), shop.buy, { pause: "defer" }).catch((error: unknown) => error);
    const repeated = await leash.guard(call("b"), shop.buy, { pause: "defer" }).catch((error: unknown) => error);
    expect((repeated as { ref: string }).ref).toBe((pending as { ref: string }).ref);
    await leash.desk({ id: "ann" }).approve(await onlyPending(leash));
    const { ref } = pending as { ref: string };
    const results = await settled([
      leash.collect(ref, shop.buy),
      leash.guard(call("c"), shop.buy, { pause: "defer" }),
      leash.collect(ref, shop.buy),
    ]);
    expect(results.map((result) => result.status)).toContain("fulfilled");
    expect(shop.orders).toHaveLength(1);
    expect(await leash.collect(ref, shop.buy)).toEqual({ order: 1 });
    expect(shop.orders).toHaveLength(1);
  });

  it("I2: a run that pauses itself goes on under the grant it has, without a second question", async () => {
    const pause = new Error("inner pause");
    let inner = true;
    const { leash, shop } = await testLeash(
      () => "approve",
      {},
      () => {
        if (inner) throw pause;
      },
    );
    const options = { suspends: (thrown: unknown) => thrown === pause };
    const first = leash.guard(durable("call-1", {}), shop.buy, options).catch((error: unknown) => error);
    await leash.desk({ id: "ann" }).approve(await onlyPending(leash));
    expect(await first).toBe(pause);
    inner = false;
    expect(await leash.guard(durable("call-1", {}), shop.buy, options)).toEqual({ order: 1 });
    expect(await leash.desk({ id: "ann" }).pending()).toEqual([]);
  });

  it("I2: an abort while a person is asked withdraws the question, and a late yes runs nothing", async () => {
    const { leash, shop } = await testLeash(() => "approve");
    const abort = new AbortController();
    const running = leash
      .guard(durable("call-1", {}), shop.buy, { signal: abort.signal })
      .catch((error: unknown) => error);
    const id = await onlyPending(leash);
    abort.abort();
    expect(isLeashError(await running, "LEASH_ABORTED")).toBe(true);
    const late = await leash
      .desk({ id: "ann" })
      .approve(id)
      .catch((error: unknown) => error);
    expect(isLeashError(late, "LEASH_DENIED")).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(shop.orders).toHaveLength(0);
  });
});

async function leashOn(store: ReturnType<typeof memoryStore>): Promise<Leash> {
  return createLeash({ policy: scriptedPolicy(() => "approve"), store, notify: [] });
}

describe("I2 over leashes with other keys", () => {
  it("I2: a yes signed by a desk whose key this leash does not know gives no leave", async () => {
    const store = memoryStore();
    const ours = await leashOn(store);
    const theirs = await leashOn(store);
    ours.register({ id: "buy" });
    let runs = 0;
    const running = ours.guard({ tool: "buy", input: {} }, () => (runs += 1)).catch((error: unknown) => error);
    await theirs.desk({ id: "eve" }).approve(await onlyPending(ours));
    expect(isLeashError(await running, "LEASH_DENIED")).toBe(true);
    expect(runs).toBe(0);
  });
});
