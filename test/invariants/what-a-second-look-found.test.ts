import { describe, expect, it } from "vitest";
import { createLeash, isLeashError, memoryStore, type LeashPending, type Store, type Surface } from "@leashkit/core";
import { fakeClock, scriptedPolicy } from "@leashkit/core/testing";
import { durable, onlyPending, testLeash } from "../support/leash.ts";
import { thrown } from "../support/thrown.ts";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A store on which the second start of a run fails, with nothing written. */
function failsSecondStart(inner: Store): Store {
  let starts = 0;
  return {
    ...inner,
    async commit(changes, append) {
      const starting = changes.some(
        ({ kind, body }) => kind === "journal" && (body as { state?: unknown } | null)?.state === "running",
      );
      if (starting && (starts += 1) === 2) {
        await pause(20);
        throw new Error("disk I/O error");
      }
      return inner.commit(changes, append);
    },
  };
}

/** A surface that notes which approvals it is shown. */
function notingSurface(shown: string[]): Surface {
  const attached = {
    opened: ({ principal }: { principal: { tenant: string } }) => void shown.push(principal.tenant),
    close: () => undefined,
  };
  return { name: "notes", approver: { id: "ann" }, attach: () => attached };
}

describe("two attempts at one call at the same moment", () => {
  it.each(["allow", "approve"] as const)(
    "I2: under %s, a failed start is not taken for the other's start",
    async (effect) => {
      const clock = fakeClock();
      const { leash, shop } = await testLeash(
        () => effect,
        { store: failsSecondStart(memoryStore({ clock })) },
        () => pause(60),
      );
      const both = [
        thrown(leash.guard(durable("call-1", {}), shop.buy)),
        thrown(leash.guard(durable("call-1", {}), shop.buy)),
      ];
      if (effect === "approve") await leash.desk({ id: "ann" }).approve(await onlyPending(leash));
      await Promise.all(both);
      expect(shop.orders).toHaveLength(1);
    },
  );

  it("I5: a call that proposes itself again from inside is refused instead of waiting for itself", async () => {
    const { leash } = await testLeash(() => "allow");
    let inner: unknown;
    await leash.guard(durable("call-1", {}), async () => {
      inner = await thrown(leash.guard(durable("call-1", {}), () => 1));
    });
    expect(inner).toMatchObject({ reasonCode: "already_executed" });
  });
});

describe("tenants, parents and surfaces", () => {
  it("I9: a surface of one tenant is not shown another's calls", async () => {
    const shown: string[] = [];
    const { leash, shop } = await testLeash(() => "approve", {
      principal: { tenant: "acme" },
      notify: notingSurface(shown),
    });
    await thrown(leash.as({ tenant: "other" }).guard(durable("a", {}), shop.buy, { pause: "defer" }));
    await thrown(leash.guard(durable("b", {}), shop.buy, { pause: "defer" }));
    await pause(5);
    expect(shown).toEqual(["acme"]);
  });

  it("I4: a question that an earlier process asked is told of again by the one that waits now", async () => {
    const store = memoryStore();
    const shown: string[] = [];
    const first = await testLeash(() => "approve", { store });
    await thrown(first.leash.guard(durable("call-1", {}), first.shop.buy, { pause: "defer" }));
    const second = await testLeash(() => "approve", { store, notify: notingSurface(shown) });
    const abort = new AbortController();
    const waiting = thrown(second.leash.guard(durable("call-1", {}), second.shop.buy, { signal: abort.signal }));
    await pause(20);
    abort.abort();
    await waiting;
    expect(shown).toEqual(["default"]);
  });

  it("I9: a child does not get the recorded result of a tool that was not passed on to it", async () => {
    const { leash } = await testLeash(() => "allow");
    leash.register({ id: "other" });
    await leash.guard(durable("call-1", {}), () => "the parent's secret");
    const child = leash.narrow({ tools: ["other"] });
    expect(await thrown(child.guard(durable("call-1", {}), () => "ran"))).toMatchObject({ reasonCode: "narrowed" });
    await child.close();
    expect(await leash.guard(durable("call-1", {}), () => "ran again")).toBe("the parent's secret");
  });
});

