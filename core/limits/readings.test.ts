import { describe, expect, it } from "vitest";
import { memoryStore } from "../store/memory.ts";
import { KEPT_MS, sweep } from "../store/sweep.ts";
import { fakeClock } from "../testing/clock.ts";
import { createReadings, release } from "./readings.ts";
import { COUNTER_RETENTION, type Ledger, readCounter } from "./rows.ts";

const DAY = 86_400_000;
const ROLLING = { lengthMs: 3 * DAY, fixed: false };
const FIXED = { lengthMs: DAY, fixed: true };

function scene() {
  const clock = fakeClock(Date.UTC(2026, 0, 1));
  const store = memoryStore({ clock });
  const ledger: Ledger = { store, tenant: "default", mode: "enforce" };
  /** Reads the counters, and gives what a call charges them with later. */
  async function reading(window = ROLLING, ...counters: readonly string[]) {
    const readings = createReadings(ledger, store.now());
    const keys = counters.length === 0 ? ["daily"] : counters;
    for (const key of keys) await readings.read({ kind: "counter", key, window });
    return () => readings.reserve(keys.map((counter) => ({ counter, amount: 7, window })));
  }
  const charge = async (window = ROLLING) => store.commit((await reading(window))().changes);
  const used = (window = ROLLING) =>
    createReadings(ledger, store.now()).read({ kind: "counter", key: "daily", window });
  return { clock, store, ledger, reading, charge, used, sweep: () => sweep(store, [COUNTER_RETENTION]) };
}

describe("a counter that sweeps may take", () => {
  it.each([
    ["rolling", ROLLING, 3 * DAY],
    ["fixed", FIXED, 0],
  ])("I7: stays with a %s window for a day after nothing of it counts any more", async (_name, window, lasts) => {
    const { charge, clock, store, sweep: run } = scene();
    await charge(window);
    const end = (await store.list("counter"))[0]?.dueAt ?? 0;
    expect(end).toBeGreaterThan(store.now() + lasts);
    clock.set(end + KEPT_MS - 1);
    expect(await run()).toBe(0);
    clock.advance(1);
    expect(await run()).toBe(1);
  });

  it("I7: is due no sooner because another policy counts there with a shorter window", async () => {
    const { charge, store } = scene();
    await charge(ROLLING);
    const [before] = await store.list("counter");
    await charge({ lengthMs: 60_000, fixed: true });
    expect((await store.list("counter"))[0]?.dueAt).toBe(before?.dueAt);
  });

  it("I7: loses nothing where it is swept and made anew while a call is about to charge it", async () => {
    const { charge, clock, reading, store, sweep: run, used } = scene();
    await charge();
    clock.advance(10 * DAY);
    const late = await reading();
    expect(await run()).toBe(1);
    await charge();
    expect(await store.commit(late().changes)).toMatchObject({ ok: false });
    expect(await used()).toBe(7);
  });

  it("I7: stands for several counters by the reading that was made first", async () => {
    const { clock, ledger, reading, store, sweep: run } = scene();
    for (const key of ["a", "b"]) await store.commit((await reading(ROLLING, key))().changes);
    clock.advance(10 * DAY);
    const readings = createReadings(ledger, store.now());
    await readings.read({ kind: "counter", key: "a", window: ROLLING });
    await store.commit([{ kind: "denial", id: "x", expect: 0, body: {}, dueAt: 0 }]);
    expect(await sweep(store, [{ kind: "denial" }])).toBe(1);
    await readings.read({ kind: "counter", key: "b", window: ROLLING });
    const charges = ["a", "b"].map((counter) => ({ counter, amount: 1, window: ROLLING }));
    expect(await store.commit(readings.reserve(charges).changes)).toMatchObject({ ok: false });
    expect(await run()).toBe(2);
  });

  it("costs nothing more while it counts", async () => {
    const { charge, reading } = scene();
    await charge();
    expect((await reading())().changes).toHaveLength(1);
  });

  it("is not made anew by what a call gives back that had reserved there", async () => {
    const { clock, ledger, reading, store, sweep: run } = scene();
    const { changes, reservations } = (await reading())();
    await store.commit(changes);
    clock.advance(10 * DAY);
    expect(await release(ledger, reservations)).toEqual({ changes: [], given: [] });
    await run();
    expect(await release(ledger, reservations)).toEqual({ changes: [], given: [] });
    expect((await readCounter(ledger, "daily")).version).toBe(0);
  });
});
