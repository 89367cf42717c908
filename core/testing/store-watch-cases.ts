import assert from "node:assert/strict";
import type { Store } from "../store/store.ts";
import { assertCommitted, create, soon, type StoreCase, withStore } from "./store-harness.ts";

/** What every store must do for those who wait. */
export const watchCases: readonly StoreCase[] = [
  {
    name: "wakes those who watch a row when it is created, changed and deleted, all of them",
    run: (open) =>
      withStore(open, async (store) => {
        const { signal } = new AbortController();
        for (const [version, body] of [1, 2, null].entries()) {
          const watched = [store.watch("used", "a", version, signal), store.watch("used", "a", version, signal)];
          assertCommitted(await store.commit([{ ...create("a", body), expect: version }]));
          await soon(Promise.all(watched).then(() => undefined));
        }
      }),
  },
  {
    name: "does not miss a change that came before the watch",
    run: (open) =>
      withStore(open, async (store) => {
        const { signal } = new AbortController();
        assertCommitted(await store.commit([create("a")]));
        await soon(store.watch("used", "a", 0, signal));
        await soon(store.watch("used", "absent", 1, signal));
      }),
  },
  {
    name: "does not miss a change that is being committed when the watch starts",
    run: (open) =>
      withStore(open, async (store) => {
        const { signal } = new AbortController();
        for (let version = 0; version < 20; version += 1) {
          const committed = store.commit([{ ...create("a", version), expect: version }]);
          await soon(store.watch("used", "a", version, signal));
          assertCommitted(await committed);
        }
      }),
  },
  {
    name: "keeps waiting through commits of other rows",
    run: (open) =>
      withStore(open, async (store) => {
        const stop = new AbortController();
        let woken = false;
        const watched = store.watch("used", "a", 0, stop.signal).then(() => (woken = true));
        assertCommitted(await store.commit([create("b")]));
        assert.equal(await isPending(store), true);
        assert.equal(woken, false);
        assertCommitted(await store.commit([create("a")]));
        await soon(watched.then(() => undefined));
        stop.abort();
      }),
  },
  {
    name: "ends a watch when its signal aborts, before or while it waits",
    run: (open) =>
      withStore(open, async (store) => {
        await soon(store.watch("used", "a", 0, AbortSignal.abort()));
        const stop = new AbortController();
        const watched = store.watch("used", "a", 0, stop.signal);
        stop.abort();
        await soon(watched);
      }),
  },
  {
    name: "ends a watch when it closes",
    run: async (open) => {
      const store = await open();
      const watched = store.watch("used", "a", 0, new AbortController().signal);
      await store.close();
      await soon(watched);
    },
  },
];

/** Gives the event loop a few turns and the store a reason to look around. */
async function isPending(store: Store): Promise<boolean> {
  for (let turn = 0; turn < 5; turn += 1) await store.get("used", "a");
  return (await store.get("used", "a")) === undefined;
}
