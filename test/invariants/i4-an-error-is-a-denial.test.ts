import { describe, expect, it } from "vitest";
import { createLeash, isLeashError, LeashError, memoryStore, type Effect, type Store } from "@leashkit/core";
import { faultyStore, type ScriptedAnswer } from "@leashkit/core/testing";
import { durable, logOf, onlyPending, testLeash } from "../support/leash.ts";
import { thrown } from "../support/thrown.ts";

describe("I4 an error is a denial", () => {
  it("I4: a policy that throws denies", async () => {
    const { leash, shop } = await testLeash(() => {
      throw new Error("evaluator bug");
    });
    expect(await thrown(leash.guard({ tool: "buy", input: {} }, shop.buy))).toMatchObject({
      reasonCode: "policy_error",
    });
    expect(shop.orders).toHaveLength(0);
  });

  it.each(["ALLOW", "", "constructor", "yes", undefined, null, 0])(
    "I4: the unknown effect %j denies",
    async (effect) => {
      const { leash, shop } = await testLeash(() => ({ effect: effect as Effect, rule: "odd" }));
      const error = await thrown(leash.guard({ tool: "buy", input: {} }, shop.buy));
      expect(isLeashError(error, "LEASH_DENIED")).toBe(true);
      expect(shop.orders).toHaveLength(0);
    },
  );

  it("I4: an obligation that nothing can fulfil denies", async () => {
    const answer: ScriptedAnswer = {
      effect: "allow",
      obligations: [{ type: "notify_mars", at: "before", params: {} }],
    };
    const { leash, shop } = await testLeash(() => answer);
    expect(await thrown(leash.guard({ tool: "buy", input: {} }, shop.buy))).toMatchObject({
      reasonCode: "obligation_unknown",
    });
    expect(shop.orders).toHaveLength(0);
  });

  it("I4: a tool that is not registered is denied, whatever the policy says", async () => {
    const { leash, shop } = await testLeash(() => "allow");
    const error = await thrown(leash.guard({ tool: "wipe", input: {} }, shop.buy));
    expect(isLeashError(error, "LEASH_TOOL_UNKNOWN")).toBe(true);
    expect(shop.orders).toHaveLength(0);
  });

  it.each([1, 2, 3, 4, 5])(
    "I4: nothing runs when the store fails at commit %i, and nothing runs twice after it is back",
    async (failing) => {
      for (const when of ["before", "after"] as const) {
        let commits = 0;
        let armed = false;
        const store: Store = faultyStore(memoryStore(), {
          failCommit: () => {
            if (!armed) return undefined;
            commits += 1;
            return commits === failing ? when : undefined;
          },
        });
        const { leash, shop } = await testLeash(() => "allow", { store });
        armed = true;
        const first = await thrown(leash.guard(durable("call-1", {}), shop.buy));
        const before = shop.orders.length;
        if (first !== undefined && before === 0) expect(isLeashError(first)).toBe(true);
        await thrown(leash.guard(durable("call-1", {}), shop.buy));
        expect(shop.orders.length).toBeLessThanOrEqual(1);
        await leash.close();
      }
    },
  );

  it("I4: a call that cannot be recorded does not run", async () => {
    let down = false;
    const store: Store = faultyStore(memoryStore(), { failCommit: () => (down ? "before" : undefined) });
    const { leash, shop } = await testLeash(() => "allow", { store });
    down = true;
    expect(
      isLeashError(await thrown(leash.guard({ tool: "buy", input: {} }, shop.buy)), "LEASH_STORE_UNAVAILABLE"),
    ).toBe(true);
    expect(shop.orders).toHaveLength(0);
  });

  it("I4: a policy that can ask, with nobody to be asked, does not start", async () => {
    const policy = { text: "leash: 1\ndefault: approve\n" };
    const error = await thrown(createLeash({ policy, store: "memory" }));
    expect(isLeashError(error, "LEASH_NO_APPROVER")).toBe(true);
  });

  it("I4: an approval that nobody answers expires and runs nothing", async () => {
    const { leash, shop } = await testLeash(() => ({ effect: "approve", terms: { expiresInMs: 30 } }));
    const error = await thrown(leash.guard({ tool: "buy", input: {} }, shop.buy));
    expect(isLeashError(error, "LEASH_EXPIRED")).toBe(true);
    expect(shop.orders).toHaveLength(0);
  });

  it("I4: a plain yes does not answer a demand for step-up", async () => {
    const { leash, shop } = await testLeash(() => ({
      effect: "step_up",
      terms: { expiresInMs: 200, methods: ["webauthn"] },
    }));
    const running = thrown(leash.guard({ tool: "buy", input: {} }, shop.buy));
    const id = await onlyPending(leash);
    for (const approver of [
      { id: "ann" },
      { id: "ann", assurance: "login" as const, method: "webauthn" },
      { id: "ann", assurance: "step_up" as const, method: "totp" },
    ]) {
      expect(await thrown(leash.desk(approver).approve(id))).toBeInstanceOf(LeashError);
    }
    expect(isLeashError(await running, "LEASH_EXPIRED")).toBe(true);
    expect(shop.orders).toHaveLength(0);
    const refused = (await logOf(leash)).filter((line) => line["type"] === "approval.refused");
    expect(refused.map((line) => [line["actor_type"], line["actor_id"]])).toEqual(
      [1, 2, 3].map(() => ["person", "ann"]),
    );
  });

  it("I4: a failing notifier neither blocks nor approves", async () => {
    const notify = [
      () => {
        throw new Error("mail is down");
      },
      () => Promise.reject(new Error("chat is down")),
    ];
    const { leash, shop } = await testLeash(() => "approve", { notify });
    const running = leash.guard({ tool: "buy", input: {} }, shop.buy);
    await leash.desk({ id: "ann" }).approve(await onlyPending(leash));
    expect(await running).toEqual({ order: 1 });
  });

  it("I4: a policy that turned to deny after a person's yes wins", async () => {
    let effect: Effect = "approve";
    const { leash, shop } = await testLeash(() => effect);
    const running = thrown(leash.guard({ tool: "buy", input: {} }, shop.buy));
    const id = await onlyPending(leash);
    effect = "deny";
    await leash.desk({ id: "ann" }).approve(id);
    expect(isLeashError(await running, "LEASH_DENIED")).toBe(true);
    expect(shop.orders).toHaveLength(0);
  });

  it("I4: a policy that demands step-up after a plain yes wins", async () => {
    let effect: Effect = "approve";
    const { leash, shop } = await testLeash(() => effect);
    const running = thrown(leash.guard({ tool: "buy", input: {} }, shop.buy));
    const id = await onlyPending(leash);
    effect = "step_up";
    await leash.desk({ id: "ann" }).approve(id);
    expect(isLeashError(await running, "LEASH_POLICY_CHANGED")).toBe(true);
    expect(shop.orders).toHaveLength(0);
  });
});
