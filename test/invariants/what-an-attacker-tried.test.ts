import { describe, expect, it } from "vitest";
import { isLeashError, memoryStore, NoEffect, type Approval, type LeashPending, type Store } from "@leashkit/core";
import { faultyStore } from "@leashkit/core/testing";
import { durable, onlyPending, testLeash } from "../support/leash.ts";
import { thrown } from "../support/thrown.ts";

async function alter(store: Store, id: string, change: (approval: Approval) => Partial<Approval>): Promise<void> {
  const row = await store.get("approval", id);
  const approval = row?.body as unknown as Approval;
  const body = { ...approval, ...change(approval) } as never;
  await store.commit([{ kind: "approval", id, expect: row?.version ?? 0, body, by: "default/open" }]);
}

/** A tool that pauses itself inside its first run, as one with a nested agent does. */
function pausesOnce() {
  const pause = new Error("inner pause");
  let first = true;
  return {
    during: () => {
      if (first) throw pause;
    },
    resume: () => {
      first = false;
    },
    options: { suspends: (error: unknown) => error === pause },
  };
}

describe("a run that goes on", () => {
  it("I1: a run that paused itself goes on with the bytes that were approved, or not at all", async () => {
    let cap = 50;
    const tool = pausesOnce();
    const { leash, shop } = await testLeash(
      () => ({ effect: "approve", transform: { tool: "buy", input: { amount: cap } } }),
      {},
      tool.during,
    );
    const first = thrown(leash.guard(durable("call-1", { amount: 9 }), shop.buy, tool.options));
    await leash.desk({ id: "ann" }).approve(await onlyPending(leash));
    await first;
    tool.resume();
    cap = 1_000_000;
    const resumed = await thrown(leash.guard(durable("call-1", { amount: 9 }), shop.buy, tool.options));
    expect(isLeashError(resumed, "LEASH_POLICY_CHANGED")).toBe(true);
    expect(shop.orders).toEqual([]);
  });

  it("I1: a run that was allowed and paused itself goes on with the same bytes, or not at all", async () => {
    let cap = 50;
    const tool = pausesOnce();
    const answer = () => ({ effect: "allow", transform: { tool: "buy", input: { amount: cap } } }) as const;
    const { leash, shop } = await testLeash(answer, {}, tool.during);
    await thrown(leash.guard(durable("call-1", { amount: 9 }), shop.buy, tool.options));
    tool.resume();
    cap = 1_000_000;
    const resumed = await thrown(leash.guard(durable("call-1", { amount: 9 }), shop.buy, tool.options));
    expect(isLeashError(resumed, "LEASH_POLICY_CHANGED")).toBe(true);
    expect(shop.orders).toEqual([]);
  });

  it("I4: a run that was allowed and paused itself does not go on when the policy demands a person now", async () => {
    let effect: "allow" | "step_up" = "allow";
    const tool = pausesOnce();
    const { leash, shop } = await testLeash(() => effect, {}, tool.during);
    await thrown(leash.guard(durable("call-1", {}), shop.buy, tool.options));
    tool.resume();
    effect = "step_up";
    const resumed = await thrown(leash.guard(durable("call-1", {}), shop.buy, tool.options));
    expect(isLeashError(resumed, "LEASH_POLICY_CHANGED")).toBe(true);
    expect(shop.orders).toEqual([]);
  });
});

