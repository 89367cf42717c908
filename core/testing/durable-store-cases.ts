import assert from "node:assert/strict";
import type { Store } from "../store/store.ts";
import { fakeClock } from "./clock.ts";
import {
  assertCommitted,
  assertConflict,
  create,
  type DurableStoreCase,
  membersOf,
  numbered,
  type OpenStore,
  readChain,
  soon,
  withStore,
} from "./store-harness.ts";

/**
 * What every `Store` that outlives its process must do. `open` gives another handle on the same data each time, as another
 * process or a restart would; the data is empty when a case starts.
 */
export const durableStoreCases: readonly DurableStoreCase[] = [
  {
    name: "I5: has every row and every line after it was closed and opened again, and continues the chain",
    run: async ({ open }) => {
      await withStore(open, async (store) => {
        assertCommitted(
          await store.commit([{ ...create("a"), by: "b", dueAt: 7 }], { stream: "log", records: [numbered(0)] }),
        );
      });
      await withStore(open, async (store) => {
        const row = { kind: "used", id: "a", version: 1, by: "b", dueAt: 7, body: { id: "a" } };
        assert.deepEqual(await store.get("used", "a"), row);
        assert.deepEqual(await store.list("used", { by: "b" }), [row]);
        assertCommitted(await store.commit([], { stream: "log", records: [numbered(1)] }));
        assert.deepEqual(await readChain(store, "log"), ["0", "1"]);
      });
    },
  },
  {
    name: "writes what was committed right before it was closed",
    run: async ({ open }) => {
      const store = await open();
      const committed = Array.from({ length: 20 }, (_, number) => store.commit([create(`${number}`)]));
      await Promise.resolve();
      await store.close();
      (await Promise.all(committed)).forEach(assertCommitted);
      await withStore(open, async (again) => assert.equal((await again.list("used")).length, 20));
    },
  },
  {
    name: "lets two handles see each other's commits, and only one of them win",
    run: ({ open }) =>
      withStore(open, (one) =>
        withStore(open, async (two) => {
          assertCommitted(await one.commit([create("a")], { stream: "log", records: [numbered(0)] }));
          assert.deepEqual((await two.get("used", "a"))?.body, { id: "a" });
          assertCommitted(
            await two.commit([{ ...create("a", 2), expect: 1 }], { stream: "log", records: [numbered(1)] }),
          );
          assertConflict(await one.commit([{ ...create("a", 3), expect: 1 }]), { ...create("a", 3), expect: 1 });
          const results = await Promise.all([one, two].map((store) => store.commit([create("race")])));
          assert.equal(results.filter((result) => result.ok).length, 1);
          assert.deepEqual(await readChain(one, "log"), ["0", "1"]);
          assert.deepEqual(await readChain(two, "log"), ["0", "1"]);
        }),
      ),
  },
  {
    name: "lets two handles write to one stream at the same time without a gap or a fork",
    run: ({ open }) =>
      withStore(open, (one) =>
        withStore(open, async (two) => {
          const both = [one, two];
          const numbers = Array.from({ length: 60 }, (_, number) => number);
          await Promise.all(
            numbers.map(async (number) => {
              await Promise.resolve();
              const store = number % 2 === 0 ? one : two;
              assertCommitted(
                await store.commit([create(`${number}`)], { stream: "log", records: [numbered(number)] }),
              );
            }),
          );
          for (const store of both) {
            const details = await readChain(store, "log");
            assert.deepEqual(
              details.map(Number).sort((a, b) => a - b),
              numbers,
            );
          }
        }),
      ),
  },
  {
    name: "wakes a watch of one handle after a commit of another",
    run: ({ open }) =>
      withStore(open, (one) =>
        withStore(open, async (two) => {
          const { signal } = new AbortController();
          for (let version = 0; version < 5; version += 1) {
            const watched = one.watch("used", "a", version, signal);
            await one.get("used", "a");
            assertCommitted(await two.commit([{ ...create("a", version), expect: version }]));
            await soon(watched);
            assert.equal((await one.get("used", "a"))?.version, version + 1);
          }
        }),
      ),
  },
  {
    name: "A-S9: has a time that does not run backwards when the clock was set back between two processes",
    run: async ({ open }) => {
      const clock = fakeClock(Date.UTC(2026, 0, 2));
      await withStore(open, async (store) => assertCommitted(await store.commit([create("a")])), { clock });
      clock.set(Date.UTC(2026, 0, 1));
      const later = async (store: Awaited<ReturnType<typeof open>>): Promise<void> => {
        assert.equal(store.now(), Date.UTC(2026, 0, 2));
        assertCommitted(await store.commit([], { stream: "log", records: [numbered(0)] }));
        const [line] = await store.lines("log", 0);
        assert.equal(membersOf(line?.line ?? "{}")["ts"], "2026-01-02T00:00:00.000Z");
      };
      await withStore(open, later, { clock });
    },
  },
  {
    name: "never shows one handle a row from its future, though its clock is behind that of another",
    run: ({ open }) =>
      withClocksApart(open, async (behind, ahead) => {
        assertCommitted(await ahead.commit([create("a")]));
        await behind.get("used", "a");
        assert.ok(behind.now() >= Date.UTC(2026, 0, 2), "a row that was read was written before now");
      }),
  },
  {
    name: "A-S9: dates no line before one of another handle, though its clock is behind",
    run: ({ open }) =>
      withClocksApart(open, async (behind, ahead) => {
        assertCommitted(await ahead.commit([create("a")]));
        assertCommitted(await behind.commit([], { stream: "log", records: [numbered(0)] }));
        const [line] = await behind.lines("log", 0);
        assert.equal(membersOf(line?.line ?? "{}")["ts"], "2026-01-02T00:00:00.000Z");
      }),
  },
];

/** Two handles, one of which believes that it is a day earlier. */
function withClocksApart(open: OpenStore, test: (behind: Store, ahead: Store) => Promise<void>): Promise<void> {
  const [earlier, later] = [fakeClock(Date.UTC(2026, 0, 1)), fakeClock(Date.UTC(2026, 0, 2))];
  return withStore(open, (behind) => withStore(open, (ahead) => test(behind, ahead), { clock: later }), {
    clock: earlier,
  });
}
