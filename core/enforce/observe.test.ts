import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { domainDigest } from "../digest.ts";
import { createLeash } from "../leash.ts";
import type { Json } from "../model/json.ts";
import type { Leash } from "../model/leash.ts";
import type { Mode } from "../model/effect.ts";
import { memoryStore } from "../store/memory.ts";
import type { Store } from "../store/store.ts";

const opened: Leash[] = [];
afterEach(async () => {
  for (const leash of opened.splice(0)) await leash.close();
});

async function open(store: Store, mode: Mode, rules = "default: allow"): Promise<Leash> {
  const leash = await createLeash({ policy: { text: `leash: 1\n${rules}\n` }, store, mode, notify: [] });
  leash.register({ id: "buy" });
  opened.push(leash);
  return leash;
}

const CALL = { tool: "buy", input: { item: "tea" }, scope: "run-1", callId: "call-1" };

const PRICED = { tool: "buy", input: { amount: 500 }, scope: "run-1", callId: "call-1" };
const CAPPED =
  "rules: [{ id: capped, action: buy, effect: compute, compute: { set: { amount: 'min(input.amount, 10)' } } }]";
const NOBODY = { tenant: "default", subject: "default", agent: "agent" };

async function logOf(leash: Leash): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const found: Readonly<Record<string, unknown>>[] = [];
  for await (const line of leash.exportLog()) found.push(JSON.parse(line) as Readonly<Record<string, unknown>>);
  return found;
}

/** Writes everything but how a run ended. */
function dying(store: Store): Store {
  return {
    ...store,
    commit: (changes, append) =>
      append?.records.some(({ payload }) => payload.type === "executed") === true
        ? Promise.reject(new Error("the process is gone"))
        : store.commit(changes, append),
  };
}

const types = async (leash: Leash): Promise<readonly unknown[]> => (await logOf(leash)).map(({ type }) => type);

describe("observe mode", () => {
  it("I2: does not repeat a call that ran while the policy was enforced", async () => {
    const store = memoryStore();
    let ran = 0;
    const run = (): string => `order ${(ran += 1)}`;
    expect(await (await open(store, "enforce")).guard(CALL, run)).toBe("order 1");
    expect(await (await open(store, "observe")).guard(CALL, run)).toBe("order 1");
    expect(await (await open(store, "observe")).guard({ ...CALL, callId: "call-2" }, run)).toBe("order 2");
  });

  // Found by the simulation: the run of 2026-11-26.
  it("I2: does not repeat a call that ran in a form that the policy computed, either", async () => {
    const store = memoryStore();
    let ran = 0;
    const run = (): string => `order ${(ran += 1)}`;
    expect(await (await open(store, "enforce", CAPPED)).guard(PRICED, run)).toBe("order 1");
    expect(await (await open(store, "observe", CAPPED)).guard(PRICED, run)).toBe("order 1");
  });

  it("I12: counts nothing for a call that is not run again", async () => {
    const store = memoryStore();
    const rules = "default: allow\nlimits: [{ id: few, action: buy, window: 1h, max: 5 }]";
    await (await open(store, "enforce", rules)).guard(CALL, () => "bought");
    const before = await store.list("counter");
    const observing = await open(store, "observe", rules);
    expect(await observing.guard(CALL, () => "again")).toBe("bought");
    expect(await (await observing.authorize(CALL)).run(() => "again")).toBe("bought");
    expect(await store.list("counter")).toEqual(before);
  });

  it("I2: does not repeat a call that ran and gave nothing that could be kept, either", async () => {
    const store = memoryStore();
    let ran = 0;
    const run = (): unknown => new Map([["order", (ran += 1)]]);
    await (await open(store, "enforce")).guard(CALL, run);
    const observing = await open(store, "observe");
    for (const again of [() => observing.guard(CALL, run), () => observing.authorize(CALL)])
      await expect(again()).rejects.toMatchObject({ code: "LEASH_DENIED", reasonCode: "already_executed" });
    expect(ran).toBe(1);
  });

  it("I2, I5: does not repeat a call that was cut off while the policy was enforced", async () => {
    const store = memoryStore();
    const enforcing = await open(dying(store), "enforce");
    await expect(enforcing.guard(CALL, () => "bought")).rejects.toMatchObject({ code: "LEASH_OUTCOME_UNKNOWN" });
    await enforcing.close();
    const observing = await open(store, "observe");
    for (const again of [() => observing.guard(CALL, () => "again"), () => observing.authorize(CALL)])
      await expect(again()).rejects.toMatchObject({ code: "LEASH_OUTCOME_UNKNOWN" });
    expect(await observing.guard({ ...CALL, callId: "call-2" }, () => "another")).toBe("another");
  });

  it("I2: waits for a call that runs elsewhere under enforce, and gives what that one gave", async () => {
    const store = memoryStore();
    const enforcing = await open(store, "enforce");
    let finish = (_result: string): void => undefined;
    const result = new Promise<string>((resolve) => (finish = resolve));
    let isRunning = (): void => undefined;
    const running = new Promise<void>((resolve) => (isRunning = resolve));
    const first = enforcing.guard(CALL, () => (isRunning(), result));
    await running;
    const second = (await open(store, "observe")).guard(CALL, () => "again");
    // Time enough to find the call running, or to run it.
    await sleep(30);
    finish("bought");
    expect(await Promise.all([first, second])).toEqual(["bought", "bought"]);
  });

  it("I2 I12: gives leave that does not repeat such a call, once, and refuses no other", async () => {
    const store = memoryStore();
    let ran = 0;
    const run = (): string => `order ${(ran += 1)}`;
    await (await (await open(store, "enforce", CAPPED)).authorize(PRICED)).run(run);
    const observing = await open(store, "observe", CAPPED);
    const again = await observing.authorize(PRICED);
    expect(again).toMatchObject({ mode: "observe", proof: null, input: { amount: 500 } });
    expect([await again.run(run), ran]).toEqual(["order 1", 1]);
    await expect(again.run(run)).rejects.toMatchObject({ reasonCode: "already_executed" });
    for (const other of [
      { ...PRICED, callId: "call-2" },
      { ...PRICED, input: { amount: 1 } },
    ])
      await (await observing.authorize(other)).run(run);
    expect(ran).toBe(3);
  });

  // Found by the simulation: the run of 2026-11-26.
  it("I1: names what ran in the permit and in the record of the run, and what would have run in the decision", async () => {
    const leash = await open(memoryStore(), "observe", CAPPED);
    let digest: unknown;
    await leash.guard(PRICED, (_input, permit) => void ({ digest } = permit));
    const digestOf = (input: Json): string =>
      domainDigest("leashkit/action/1", { v: 1, ...NOBODY, tool: "buy", input });
    const [decided, executed] = (await logOf(leash)).filter(({ type }) => type !== "policy.loaded");
    expect(digest).toBe(digestOf({ amount: 500 }));
    expect(executed).toMatchObject({ type: "executed", digest });
    expect(decided).toMatchObject({ decision: "COMPUTE", effective: "OBSERVED", digest: digestOf({ amount: 10 }) });
  });

  it("does not take a tool that pauses itself for one that failed", async () => {
    const leash = await open(memoryStore(), "observe");
    const paused = new Error("paused");
    const pausing = leash.guard(CALL, () => Promise.reject(paused), { suspends: (thrown) => thrown === paused });
    await expect(pausing).rejects.toBe(paused);
    expect(await types(leash)).toEqual(["policy.loaded", "decided"]);
  });
});