describe("a row in the store is only a claim", () => {
  it("I3: a row that demands no answers at all gives no leave", async () => {
    const store = memoryStore();
    const { leash, shop } = await testLeash(() => "approve", { store });
    const running = thrown(leash.guard(durable("call-1", {}), shop.buy));
    await alter(store, await onlyPending(leash), ({ terms }) => ({
      status: "approved",
      settledAt: Date.now(),
      verdicts: [],
      terms: { ...terms, quorum: 0 },
    }));
    expect(isLeashError(await running)).toBe(true);
    expect(shop.orders).toEqual([]);
  });

  it("I3: a row whose terms were loosened gives no leave, though its answer is genuine", async () => {
    const store = memoryStore();
    const { leash, shop } = await testLeash(() => ({ effect: "step_up", terms: { methods: ["webauthn"] } }), { store });
    const running = thrown(leash.guard(durable("call-1", {}), shop.buy));
    const id = await onlyPending(leash);
    await alter(store, id, () => ({ demand: "approve" }));
    await leash.desk({ id: "ann" }).approve(id);
    expect(isLeashError(await running, "LEASH_POLICY_CHANGED")).toBe(true);
    expect(shop.orders).toEqual([]);
  });

  it("I3: a row that names a weaker method than the policy gives no leave, though the answer used it", async () => {
    const store = memoryStore();
    const { leash, shop } = await testLeash(() => ({ effect: "step_up", terms: { methods: ["webauthn"] } }), { store });
    const running = thrown(leash.guard(durable("call-1", {}), shop.buy));
    const id = await onlyPending(leash);
    await alter(store, id, ({ terms }) => ({ terms: { ...terms, methods: ["sms"] } }));
    await leash.desk({ id: "ann", assurance: "step_up", method: "sms" }).approve(id);
    expect(isLeashError(await running, "LEASH_POLICY_CHANGED")).toBe(true);
    expect(shop.orders).toEqual([]);
  });

  it("I1: a person is never shown a text that is not what runs", async () => {
    const store = memoryStore();
    const { leash, shop } = await testLeash(() => "approve", { store });
    const abort = new AbortController();
    const running = thrown(leash.guard(durable("call-1", { amount: 1_000_000 }), shop.buy, { signal: abort.signal }));
    const id = await onlyPending(leash);
    await alter(store, id, () => ({ text: '{"amount":1}' }));
    const desk = leash.desk({ id: "ann" });
    expect(await desk.pending()).toEqual([]);
    expect(isLeashError(await thrown(desk.get(id)), "LEASH_STORE_UNAVAILABLE")).toBe(true);
    expect(isLeashError(await thrown(desk.approve(id)), "LEASH_STORE_UNAVAILABLE")).toBe(true);
    abort.abort();
    await running;
    expect(shop.orders).toEqual([]);
  });

  it("I3: a yes that lapsed is not revived by a later date in the row", async () => {
    let now = 1_800_000_000_000;
    const store = memoryStore({ clock: { now: () => now } });
    const { leash, shop } = await testLeash(() => ({ effect: "approve", terms: { useWithinMs: 1_000 } }), { store });
    await thrown(leash.guard(durable("call-1", {}), shop.buy, { pause: "defer" }));
    const id = await onlyPending(leash);
    await leash.desk({ id: "ann" }).approve(id);
    now += 5_000;
    await alter(store, id, () => ({ settledAt: now }));
    expect(isLeashError(await thrown(leash.guard(durable("call-1", {}), shop.buy, { pause: "defer" })))).toBe(true);
    expect(shop.orders).toEqual([]);
  });

  it("I3: rows that contradict each other end in an error, not in an endless look", async () => {
    const store = memoryStore();
    const { leash, shop } = await testLeash(() => "approve", { store });
    const running = thrown(leash.guard(durable("call-1", {}), shop.buy));
    await alter(store, await onlyPending(leash), () => ({ status: "consumed" }));
    expect(isLeashError(await running, "LEASH_STORE_UNAVAILABLE")).toBe(true);
    expect(shop.orders).toEqual([]);
  });
});

describe("lost answers of the store", () => {
  it("I4: a lost answer to the lease's commit does not stop later calls", async () => {
    let commits = 0;
    let armed = false;
    const store = faultyStore(memoryStore(), { failCommit: () => (armed && ++commits === 1 ? "after" : undefined) });
    const { leash, shop } = await testLeash(() => "allow", { store });
    armed = true;
    await thrown(leash.guard({ tool: "buy", input: {} }, shop.buy));
    expect(await leash.guard({ tool: "buy", input: {} }, shop.buy)).toMatchObject({ order: shop.orders.length });
  });

  it.each([2, 3])("I5: commit %i, written though its answer was lost, is read back and counts", async (lost) => {
    let commits = 0;
    let armed = false;
    const store = faultyStore(memoryStore(), { failCommit: () => (armed && ++commits === lost ? "after" : undefined) });
    const { leash, shop } = await testLeash(() => "allow", { store });
    armed = true;
    expect(await leash.guard(durable("call-1", {}), shop.buy)).toEqual({ order: 1 });
    expect(await leash.guard(durable("call-1", {}), shop.buy)).toEqual({ order: 1 });
    expect(shop.orders).toHaveLength(1);
  });
});

