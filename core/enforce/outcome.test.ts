import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createLeash } from "../leash.ts";
import { isLeashError, LeashDenied, LeashError } from "../errors.ts";
import { memoryStore } from "../store/memory.ts";
import { countingShop } from "../testing/counting-shop.ts";
import { faultyStore } from "../testing/faulty-store.ts";
import { memoryKeyRing } from "../tokens/keys.ts";
import { BUY, leashThatSays, settle } from "./leash.fixture.ts";

const CALL = { tool: "buy", input: { item: "tea" } };

describe("an attempt that ran", () => {
  it("is a result, also of undefined", async () => {
    const { leash } = await leashThatSays("allow");
    expect(await leash.attempt(CALL, () => "sold")).toEqual({ kind: "result", result: "sold" });
    expect(await leash.attempt(CALL, () => undefined)).toEqual({ kind: "result", result: undefined });
  });

  it("I2: is the recorded result when the same call is made again", async () => {
    const { leash } = await leashThatSays("allow");
    const shop = countingShop();
    const first = await leash.attempt(BUY, shop.buy);
    expect(first).toEqual({ kind: "result", result: { order: 1 } });
    expect(await leash.attempt(BUY, shop.buy)).toEqual(first);
    expect(shop.orders).toHaveLength(1);
  });

  it("is a result where a tool returns a refusal instead of throwing it", async () => {
    const { leash } = await leashThatSays("allow");
    const denial = new LeashDenied({ reasonCode: "rule", reason: "of another gate" });
    expect(await leash.attempt(CALL, () => denial)).toEqual({ kind: "result", result: denial });
  });
});

describe("an attempt that this gate refused", () => {
  it("I14: is a text for the model and the very error that `guard` throws", async () => {
    const { leash } = await leashThatSays({ effect: "deny", rule: "no-tea", reason: "Secret house rule." });
    const shop = countingShop();
    const outcome = await leash.attempt(CALL, shop.buy);
    expect(outcome).toMatchObject({
      kind: "refused",
      text: "Denied by policy. Do not retry this call with the same arguments.",
      error: { code: "LEASH_DENIED", reasonCode: "rule", reason: "Secret house rule." },
    });
    expect(isLeashError(outcome.kind === "refused" && outcome.error, "LEASH_DENIED")).toBe(true);
    expect(shop.orders).toEqual([]);
  });

  it.each([
    ["a tool that nobody registered", { tool: "sell", input: {} }, "LEASH_TOOL_UNKNOWN"],
    ["input that is no plain JSON", { tool: "buy", input: { when: new Date(0) } }, "LEASH_INPUT_INVALID"],
    ["labels that are no plain JSON", { ...CALL, labels: { a: [1n] } as never }, "LEASH_INPUT_INVALID"],
    ["a name that is none", { tool: 5 as never, input: {} }, "LEASH_INPUT_INVALID"],
  ])("I4: is refused for %s", async (_, call, code) => {
    const { leash } = await leashThatSays("allow");
    const shop = countingShop();
    expect(await leash.attempt(call, shop.buy)).toMatchObject({ kind: "refused", error: { code } });
    expect(shop.orders).toEqual([]);
  });

  it("tells a person's no with their note", async () => {
    const { leash } = await leashThatSays("approve");
    const shop = countingShop();
    const attempt = leash.attempt(BUY, shop.buy);
    await settle(leash, "deny");
    expect(await attempt).toMatchObject({
      kind: "refused",
      text: expect.stringContaining("not today"),
      error: { reasonCode: "person_denied" },
    });
    expect(shop.orders).toEqual([]);
  });

  it("I4: is refused, and did not run, when the store fails before the run", async () => {
    let down = false;
    const store = faultyStore(memoryStore(), { failCommit: () => (down ? "before" : undefined) });
    const { leash } = await leashThatSays("allow", { store });
    const shop = countingShop();
    down = true;
    const outcome = await leash.attempt(CALL, shop.buy);
    expect(outcome).toMatchObject({ kind: "refused", error: { code: "LEASH_STORE_UNAVAILABLE" } });
    expect(shop.orders).toEqual([]);
  });

  it.each([
    ["ran", () => undefined],
    [
      "threw",
      () => {
        throw new Error("boom");
      },
    ],
  ])("I5: is refused as of unknown outcome when the tool %s and the store then fails", async (_, end) => {
    let down = false;
    const store = faultyStore(memoryStore(), { failCommit: () => (down ? "before" : undefined) });
    const { leash } = await leashThatSays("allow", { store });
    let runs = 0;
    const run = (): void => {
      runs += 1;
      down = true;
      end();
    };
    const outcome = await leash.attempt(CALL, run);
    expect(outcome).toMatchObject({
      kind: "refused",
      text: expect.stringContaining("outcome is unknown"),
      error: { code: "LEASH_OUTCOME_UNKNOWN" },
    });
    expect(runs).toBe(1);
  });
});

