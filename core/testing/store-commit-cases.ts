import assert from "node:assert/strict";
import type { Change, Store } from "../store/store.ts";
import {
  assertCommitted,
  assertConflict,
  assertInvalid,
  create,
  numbered,
  readChain,
  type StoreCase,
  withStore,
} from "./store-harness.ts";

/** What every store must do with commits of several changes, at the same time. */
export const commitCases: readonly StoreCase[] = [
  {
    name: "writes all changes and records of a commit or none, and names the first change that failed",
    run: (open) =>
      withStore(open, async (store) => {
        assertCommitted(await store.commit([create("taken")], { stream: "log", records: [numbered(0)] }));
        const changes = [create("new"), { ...create("absent"), expect: 3 }, create("taken")];
        const refused = await store.commit(changes, { stream: "log", records: [numbered(1)] });
        assertConflict(refused, { ...create("absent"), expect: 3 });
        assert.equal(await store.get("used", "new"), undefined);
        assert.equal((await store.get("used", "taken"))?.version, 1);
        assert.deepEqual(await readChain(store, "log"), ["0"]);
        assertCommitted(await store.commit([create("new")], { stream: "log", records: [numbered(1)] }));
        assert.deepEqual(await readChain(store, "log"), ["0", "1"]);
      }),
  },
  {
    name: "takes an expectation of absence without a body as a condition alone",
    run: (open) =>
      withStore(open, async (store) => {
        assertCommitted(await store.commit([create("absent", null), create("a")]));
        assert.equal(await store.get("used", "absent"), undefined);
        assertConflict(await store.commit([create("a", null), create("b")]), create("a", null));
        assert.equal(await store.get("used", "b"), undefined);
      }),
  },
  {
    name: "keeps every commit of one tick, in order, each seeing those before it",
    run: (open) =>
      withStore(open, async (store) => {
        assert.deepEqual(await store.list("used"), []);
        const steps = Array.from({ length: 50 }, (_, version) => ({ ...create("a", version), expect: version }));
        const results = await Promise.all(
          steps.map((step, index) =>
            store.commit([step, create(`b-${index}`)], { stream: "log", records: [numbered(index)] }),
          ),
        );
        results.forEach(assertCommitted);
        assert.deepEqual([(await store.get("used", "a"))?.version, (await store.get("used", "a"))?.body], [50, 49]);
        assert.equal((await store.list("used")).length, 51);
        assert.deepEqual(
          await readChain(store, "log"),
          steps.map((_, index) => `${index}`),
        );
      }),
  },
  {
    name: "lists a row that was made and changed in one tick",
    run: (open) =>
      withStore(open, async (store) => {
        assert.deepEqual(await store.list("used"), []);
        const steps = [create("a", 1), { ...create("a", 2), expect: 1 }];
        (await Promise.all(steps.map((step) => store.commit([step])))).forEach(assertCommitted);
        assert.deepEqual(
          (await store.list("used")).map(({ id, version, body }) => [id, version, body]),
          [["a", 2, 2]],
        );
      }),
  },
  {
    name: "refuses only the one of two commits in one tick that conflicts",
    run: (open) =>
      withStore(open, async (store) => {
        const [first, second, third] = await Promise.all([
          store.commit([create("a", 1)], { stream: "log", records: [numbered(1)] }),
          store.commit([create("b", 2), create("a", 2)], { stream: "log", records: [numbered(2)] }),
          store.commit([create("c", 3)], { stream: "log", records: [numbered(3)] }),
        ]);
        assertCommitted(first);
        assertConflict(second, create("a", 2));
        assertCommitted(third);
        assert.equal(await store.get("used", "b"), undefined);
        assert.deepEqual(await readChain(store, "log"), ["1", "3"]);
      }),
  },
  {
    name: "loses none of 200 concurrent increments by read, compare-and-set and retry",
    run: (open) =>
      withStore(open, async (store) => {
        await Promise.all(Array.from({ length: 200 }, () => increment(store)));
        const row = await store.get("used", "counter");
        assert.deepEqual([row?.version, row?.body], [200, 200]);
      }),
  },
  {
    name: "refuses what it could not give back: a row twice in a commit, empty or malformed ids, wrong versions",
    run: (open) =>
      withStore(open, async (store) => {
        const bad: readonly (readonly Change[])[] = [
          [create("twice"), { ...create("twice"), expect: 1 }],
          [create("")],
          [create("nul\0")],
          [create("lone\ud800")],
          [{ ...create("a"), by: "nul\0" }],
          [{ ...create("a"), expect: -1 }],
          [{ ...create("a"), expect: 0.5 }],
          [{ ...create("a"), dueAt: Number.NaN }],
        ];
        for (const changes of bad) await assertInvalid(store.commit([create("good"), ...changes]));
        assert.equal(await store.get("used", "good"), undefined);
      }),
  },
];

async function increment(store: Store): Promise<void> {
  for (;;) {
    const row = await store.get("used", "counter");
    const version = row?.version ?? 0;
    const result = await store.commit([{ ...create("counter", Number(row?.body ?? 0) + 1), expect: version }]);
    if (result.ok) return;
  }
}
