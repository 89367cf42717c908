import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { fakeClock } from "../testing/clock.ts";
import { faultyStore } from "../testing/faulty-store.ts";
import { memoryStore } from "./memory.ts";
import { sqliteStore } from "./sqlite.ts";
import type { Change, Kind, Row, Store } from "./store.ts";
import { KEPT_MS, relyOn, type Retention, sweep } from "./sweep.ts";

const START = Date.UTC(2026, 0, 1);
const DENIALS: readonly Retention[] = [{ kind: "denial" }];

const folder = mkdtempSync(join(tmpdir(), "leashkit-sweep-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const STORES = [
  { name: "memory", open: async (clock: { now(): number }) => memoryStore({ clock }) },
  {
    name: "sqlite",
    open: (clock: { now(): number }) => sqliteStore({ clock, file: join(folder, `${(files += 1)}.db`) }),
  },
] as const;

function put(id: string, dueAt: number | null, more: { readonly kind?: Kind; readonly expect?: number } = {}): Change {
  return { kind: "denial", id, expect: 0, body: { id }, dueAt, ...more };
}

async function idsOf(store: Store, kind: Kind = "denial"): Promise<readonly string[]> {
  return (await store.list(kind, { limit: 1_000 })).map(({ id }) => id);
}

/** The same store, with something that happens right before a commit. */
function before(store: Store, happens: () => Promise<unknown>): Store {
  let once: (() => Promise<unknown>) | undefined = happens;
  return {
    ...store,
    async commit(changes, append) {
      const now = once;
      once = undefined;
      await now?.();
      return store.commit(changes, append);
    },
  };
}

describe.each(STORES)("a sweep of a $name store", ({ open }) => {
  it("removes what has been due for a day and nothing else", async () => {
    const clock = fakeClock(START);
    const store = await open(clock);
    const due = { over: START - KEPT_MS, early: START - KEPT_MS + 1, now: START, later: START + 1, never: null };
    await store.commit(Object.entries(due).map(([id, at]) => put(id, at)));
    await store.commit([put("other-kind", START - KEPT_MS, { kind: "journal" })]);
    expect(await sweep(store, DENIALS)).toBe(1);
    expect(await idsOf(store)).toEqual(["early", "later", "never", "now"]);
    expect(await idsOf(store, "journal")).toEqual(["other-kind"]);
    clock.advance(1);
    expect(await sweep(store, DENIALS)).toBe(1);
    await store.close();
  });

  it("asks whoever knows whether a row is needed still", async () => {
    const store = await open(fakeClock(START));
    await store.commit([put("needed", 0), put("over", 0)]);
    const isNeeded = async (_store: Store, { id }: Row): Promise<boolean> => id === "needed";
    expect(await sweep(store, [{ kind: "denial", isNeeded }])).toBe(1);
    expect(await idsOf(store)).toEqual(["needed"]);
    await store.close();
  });

  it("takes 500 rows at a time, and goes on behind those that stay, whoever sweeps next", async () => {
    const store = await open(fakeClock(START));
    const rows = Array.from({ length: 1_250 }, (_unused, index) => `${index}`.padStart(4, "0"));
    await store.commit(rows.map((id) => put(id, Number(id) < 600 ? null : 0)));
    const removed: number[] = [];
    for (let run = 0; run < 4; run += 1) removed.push(await sweep(store, DENIALS));
    expect(removed).toEqual([0, 400, 250, 0]);
    expect((await idsOf(store)).length).toBe(600);
    await store.close();
  });

  it("writes nothing where there is nothing to remove", async () => {
    const store = await open(fakeClock(START));
    await store.commit([put("a", START)]);
    expect(await sweep(store, DENIALS)).toBe(0);
    expect(await idsOf(store, "sweep")).toEqual([]);
    await store.close();
  });

  it("leaves a row that was changed since it was read", async () => {
    const store = await open(fakeClock(START));
    await store.commit([put("a", 0), put("b", 0)]);
    const renewed = before(store, () => store.commit([put("a", START, { expect: 1 })]));
    expect(await sweep(renewed, DENIALS)).toBe(0);
    expect(await idsOf(store)).toEqual(["a", "b"]);
    expect(await sweep(store, DENIALS)).toBe(1);
    expect(await idsOf(store)).toEqual(["a"]);
    await store.close();
  });

  it("leaves a row that another sweep removed and somebody made anew, though it has the same version", async () => {
    const store = await open(fakeClock(START));
    await store.commit([put("a", 0)]);
    const late = before(store, async () => {
      expect(await sweep(store, DENIALS)).toBe(1);
      await store.commit([put("a", START)]);
    });
    expect(await sweep(late, DENIALS)).toBe(0);
    expect(await store.get("denial", "a")).toMatchObject({ version: 1, dueAt: START });
    await store.close();
  });

  it("makes whoever relied on a swept row too late, though the row is there again at the same version", async () => {
    const store = await open(fakeClock(START));
    await store.commit([put("a", 0)]);
    const { row, guard } = await relyOn(store, () => store.get("denial", "a"));
    expect(row?.version).toBe(1);
    expect(await sweep(store, DENIALS)).toBe(1);
    await store.commit([put("a", START)]);
    const relying = put("a", START + 1, { expect: 1 });
    expect(await store.commit([relying, ...guard])).toMatchObject({ ok: false });
    expect(await store.get("denial", "a")).toMatchObject({ version: 1, dueAt: START });
    await store.close();
  });

  it("costs whoever relies on a row nothing that no sweep may take soon", async () => {
    const store = await open(fakeClock(START));
    await store.commit([put("fresh", START - KEPT_MS / 2 + 1), put("old", START - KEPT_MS / 2), put("never", null)]);
    const guards = ["fresh", "old", "never", "absent"].map(
      async (id) => (await relyOn(store, () => store.get("denial", id))).guard.length,
    );
    expect(await Promise.all(guards)).toEqual([0, 1, 0, 0]);
    await store.close();
  });

  it("I4: fails where the store fails, and has removed whole rows or none", async () => {
    const store = await open(fakeClock(START));
    await store.commit([put("a", 0)]);
    const failing = faultyStore(store, { failCommit: (n) => (n === 1 ? "before" : undefined) });
    await expect(sweep(failing, DENIALS)).rejects.toMatchObject({ code: "LEASH_STORE_UNAVAILABLE" });
    expect(await idsOf(store)).toEqual(["a"]);
    await store.close();
  });

  it("removes in any number of sweeps at any time just what is over, however rows come and go", async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("put"), id: fc.nat(5), late: fc.integer({ min: -2, max: 4 }) }),
      fc.record({ kind: fc.constant("advance"), quarters: fc.nat(3) }),
      fc.record({ kind: fc.constant("sweep"), count: fc.integer({ min: 1, max: 3 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const clock = fakeClock(START);
        const store = await open(clock);
        const model = new Map<string, number>();
        for (const one of steps) {
          if ("late" in one) {
            const [id, dueAt] = [`row-${one.id}`, clock.now() - (one.late * KEPT_MS) / 4];
            const version = (await store.get("denial", id))?.version ?? 0;
            await store.commit([put(id, dueAt, { expect: version })]);
            model.set(id, dueAt);
          } else if ("quarters" in one) clock.advance((one.quarters * KEPT_MS) / 4);
          else {
            await Promise.all(Array.from({ length: one.count }, () => sweep(store, DENIALS)));
            for (const [id, dueAt] of model) if (clock.now() >= dueAt + KEPT_MS) model.delete(id);
          }
        }
        const rows = await store.list("denial");
        expect(new Map(rows.map(({ id, dueAt }) => [id, dueAt]))).toEqual(model);
        await store.close();
      }),
      { numRuns: 60 },
    );
  });
});