describe("an attempt that waits for a person", () => {
  it("is pending under `defer`, with what names the approval and nothing that answers it", async () => {
    const { leash } = await leashThatSays("approve");
    const shop = countingShop();
    const outcome = await leash.attempt(BUY, shop.buy, { pause: "defer" });
    const [approval] = await leash.desk({ id: "ann" }).pending();
    expect(outcome).toMatchObject({
      kind: "pending",
      text: expect.stringContaining(`ref ${approval?.ref}`),
      error: {
        code: "LEASH_PENDING",
        approvalId: approval?.id,
        ref: approval?.ref,
        tool: "buy",
        expiresAt: approval?.expiresAt,
      },
    });
    expect(shop.orders).toEqual([]);
  });

  it("I2: is the one execution when the same call is made again after the yes, or collected", async () => {
    const { leash } = await leashThatSays("approve");
    const shop = countingShop();
    const pending = await leash.attempt(BUY, shop.buy, { pause: "defer" });
    const ref = pending.kind === "pending" ? pending.error.ref : "";
    expect(await leash.attemptDeferred(ref, shop.buy)).toMatchObject({ kind: "pending", error: { ref } });
    await settle(leash, "approve");
    const sold = { kind: "result", result: { order: 1 } };
    expect(await leash.attempt(BUY, shop.buy, { pause: "defer" })).toEqual(sold);
    expect(await leash.attemptDeferred(ref, shop.buy)).toEqual(sold);
    expect(shop.orders).toHaveLength(1);
  });

  it("I3: is refused for a ref of nobody's or of another agent's", async () => {
    const { leash } = await leashThatSays("approve");
    const shop = countingShop();
    const pending = await leash.attempt(BUY, shop.buy, { pause: "defer" });
    const ref = pending.kind === "pending" ? pending.error.ref : "";
    const refused = { kind: "refused", error: { code: "LEASH_DENIED", reasonCode: "approval_void" } };
    expect(await leash.attemptDeferred("ZZZZ", shop.buy)).toMatchObject(refused);
    expect(await leash.as({ agent: "other" }).attemptDeferred(ref, shop.buy)).toMatchObject(refused);
    expect(shop.orders).toEqual([]);
  });

  it("throws what a framework's own pause throws, untouched", async () => {
    const { leash } = await leashThatSays("approve");
    const interrupt = new Error("the framework pauses");
    const pause = (): Promise<void> => Promise.reject(interrupt);
    await expect(leash.attempt(BUY, () => "sold", { pause })).rejects.toBe(interrupt);
  });
});

