import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createLeash } from "../leash.ts";
import { fakeClock } from "../testing/clock.ts";
import { faultyStore } from "../testing/faulty-store.ts";
import { scriptedPolicy } from "../testing/scripted-policy.ts";
import { memoryStore } from "./memory.ts";
import type { Store } from "./store.ts";
import { keepSwept } from "./sweeper.ts";

const MINUTE = 60_000;
const DENIALS = [{ kind: "denial" }] as const;

/** Lets everything that waits for nothing but promises come to its end. */
const settled = async (): Promise<void> => {
  for (let turns = 0; turns < 5; turns += 1) await turn();
};

const addOver = (store: Store, id: string) => store.commit([{ kind: "denial", id, expect: 0, body: {}, dueAt: 0 }]);
const left = async (store: Store) => (await store.list("denial")).length;

beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] }));
afterEach(() => void vi.useRealTimers());

describe("a sweeper", () => {
  it("sweeps at once, then every five minutes, until it is stopped", async () => {
    const store = memoryStore({ clock: fakeClock() });
    await addOver(store, "a");
    const sweeper = keepSwept(store, DENIALS);
    await settled();
    expect(await left(store)).toBe(0);
    await addOver(store, "b");
    await vi.advanceTimersByTimeAsync(5 * MINUTE - 1);
    await settled();
    expect(await left(store)).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    await settled();
    expect(await left(store)).toBe(0);
    await addOver(store, "c");
    await sweeper.stop();
    await vi.advanceTimersByTimeAsync(60 * MINUTE);
    await settled();
    expect(await left(store)).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("waits when it is stopped for the sweep that is under way, and begins none while one is", async () => {
    const inner = memoryStore({ clock: fakeClock() });
    await addOver(inner, "a");
    let go = (): void => undefined;
    let lists = 0;
    const opened = new Promise<void>((resolve) => (go = resolve));
    const store: Store = {
      ...inner,
      list: async (kind, query) => ((lists += 1), await opened, inner.list(kind, query)),
    };
    const sweeper = keepSwept(store, DENIALS);
    await vi.advanceTimersByTimeAsync(20 * MINUTE);
    await settled();
    expect(lists).toBe(1);
    let stopped = false;
    const stopping = sweeper.stop().then(() => (stopped = true));
    await settled();
    expect(stopped).toBe(false);
    go();
    await stopping;
    expect(await left(inner)).toBe(0);
  });

  it("tries again after a sweep that failed, and tells nobody", async () => {
    const inner = memoryStore({ clock: fakeClock() });
    await addOver(inner, "a");
    const sweeper = keepSwept(faultyStore(inner, { failList: (n) => n === 1 }), DENIALS);
    await settled();
    expect(await left(inner)).toBe(1);
    await vi.advanceTimersByTimeAsync(5 * MINUTE);
    await settled();
    expect(await left(inner)).toBe(0);
    await sweeper.stop();
  });
});

describe("a leash", () => {
  it("sweeps its store when it is opened, and no more once it is closed", async () => {
    const store = memoryStore();
    await addOver(store, "a");
    const leash = await createLeash({ policy: scriptedPolicy(() => "allow"), store, notify: [] });
    await expect.poll(() => left(store)).toBe(0);
    await leash.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("works as ever where every sweep fails", async () => {
    const inner = memoryStore();
    await addOver(inner, "a");
    const store: Store = { ...inner, list: () => Promise.reject(new Error("no list today")) };
    const leash = await createLeash({ policy: scriptedPolicy(() => "allow"), store, notify: [] });
    leash.register({ id: "buy" });
    expect(await leash.guard({ tool: "buy", input: {} }, () => "bought")).toBe("bought");
    await leash.close();
    expect(await left(inner)).toBe(1);
  });
});
