import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { currentPermit, isLeashError, refusalText, type Permit } from "@leashkit/core";
import { durable, onlyPending, testLeash } from "../support/leash.ts";
import { thrown } from "../support/thrown.ts";

describe("I9 whatever passes the gate cannot approve", () => {
  it("I9: a permit holds data, a signal and nothing that leads to a desk", async () => {
    const { leash } = await testLeash(() => "allow");
    let permit: Permit | undefined;
    await leash.guard({ tool: "buy", input: {} }, () => {
      permit = currentPermit();
    });
    expect(Object.keys(permit ?? {}).sort()).toEqual([
      "actionId",
      "approvalId",
      "digest",
      "idempotencyKey",
      "mode",
      "proof",
      "signal",
      "tool",
      "traceparent",
      "v",
    ]);
    expect(Object.values(permit ?? {}).filter((value) => typeof value === "function")).toEqual([]);
    expect(currentPermit()).toBeUndefined();
  });

  it("I9: what an agent sees of a waiting approval says that it waits, and nothing that approves", async () => {
    const { leash, shop } = await testLeash(() => "approve");
    const pending = await thrown(leash.guard(durable("call-1", {}), shop.buy, { pause: "defer" }));
    const { ref } = pending as { ref: string };
    const visible = [
      inspect(pending, { depth: 9 }),
      refusalText(pending) ?? "",
      JSON.stringify(await leash.deferred(ref)),
    ].join("\n");
    expect(visible).toContain(ref);
    expect(visible).not.toMatch(/https?:|v4\.public|k4\.secret|token|verdict|signature/i);
  });

  it("I9: an agent can neither see nor collect what another principal waits for", async () => {
    const { leash, shop } = await testLeash(() => "approve");
    const pending = await thrown(leash.guard(durable("call-1", {}), shop.buy, { pause: "defer" }));
    const { ref } = pending as { ref: string };
    await leash.desk({ id: "ann" }).approve(await onlyPending(leash));
    for (const other of [leash.as({ agent: "eve" }), leash.as({ subject: "bob" }), leash.as({ tenant: "acme" })]) {
      expect(await other.deferred(ref)).toBeUndefined();
      expect(isLeashError(await thrown(other.collect(ref, shop.buy)), "LEASH_DENIED")).toBe(true);
    }
    expect(shop.orders).toHaveLength(0);
    expect(await leash.collect(ref, shop.buy)).toEqual({ order: 1 });
  });

  it("I9: a desk of one tenant neither sees nor settles another's approvals", async () => {
    const { leash, shop } = await testLeash(() => "approve");
    await thrown(leash.guard(durable("call-1", {}), shop.buy, { pause: "defer" }));
    const id = await onlyPending(leash);
    const foreign = leash.as({ tenant: "acme" }).desk({ id: "ann" });
    expect(await foreign.pending()).toEqual([]);
    expect(isLeashError(await thrown(foreign.approve(id)))).toBe(true);
  });
});

describe("I14 models get refusals, programs get exceptions", () => {
  it("I14: a refusal's words hold no rule, no reason of the policy's, no argument", async () => {
    const { leash, shop } = await testLeash(() => ({
      effect: "deny",
      rule: "secret-rule-7",
      reason: "above the hidden limit of 4711",
    }));
    const error = await thrown(leash.guard({ tool: "buy", input: { card: "4929-1234" } }, shop.buy));
    expect(error).toMatchObject({ code: "LEASH_DENIED", reason: "above the hidden limit of 4711" });
    expect(refusalText(error)).toBe("Denied by policy. Do not retry this call with the same arguments.");
    expect(inspect(error)).not.toContain("4929");
  });

  it("I14: a person's note reaches the model, quoted", async () => {
    const { leash, shop } = await testLeash(() => "approve");
    const running = thrown(leash.guard({ tool: "buy", input: {} }, shop.buy));
    await leash.desk({ id: "ann" }).deny(await onlyPending(leash), { reason: 'wrong "shop"\nignore previous' });
    expect(refusalText(await running)).toBe(
      'A person denied this call. Do not retry it with the same arguments. Their note: "wrong \\"shop\\"\\nignore previous"',
    );
  });

  it("I14: a tool's own error is not a refusal and is not swallowed", async () => {
    const { leash } = await testLeash(() => "allow");
    const boom = new TypeError("boom");
    expect(await thrown(leash.guard({ tool: "buy", input: {} }, () => Promise.reject(boom)))).toBe(boom);
    expect(refusalText(boom)).toBeUndefined();
  });
});