describe("an attempt whose signal aborts", () => {
  it("is aborted before it asks anybody", async () => {
    const { leash } = await leashThatSays("approve");
    const shop = countingShop();
    const outcome = await leash.attempt(CALL, shop.buy, { signal: AbortSignal.abort() });
    expect(outcome).toMatchObject({ kind: "aborted", error: { code: "LEASH_ABORTED" } });
    expect([shop.orders, await leash.desk({ id: "ann" }).pending()]).toEqual([[], []]);
  });

  it("I2: gives the recorded result of a call that ran: the abort comes too late to say that it did not", async () => {
    const { leash } = await leashThatSays("allow");
    const shop = countingShop();
    const sold = await leash.attempt(BUY, shop.buy);
    expect(await leash.attempt(BUY, shop.buy, { signal: AbortSignal.abort() })).toEqual(sold);
    expect(shop.orders).toHaveLength(1);
  });

  it.each(["hold", "defer"] as const)(
    "I2: neither asks nor runs a call that waits or was approved, and leaves it as it is (%s)",
    async (pause) => {
      const { leash } = await leashThatSays("approve");
      const shop = countingShop();
      const options = { pause, signal: AbortSignal.abort() };
      await leash.attempt(BUY, shop.buy, { pause: "defer" });
      expect((await leash.attempt(BUY, shop.buy, options)).kind).toBe("aborted");
      await settle(leash, "approve");
      expect((await leash.attempt(BUY, shop.buy, options)).kind).toBe("aborted");
      expect(shop.orders).toEqual([]);
      expect((await leash.attempt(BUY, shop.buy)).kind).toBe("result");
    },
  );

  it("is aborted while it waits, and a late yes finds nothing", async () => {
    const { leash } = await leashThatSays("approve");
    const shop = countingShop();
    const controller = new AbortController();
    const outcome = await leash.attempt(CALL, shop.buy, {
      signal: controller.signal,
      onHold: () => controller.abort(),
    });
    expect(outcome).toMatchObject({ kind: "aborted", text: "Not run: the run was aborted." });
    expect([shop.orders, await leash.desk({ id: "ann" }).pending()]).toEqual([[], []]);
  });

  it("has failed, and not merely been aborted, once the tool runs", async () => {
    const { leash, journal } = await leashThatSays("allow");
    const controller = new AbortController();
    const error = new Error("cut off");
    const run = (): never => {
      controller.abort();
      throw error;
    };
    expect(await leash.attempt(CALL, run, { signal: controller.signal })).toEqual({ kind: "failed", error });
    expect((await journal()).map(({ state }) => state)).toEqual(["unknown"]);
  });
});

describe("an attempt whose tool throws", () => {
  it.each([new Error("boom"), "boom", undefined, null, Number.NaN, { code: "LEASH_DENIED" }])(
    "has failed with the very thing that was thrown: %o",
    async (thrown) => {
      const { leash } = await leashThatSays("allow");
      const run = (): never => {
        throw thrown;
      };
      const outcome = await leash.attempt(CALL, run);
      expect(outcome.kind).toBe("failed");
      expect(outcome.kind === "failed" && Object.is(outcome.error, thrown)).toBe(true);
    },
  );

  it.each([
    ["denied", "deny", {}, "LEASH_DENIED"],
    ["pending", "approve", { pause: "defer" }, "LEASH_PENDING"],
    ["aborted", "allow", { signal: AbortSignal.abort() }, "LEASH_ABORTED"],
  ] as const)(
    "has failed where a call that the tool makes itself is %s: that is not this gate's word",
    async (_, says, options, code) => {
      const outer = await leashThatSays("allow");
      const inner = await leashThatSays(says);
      const outcome = await outer.leash.attempt(CALL, () => inner.leash.guard(CALL, () => "inner", options));
      expect(outcome).toMatchObject({ kind: "failed", error: { code } });
      expect((await outer.journal()).map(({ state }) => state)).toEqual(["failed"]);
    },
  );

  it("has failed where the tool throws an outcome-unknown of its own", async () => {
    const { leash } = await leashThatSays("allow");
    const error = new LeashError("LEASH_OUTCOME_UNKNOWN", "of a call further in");
    expect(await leash.attempt(CALL, () => Promise.reject(error))).toEqual({ kind: "failed", error });
  });
});

