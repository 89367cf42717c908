import { describe, expect, it } from "vitest";
import { isLeashError, memoryStore, NoEffect } from "@leashkit/core";
import { fakeClock } from "@leashkit/core/testing";
import { durable, logOf, testLeash } from "../support/leash.ts";
import { thrown } from "../support/thrown.ts";

const never = (): Promise<never> => new Promise(() => undefined);

/** Two leashes on one store; the first one's call never returns, as if its process had died inside the tool. */
async function cutOff(idempotent: boolean, document?: boolean) {
  const clock = fakeClock();
  const store = memoryStore({ clock });
  const stated = document === undefined ? "" : `, idempotent: ${document}`;
  const policy = { text: `leash: 1\ntools:\n  send: { decision: allow${stated} }\n` };
  const dead = await testLeash(() => "allow", { policy, store, clock });
  const alive = await testLeash(() => "allow", { policy, store, clock });
  for (const { leash } of [dead, alive]) leash.register({ id: "send", idempotent });
  const keys: string[] = [];
  const call = { ...durable("call-1", { amount: 5 }), tool: "send" };
  void dead.leash.guard(call, (_input, permit) => {
    keys.push(permit.idempotencyKey);
    return never();
  });
  while (keys.length === 0) await new Promise((resolve) => setImmediate(resolve));
  return { clock, alive, call, keys };
}

