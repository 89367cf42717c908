import { describe, expect, it } from "vitest";
import { createLeash, isLeashError, memoryStore, type Effect } from "@leashkit/core";
import { faultyStore } from "@leashkit/core/testing";
import { durable, logOf, testLeash } from "../support/leash.ts";

describe("I12 observe mode", () => {
  it.each<Effect>(["allow", "approve", "step_up", "deny"])(
    "I12: the original call runs though the policy says %s",
    async (effect) => {
      const told: unknown[] = [];
      const { leash, shop } = await testLeash(() => effect, {
        mode: "observe",
        notify: [(approval) => void told.push(approval)],
      });
      const input = { when: new Date(0) };
      await leash.guard({ tool: "buy", input: { amount: 5 } }, shop.buy);
      await leash.guard({ tool: "buy", input }, shop.buy);
      expect(shop.orders.map((order) => order.input)).toEqual([{ amount: 5 }, input]);
      expect(shop.orders[1]?.input).toBe(input);
      expect(told).toEqual([]);
      expect(await leash.desk({ id: "ann" }).pending()).toEqual([]);
    },
  );

  it("I12: nothing is rewritten", async () => {
    const { leash, shop } = await testLeash(
      () => ({ effect: "allow", transform: { tool: "buy", input: { amount: 1 } } }),
      { mode: "observe" },
    );
    await leash.guard({ tool: "buy", input: { amount: 500 } }, shop.buy);
    expect(shop.orders[0]?.input).toEqual({ amount: 500 });
  });

  it("I12: it can't be mistaken for an allow: the log says OBSERVED, the permit says observe and carries no proof", async () => {
    const { leash, shop } = await testLeash(() => "deny", { mode: "observe" });
    await leash.guard({ tool: "buy", input: {} }, shop.buy);
    expect(shop.orders[0]?.permit).toMatchObject({ mode: "observe", proof: null });
    const lines = (await logOf(leash)).filter((line) => "decision" in line);
    expect(lines.map((line) => [line["type"], line["decision"], line["effective"]])).toEqual([
      ["decided", "DENY", "OBSERVED"],
    ]);
  });

  it("I12: every call runs, also a repeated one: observing replays nothing", async () => {
    const { leash, shop } = await testLeash(() => "allow", { mode: "observe" });
    await leash.guard(durable("call-1", {}), shop.buy);
    await leash.guard(durable("call-1", {}), shop.buy);
    expect(shop.orders).toHaveLength(2);
  });

  it.each([
    ["observe", undefined, "observe"],
    [undefined, "observe", "observe"],
    ["observe", "observe", "observe"],
    ["enforce", "observe", "enforce"],
    ["observe", "enforce", "enforce"],
    [undefined, undefined, "enforce"],
  ] as const)("I12: option %s and document %s make %s", async (option, document, effective) => {
    const text = `leash: 1\n${document === undefined ? "" : `mode: ${document}\n`}default: deny\n`;
    const leash = await createLeash({
      policy: { text },
      store: "memory",
      ...(option === undefined ? {} : { mode: option }),
    });
    expect(leash.mode).toBe(effective);
  });

  it("I12: what cannot be recorded is not run, here either", async () => {
    let down = false;
    const store = faultyStore(memoryStore(), { failCommit: () => (down ? "before" : undefined) });
    const { leash, shop } = await testLeash(() => "allow", { store, mode: "observe" });
    down = true;
    const error = await leash.guard({ tool: "buy", input: {} }, shop.buy).catch((thrown: unknown) => thrown);
    expect(isLeashError(error, "LEASH_STORE_UNAVAILABLE")).toBe(true);
    expect(shop.orders).toHaveLength(0);
  });
});