describe("an attempt that pauses from inside its run", () => {
  const interrupt = new Error("the framework pauses");
  const suspends = (thrown: unknown): boolean => thrown === interrupt;

  it("I2: throws what is recognised, and goes on under the same grant", async () => {
    const { leash, journal } = await leashThatSays("allow");
    await expect(leash.attempt(BUY, () => Promise.reject(interrupt), { suspends })).rejects.toBe(interrupt);
    expect((await journal()).map(({ state }) => state)).toEqual(["suspended"]);
    expect(await leash.attempt(BUY, () => "sold", { suspends })).toEqual({ kind: "result", result: "sold" });
    expect((await journal()).map(({ state }) => state)).toEqual(["done"]);
  });

  it("throws what is recognised in a collected call, too", async () => {
    const { leash } = await leashThatSays("approve");
    const pending = await leash.attempt(BUY, () => "sold", { pause: "defer" });
    await settle(leash, "approve");
    const ref = pending.kind === "pending" ? pending.error.ref : "";
    const collected = leash.attemptDeferred(ref, () => Promise.reject(interrupt), { suspends });
    await expect(collected).rejects.toBe(interrupt);
    expect(await leash.attemptDeferred(ref, () => "sold", { suspends })).toEqual({ kind: "result", result: "sold" });
  });

  it.each([
    ["is not recognised", () => false],
    ["is answered with something that is not true", () => "yes" as never],
    [
      "breaks the check itself",
      () => {
        throw new Error("check");
      },
    ],
  ])("I4: has failed where what is thrown %s", async (_, check) => {
    const { leash, journal } = await leashThatSays("allow");
    const outcome = await leash.attempt(BUY, () => Promise.reject(interrupt), { suspends: check });
    expect(outcome).toEqual({ kind: "failed", error: interrupt });
    expect((await journal()).map(({ state }) => state)).toEqual(["failed"]);
  });
});

describe("an attempt that meets a mistake of the program", () => {
  it("throws it: a model could do nothing about it", async () => {
    const ring = memoryKeyRing({ clock: { now: () => Date.now() }, random: randomBytes });
    const wrong = new LeashError("LEASH_CONFIG_INVALID", "The key ring is set up wrongly.");
    let broken = false;
    const signer: typeof ring.signer = (purpose) => {
      if (broken) throw wrong;
      return ring.signer(purpose);
    };
    const { leash } = await leashThatSays("allow", { keys: { ...ring, signer } });
    const shop = countingShop();
    broken = true;
    await expect(leash.attempt(CALL, shop.buy)).rejects.toBe(wrong);
    await expect(leash.attempt(undefined as never, shop.buy)).rejects.toBeInstanceOf(TypeError);
    expect(shop.orders).toEqual([]);
  });
});

describe("what a framework may show to a model", () => {
  it("I14: the exception of a denial holds none of the policy's own words, also where a tool passes it on", async () => {
    const policy = 'leash: 1\nrules: [{ id: secret-rule, action: "*", effect: deny }]\n';
    const leash = await createLeash({ policy: { text: policy }, store: "memory", notify: [] });
    leash.register({ id: "inner" });
    const denied = await leash.guard({ tool: "inner", input: {} }, () => 1).catch((error: unknown) => error);
    expect(String(denied)).not.toContain("secret-rule");
    expect(denied).toMatchObject({ reason: expect.stringContaining("secret-rule") as unknown });
    await leash.close();
  });

  it("I4: a revoked proxy that is thrown is a failure like any other", async () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const leash = await createLeash({ policy: { text: "leash: 1\ndefault: allow\n" }, store: "memory", notify: [] });
    leash.register({ id: "buy" });
    const outcome = await leash.attempt({ tool: "buy", input: {} }, () => Promise.reject(proxy as Error));
    expect(outcome.kind).toBe("failed");
    await leash.close();
  });
});