describe("I5 no effect without a durable record made before it", () => {
  it("I5: when the tool starts, the journal says running and the log says granted", async () => {
    const store = memoryStore();
    const { leash } = await testLeash(() => "allow", { store });
    let seen: { state: unknown; types: unknown[] } | undefined;
    await leash.guard(durable("call-1", {}), async () => {
      const [row] = await store.list("journal");
      seen = {
        state: (row?.body as { state?: unknown } | undefined)?.state,
        types: (await logOf(leash)).map((line) => line["type"]),
      };
    });
    expect(seen).toEqual({ state: "running", types: ["policy.loaded", "decided", "granted"] });
  });

  it("I5: a result is recorded before it is returned, and replayed to the same call", async () => {
    const { leash, shop } = await testLeash(() => "allow");
    const first = await leash.guard(durable("call-1", {}), shop.buy);
    expect((await logOf(leash)).at(-1)?.["type"]).toBe("executed");
    expect(await leash.guard(durable("call-1", {}), shop.buy)).toEqual(first);
    expect(shop.orders).toHaveLength(1);
  });

  it("I5: a call that runs elsewhere is waited for, not run again", async () => {
    const { leash } = await testLeash(() => "allow");
    let finish: (result: string) => void = () => undefined;
    const first = leash.guard(durable("call-1", {}), () => new Promise<string>((resolve) => (finish = resolve)));
    const second = leash.guard(durable("call-1", {}), () => Promise.resolve("ran twice"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    finish("ran once");
    expect(await Promise.all([first, second])).toEqual(["ran once", "ran once"]);
  });

  it("I5: a run whose process is gone is unknown and is never silently repeated", async () => {
    const { clock, alive, call, keys } = await cutOff(false);
    clock.advance(31_000);
    for (const _attempt of [1, 2, 3]) {
      expect(isLeashError(await thrown(alive.leash.guard(call, alive.shop.buy)), "LEASH_OUTCOME_UNKNOWN")).toBe(true);
    }
    expect(alive.shop.orders).toHaveLength(0);
    expect(keys).toHaveLength(1);
    expect((await logOf(alive.leash)).filter((line) => line["type"] === "unknown")).toHaveLength(1);
  });

  it("I5: a tool that is declared idempotent is repeated with the same idempotency key", async () => {
    const { clock, alive, call, keys } = await cutOff(true);
    clock.advance(31_000);
    await alive.leash.guard(call, alive.shop.buy);
    expect(alive.shop.orders.map((order) => order.permit.idempotencyKey)).toEqual(keys);
  });

  it("I5: the log tells that a run was taken over from a process that is gone, and which attempt", async () => {
    const { clock, alive, call } = await cutOff(true);
    const [granted] = (await logOf(alive.leash)).filter(({ type }) => type === "granted");
    clock.advance(31_000);
    await alive.leash.guard(call, alive.shop.buy);
    const lines = await logOf(alive.leash);
    const own = lines.filter(({ stream }) => stream !== granted?.["stream"]).map(({ type }) => type);
    expect(own).toEqual(["policy.loaded", "recovered", "granted", "executed"]);
    expect(lines.find(({ type }) => type === "recovered")).toMatchObject({
      actor_type: "system",
      actor_id: "leash",
      action_type: "send",
      action_id: granted?.["action_id"],
      decision_id: granted?.["decision_id"],
      digest: granted?.["digest"],
      detail: "attempt 1 was cut off and is repeated",
    });
  });

  it("I5: a run that paused itself and goes on was not taken over from anybody", async () => {
    const { leash, shop } = await testLeash(() => "allow");
    const pause = new Error("pause");
    const paused = leash.guard(durable("call-1", {}), () => Promise.reject(pause), {
      suspends: (thrown_) => thrown_ === pause,
    });
    expect(await thrown(paused)).toBe(pause);
    await leash.guard(durable("call-1", {}), shop.buy);
    expect((await logOf(leash)).map(({ type }) => type)).not.toContain("recovered");
  });

  it.each([
    [true, false, 0],
    [false, true, 1],
  ])("I5: of a tool that says %s and a policy that says %s, the policy is believed", async (tool, document, runs) => {
    const { clock, alive, call } = await cutOff(tool, document);
    clock.advance(31_000);
    await thrown(alive.leash.guard(call, alive.shop.buy));
    expect(alive.shop.orders).toHaveLength(runs);
  });

  it("I5: while the other process renews its lease, its call is not taken for lost", async () => {
    const { clock, alive, call } = await cutOff(false);
    clock.advance(10_000);
    const abort = new AbortController();
    const waiting = thrown(alive.leash.guard(call, alive.shop.buy, { signal: abort.signal }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    abort.abort();
    expect(isLeashError(await waiting, "LEASH_ABORTED")).toBe(true);
    expect(alive.shop.orders).toHaveLength(0);
  });

  it("I5: a throw after the start is a failure whose effect is unknown; one that says so had none", async () => {
    const { leash } = await testLeash(() => "allow");
    await thrown(leash.guard(durable("a", {}), () => Promise.reject(new Error("boom"))));
    await thrown(leash.guard(durable("b", {}), () => Promise.reject(new NoEffect("refused by the shop"))));
    const failed = (await logOf(leash)).filter((line) => line["type"] === "failed").map((line) => line["detail"]);
    expect(failed).toEqual(["effect unknown", "effect none"]);
  });

  it("I5: an abort after the start leaves the outcome unknown", async () => {
    const { leash } = await testLeash(() => "allow");
    const abort = new AbortController();
    const running = leash.guard(
      durable("call-1", {}),
      async (_input, { signal }) => {
        abort.abort();
        signal.throwIfAborted();
      },
      { signal: abort.signal },
    );
    expect(await thrown(running)).toMatchObject({ name: "AbortError" });
    expect(isLeashError(await thrown(leash.guard(durable("call-1", {}), () => "again")), "LEASH_OUTCOME_UNKNOWN")).toBe(
      true,
    );
  });

  it("I5: an abort before the start runs nothing", async () => {
    const { leash, shop } = await testLeash(() => "allow");
    const error = await thrown(leash.guard(durable("call-1", {}), shop.buy, { signal: AbortSignal.abort() }));
    expect(isLeashError(error, "LEASH_ABORTED")).toBe(true);
    expect(shop.orders).toHaveLength(0);
  });
});