describe("demands that must not get lost", () => {
  it("I4: terms that no desk can keep are denied, not overlooked", async () => {
    for (const terms of [
      { quorum: 0 },
      { quorum: 1.5 },
      { quorum: Number.NaN },
      { useWithinMs: Number.NaN },
      { escalateAfterMs: -1 },
      { denyMemoryMs: Number.NaN },
    ]) {
      const { leash, shop } = await testLeash(() => ({ effect: "approve", terms }));
      expect(await thrown(leash.guard({ tool: "buy", input: {} }, shop.buy))).toMatchObject({
        reasonCode: "policy_error",
      });
      expect(shop.orders).toEqual([]);
    }
  });

  it("I6: what the policy demands of the call as proposed is not lifted by the form it computes", async () => {
    const { leash, shop } = await testLeash(({ input }) =>
      (input as { amount: number }).amount > 50
        ? { effect: "approve", transform: { tool: "buy", input: { amount: 50 } } }
        : "allow",
    );
    const asked = await thrown(leash.guard({ tool: "buy", input: { amount: 60 } }, shop.buy, { pause: "defer" }));
    expect(isLeashError(asked, "LEASH_PENDING")).toBe(true);
    expect(shop.orders).toEqual([]);
    const { ref } = asked as LeashPending;
    await leash.desk({ id: "ann" }).approve(ref);
    await leash.collect(ref, shop.buy);
    expect(shop.orders.map((order) => order.input)).toEqual([{ amount: 50 }]);
  });

  it("I2: two equal deferred calls at the same moment open one approval", async () => {
    const { leash, shop } = await testLeash(() => "approve");
    const call = (callId: string) => ({ tool: "buy", input: {}, callId, session: "s" });
    const refs = await Promise.all(
      ["a", "b", "c"].map((id) => thrown(leash.guard(call(id), shop.buy, { pause: "defer" }))),
    );
    expect(new Set(refs.map((pending) => (pending as LeashPending).ref)).size).toBe(1);
    expect(await leash.desk({ id: "ann" }).pending()).toHaveLength(1);
  });

  it("I2: a deferred call with a computed form that failed without effect can be asked about again and is collected once", async () => {
    let closed = true;
    const { leash, shop } = await testLeash(
      ({ input }) => ({
        effect: "approve",
        transform: (input as { amount: number }).amount === 50 ? null : { tool: "buy", input: { amount: 50 } },
      }),
      {},
      () => {
        if (closed) throw new NoEffect("the shop is closed");
      },
    );
    const desk = leash.desk({ id: "ann" });
    const first = (await thrown(
      leash.guard({ tool: "buy", input: { amount: 60 }, session: "s" }, shop.buy, { pause: "defer" }),
    )) as LeashPending;
    await desk.approve(first.ref);
    expect(await thrown(leash.collect(first.ref, shop.buy))).toBeInstanceOf(NoEffect);
    closed = false;
    const second = (await thrown(leash.collect(first.ref, shop.buy))) as LeashPending;
    await desk.approve(second.ref);
    expect(await leash.collect(second.ref, shop.buy)).toEqual({ order: 1 });
    expect(await leash.collect(second.ref, shop.buy)).toEqual({ order: 1 });
    expect(shop.orders).toHaveLength(1);
  });

  it("I1: labels are part of the snapshot", async () => {
    const seen: string[] = [];
    const { leash, shop } = await testLeash(({ labels }) => {
      seen.push(JSON.stringify(labels));
      return "approve";
    });
    const labels: Record<string, string[]> = { "/to": ["secret"] };
    const running = leash.guard({ ...durable("call-1", {}), labels }, shop.buy);
    const id = await onlyPending(leash);
    delete labels["/to"];
    await leash.desk({ id: "ann" }).approve(id);
    await running;
    expect(new Set(seen)).toEqual(new Set(['{"/to":["secret"]}']));
  });

  it.each([
    Object.create(null),
    { toString: () => "buy" },
    { normalize: () => "buy" },
    Symbol("buy"),
    5,
    undefined,
    null,
    "\ud800",
    "\0",
  ])("I4: a tool name that is no plain name is a coded denial (%#)", async (tool: unknown) => {
    const { leash, shop } = await testLeash(() => "allow");
    expect(isLeashError(await thrown(leash.guard({ tool: tool as string, input: {} }, shop.buy)))).toBe(true);
    expect(shop.orders).toEqual([]);
  });

  it("I4: a yes that is signed at or after the end of the question's time does not count", async () => {
    let now = 1_800_000_000_000;
    let step = 0;
    const { leash, shop } = await testLeash(() => ({ effect: "approve", terms: { expiresInMs: 1_000 } }), {
      clock: { now: () => (now += step) },
    });
    const pending = (await thrown(leash.guard(durable("call-1", {}), shop.buy, { pause: "defer" }))) as LeashPending;
    now = pending.expiresAt - 2;
    step = 1;
    expect(isLeashError(await thrown(leash.desk({ id: "ann" }).approve(pending.approvalId)), "LEASH_EXPIRED")).toBe(
      true,
    );
  });
});