describe("time", () => {
  it("I2: a permit does not run after its proof expired by the leash's clock, though no timer fired", async () => {
    const clock = fakeClock();
    const { leash, shop } = await testLeash(() => "allow", { clock });
    const permit = await leash.authorize(durable("call-1", {}));
    clock.advance(86_400_000);
    expect(isLeashError(await thrown(permit.run(shop.buy)), "LEASH_DENIED")).toBe(true);
    expect(shop.orders).toEqual([]);
  });

  it("I4: a person's no to a deferred call is remembered for a while and not for ever", async () => {
    const clock = fakeClock();
    const { leash, shop } = await testLeash(() => "approve", { clock });
    const propose = (): Promise<unknown> =>
      thrown(leash.guard({ tool: "buy", input: {} }, shop.buy, { pause: "defer" }));
    await propose();
    await leash.desk({ id: "ann" }).deny(await onlyPending(leash));
    clock.advance(600_000);
    expect(await propose()).toMatchObject({ reasonCode: "person_denied" });
    clock.advance(3_600_000);
    expect(isLeashError(await propose(), "LEASH_PENDING")).toBe(true);
  });

  it("I4: a yes to what the policy does not ask any more is withdrawn, and the call can be asked about anew", async () => {
    let useWithinMs = 900_000;
    const { leash, shop } = await testLeash(() => ({ effect: "approve", terms: { useWithinMs } }));
    const propose = (callId: string): Promise<unknown> =>
      thrown(leash.guard(durable(callId, {}), shop.buy, { pause: "defer" }));
    await propose("a");
    await leash.desk({ id: "ann" }).approve(await onlyPending(leash));
    useWithinMs = 800_000;
    expect(isLeashError(await propose("a"), "LEASH_POLICY_CHANGED")).toBe(true);
    expect(isLeashError(await propose("b"), "LEASH_PENDING")).toBe(true);
    expect(shop.orders).toEqual([]);
  });
});

describe("what is found in the store, and what is left there", () => {
  it("I1: an altered recorded result is not handed out", async () => {
    const store = memoryStore();
    const { leash } = await testLeash(() => "allow", { store });
    await leash.guard(durable("call-1", {}), () => ({ paid: true }));
    const [row] = await store.list("blob");
    await store.commit([
      { kind: "blob", id: row?.id ?? "", expect: row?.version ?? 0, body: { v: 1, value: { paid: false } } },
    ]);
    expect(await thrown(leash.guard(durable("call-1", {}), () => 2))).toMatchObject({ reasonCode: "already_executed" });
  });

  it("I5: closing waits for running calls, and keeps their lease while they run", async () => {
    const store = memoryStore();
    const { leash } = await testLeash(() => "allow", { store });
    let end: () => void = () => undefined;
    const running = leash.guard(durable("call-1", {}), () => new Promise<void>((resolve) => (end = resolve)));
    await pause(10);
    const closed = leash.close();
    await pause(20);
    expect(await store.list("instance")).toHaveLength(1);
    end();
    await Promise.all([running, closed]);
    expect(await store.list("instance")).toEqual([]);
  });

  it("I5: a permit whose input cannot be opened is given back, and the call is not blocked", async () => {
    let broken = true;
    const { leash } = await testLeash(() => "allow");
    const decode = (input: unknown): unknown => {
      if (broken) throw new Error("decoder bug");
      return input;
    };
    leash.register({ id: "rich", decode });
    const call = { ...durable("call-1", {}), tool: "rich" };
    expect(await thrown(leash.authorize(call))).toMatchObject({
      code: "LEASH_INPUT_INVALID",
      cause: { message: "decoder bug" },
    });
    broken = false;
    expect(await leash.guard(call, () => "ran")).toBe("ran");
  });

  it("I4: an empty call id or scope identifies nothing", async () => {
    const { leash, shop } = await testLeash(() => "allow");
    for (const _time of [1, 2]) await leash.guard({ tool: "buy", input: {}, callId: "", scope: "" }, shop.buy);
    expect(shop.orders).toHaveLength(2);
  });

  it("I4: a log file beside a store that keeps its own log is refused, not ignored", async () => {
    const policy = scriptedPolicy(() => "allow");
    const error = await thrown(
      createLeash({ policy, store: memoryStore(), notify: [], audit: { file: "never-made.jsonl" } }),
    );
    expect(isLeashError(error, "LEASH_CONFIG_INVALID")).toBe(true);
  });

  it("I4: what fails on our side is not called the caller's mistake", async () => {
    let broken = false;
    const random = (size: number): Uint8Array => {
      if (broken) throw new Error("no entropy");
      return crypto.getRandomValues(new Uint8Array(size));
    };
    const { leash, shop } = await testLeash(() => "allow", { random });
    broken = true;
    expect(await thrown(leash.guard({ tool: "buy", input: {} }, shop.buy))).toMatchObject({
      reasonCode: "policy_error",
    });
  });

  it("I2: a deferred call's ref stays good for its one result", async () => {
    const { leash, shop } = await testLeash(() => "approve");
    const pending = (await thrown(leash.guard(durable("a", {}), shop.buy, { pause: "defer" }))) as LeashPending;
    await leash.desk({ id: "ann" }).approve(pending.approvalId);
    expect([await leash.collect(pending.ref, shop.buy), await leash.collect(pending.ref, shop.buy)]).toEqual([
      { order: 1 },
      { order: 1 },
    ]);
  });
});
