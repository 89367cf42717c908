import { createLeash, memoryStore, type ToolCall } from "@leashkit/core";
import { countingShop, fakeClock, faultyStore, scriptedApprover, scriptedPolicy } from "@leashkit/core/testing";
import { expect, it } from "vitest";

// #region policy
it("does not buy what the policy denies", async () => {
  const leash = await createLeash({ policy: scriptedPolicy(() => "deny"), store: "memory", notify: [] });
  leash.register({ id: "buy" });
  const shop = countingShop();
  await expect(leash.guard({ tool: "buy", input: { item: "lamp" } }, shop.buy)).rejects.toMatchObject({
    code: "LEASH_DENIED",
  });
  expect(shop.orders).toEqual([]);
});
// #endregion

// #region approver
it("buys once what a person allows, and nothing else", async () => {
  const leash = await createLeash({
    policy: { text: "leash: 1\ndefault: approve\n" },
    store: "memory",
    notify: scriptedApprover(
      () => leash.desk({ id: "ann" }),
      ({ text }) => (text.includes("lamp") ? "approve" : { verdict: "deny", reason: "Lamps only." }),
    ),
  });
  leash.register({ id: "buy" });
  const shop = countingShop();
  await leash.guard({ tool: "buy", input: { item: "lamp" } }, shop.buy);
  await expect(leash.guard({ tool: "buy", input: { item: "yacht" } }, shop.buy)).rejects.toMatchObject({
    note: "Lamps only.",
  });
  expect(shop.orders.map(({ input }) => input)).toEqual([{ item: "lamp" }]);
});
// #endregion

// #region lamp
const lamp: ToolCall = { tool: "buy", input: { item: "lamp" }, scope: "thread-1", callId: "call-1" };
// #endregion

// #region clock
it("buys nothing on an answer that comes too late", async () => {
  const clock = fakeClock();
  const policy = { text: "leash: 1\ntools:\n  buy: { decision: approve, approval: { expires_in: 1h } }\n" };
  const leash = await createLeash({ policy, store: "memory", notify: [], clock });
  leash.register({ id: "buy" });
  const shop = countingShop();
  const desk = leash.desk({ id: "ann" });
  await expect(leash.guard(lamp, shop.buy, { pause: "defer" })).rejects.toMatchObject({ code: "LEASH_PENDING" });
  const [approval] = await desk.pending();

  clock.advance(3_600_000);
  await expect(desk.approve(approval?.id ?? "")).rejects.toMatchObject({ code: "LEASH_EXPIRED" });
  await expect(leash.guard(lamp, shop.buy, { pause: "defer" })).rejects.toMatchObject({ code: "LEASH_EXPIRED" });
  expect(shop.orders).toEqual([]);
});
// #endregion

// #region faults
it("buys nothing while the store is down", async () => {
  let down = false;
  const store = faultyStore(memoryStore(), { failCommit: () => (down ? "before" : undefined) });
  const leash = await createLeash({ policy: { text: "leash: 1\ndefault: allow\n" }, store });
  leash.register({ id: "buy" });
  const shop = countingShop();
  down = true;
  await expect(leash.guard(lamp, shop.buy)).rejects.toMatchObject({ code: "LEASH_STORE_UNAVAILABLE" });
  expect(shop.orders).toEqual([]);
});
// #endregion

// #region tools
it("never repeats a purchase, however often the framework proposes it", async () => {
  const leash = await createLeash({ policy: { text: "leash: 1\ndefault: allow\n" }, store: "memory" });
  leash.register({ id: "buy" });
  const shop = countingShop();
  const results = await Promise.all([1, 2, 3].map(() => leash.guard(lamp, shop.buy)));
  expect(results).toEqual([{ order: 1 }, { order: 1 }, { order: 1 }]);
  expect(shop.orders).toHaveLength(1);
});
// #endregion
