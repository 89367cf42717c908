import { describe, expect, it } from "vitest";
import { canonicalText, domainDigest, isLeashError, verifyProof, type Json } from "@leashkit/core";
import { durable, logOf, onlyPending, testLeash } from "../support/leash.ts";

const digestOf = (input: Json): string =>
  domainDigest("leashkit/action/1", {
    v: 1,
    tenant: "default",
    subject: "default",
    agent: "agent",
    tool: "buy",
    input,
  });

describe("I1 what was decided is what runs", () => {
  it("I1: the digest of the executed input equals the digest in decision, approval, proof, permit and log", async () => {
    const { leash, shop } = await testLeash(() => "approve");
    const running = leash.guard({ tool: "buy", input: { amount: 700, to: "ann" } }, shop.buy);
    const id = await onlyPending(leash);
    const approval = await leash.desk({ id: "ann" }).approve(id);
    await running;
    const [order] = shop.orders;
    const executed = digestOf(order?.input ?? null);
    const claims = verifyProof(order?.permit.proof ?? "", leash.keySet(), { audience: "agent", action: executed });
    expect(approval.digest).toBe(executed);
    expect(order?.permit.digest).toBe(executed);
    expect(claims.action_hash).toBe(executed);
    const digests = (await logOf(leash)).filter((line) => "digest" in line).map((line) => line["digest"]);
    expect(new Set(digests)).toEqual(new Set([executed]));
    expect(digests.length).toBeGreaterThanOrEqual(5);
  });

  it("I1: what the caller does to its object after the call was proposed does not reach the tool", async () => {
    const { leash, shop } = await testLeash(() => "approve");
    const input = { to: "ann", list: [{ amount: 1 }] };
    const running = leash.guard({ tool: "buy", input }, shop.buy);
    input.to = "eve";
    input.list[0] = { amount: 1_000_000 };
    await leash.desk({ id: "ann" }).approve(await onlyPending(leash));
    input.to = "mallory";
    await running;
    expect(shop.orders.map((order) => order.input)).toEqual([{ to: "ann", list: [{ amount: 1 }] }]);
  });

  it("I1: the bytes a person saw are the bytes that run, after what the policy computed", async () => {
    const { leash, shop } = await testLeash(({ input }) => {
      const limit = (input as { limit: number }).limit;
      return limit > 100
        ? { effect: "approve", transform: { tool: "buy", input: { limit: 100 } } }
        : { effect: "approve" };
    });
    const running = leash.guard({ tool: "buy", input: { limit: 9_000 } }, shop.buy);
    const id = await onlyPending(leash);
    const shown = await leash.desk({ id: "ann" }).approve(id);
    await running;
    expect(shown.text).toBe('{"limit":100}');
    expect(canonicalText(shop.orders[0]?.input)).toBe(shown.text);
  });

  it("I1: a computed form that never settles is denied", async () => {
    const { leash, shop } = await testLeash(({ input }) => ({
      effect: "allow",
      transform: { tool: "buy", input: { n: (input as { n: number }).n + 1 } },
    }));
    const denied = await leash.guard({ tool: "buy", input: { n: 0 } }, shop.buy).catch((error: unknown) => error);
    expect(isLeashError(denied, "LEASH_DENIED")).toBe(true);
    expect(shop.orders).toHaveLength(0);
  });

  it("I1: a computed form may not lead to a tool that is not registered", async () => {
    const { leash, shop } = await testLeash(() => ({ effect: "allow", transform: { tool: "wipe", input: {} } }));
    const denied = await leash.guard({ tool: "buy", input: {} }, shop.buy).catch((error: unknown) => error);
    expect(isLeashError(denied, "LEASH_TOOL_UNKNOWN")).toBe(true);
    expect(shop.orders).toHaveLength(0);
  });

  it("I1: an approval for one input does not cover the same call with another input", async () => {
    const { leash, shop } = await testLeash(() => "approve");
    const first = leash.guard(durable("call-1", { amount: 60 }), shop.buy);
    await leash.desk({ id: "ann" }).approve(await onlyPending(leash));
    await first;
    const second = leash
      .guard(durable("call-1", { amount: 6_000 }), shop.buy, { pause: "defer" })
      .catch((error: unknown) => error);
    expect(isLeashError(await second, "LEASH_PENDING")).toBe(true);
    expect(shop.orders.map((order) => order.input)).toEqual([{ amount: 60 }]);
  });

  it("I1: a policy that computes other input after the approval makes the approval void", async () => {
    let cap = 100;
    const { leash, shop } = await testLeash(({ input }) => {
      const { limit } = input as { limit: number };
      return limit > cap
        ? { effect: "approve", transform: { tool: "buy", input: { limit: cap } } }
        : { effect: "approve" };
    });
    const running = leash.guard({ tool: "buy", input: { limit: 500 } }, shop.buy).catch((error: unknown) => error);
    const id = await onlyPending(leash);
    cap = 50;
    await leash.desk({ id: "ann" }).approve(id);
    expect(isLeashError(await running, "LEASH_POLICY_CHANGED")).toBe(true);
    expect(shop.orders).toHaveLength(0);
  });
});
