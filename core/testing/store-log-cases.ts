import assert from "node:assert/strict";
import type { Store } from "../store/store.ts";
import { fakeClock } from "./clock.ts";
import {
  assertCommitted,
  assertInvalid,
  assertUnavailable,
  create,
  membersOf,
  numbered,
  readChain,
  type StoreCase,
  withStore,
} from "./store-harness.ts";

/** What every store must do with its log, its time and its end. */
export const logCases: readonly StoreCase[] = [
  {
    name: "chains the records of each stream by itself, and lists streams and lines in order",
    run: (open) =>
      withStore(open, async (store) => {
        assert.deepEqual(await store.streams(), []);
        assert.deepEqual(await store.lines("b", 0), []);
        assertCommitted(await store.commit([], { stream: "b", records: [numbered(0), numbered(1)] }));
        assertCommitted(await store.commit([], { stream: 'a"é', records: [numbered(0)] }));
        assertCommitted(await store.commit([create("x")], { stream: "b", records: [numbered(2)] }));
        assert.deepEqual(await store.streams(), ['a"é', "b"]);
        assert.deepEqual(await readChain(store, 'a"é'), ["0"]);
        assert.deepEqual(await readChain(store, "b"), ["0", "1", "2"]);
        const page = await store.lines("b", 1, 1);
        assert.deepEqual(
          page.map((line) => [line.stream, line.seq]),
          [["b", 1]],
        );
      }),
  },
  {
    name: "dates lines with its own time",
    run: async (open) => {
      const clock = fakeClock(Date.UTC(2026, 6, 4, 12));
      const date = async (store: Store): Promise<void> => {
        assertCommitted(await store.commit([], { stream: "log", records: [numbered(0)] }));
        const [line] = await store.lines("log", 0);
        assert.equal(membersOf(line?.line ?? "{}")["ts"], "2026-07-04T12:00:00.000Z");
      };
      await withStore(open, date, { clock });
    },
  },
  {
    name: "refuses a record with an unknown member, with everything in its commit",
    run: (open) =>
      withStore(open, async (store) => {
        const { payload, envelope } = numbered(0);
        const strange = { payload: { ...payload, surprise: "x" }, envelope };
        await assertInvalid(store.commit([create("a")], { stream: "log", records: [numbered(0), strange] }));
        assert.deepEqual([await store.get("used", "a"), await store.streams()], [undefined, []]);
      }),
  },
  {
    name: "A-S9: has a time that follows the clock forwards and never backwards",
    run: async (open) => {
      const clock = fakeClock(1_000_000);
      const follow = async (store: Store): Promise<void> => {
        assert.equal(store.now(), 1_000_000);
        clock.advance(500);
        assert.equal(store.now(), 1_000_500);
        clock.set(0);
        assert.equal(store.now(), 1_000_500);
      };
      await withStore(open, follow, { clock });
    },
  },
  {
    name: "I4: answers nothing after it was closed, and closes twice without harm",
    run: async (open) => {
      const store = await open();
      await store.close();
      await store.close();
      await assertUnavailable(store.get("used", "a"));
      await assertUnavailable(store.list("used"));
      await assertUnavailable(store.commit([create("a")]));
      await assertUnavailable(store.commit([]));
      await assertUnavailable(store.watch("used", "a", 0, new AbortController().signal));
      await assertUnavailable(store.streams());
      await assertUnavailable(store.lines("log", 0));
    },
  },
];
