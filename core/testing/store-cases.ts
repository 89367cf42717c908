import assert from "node:assert/strict";
import { isLeashError } from "../errors.ts";
import type { Json } from "../model/json.ts";
import type { Change, Store } from "../store/store.ts";
import { fakeClock } from "./clock.ts";
import {
  assertCommitted,
  assertConflict,
  assertUnavailable,
  create,
  membersOf,
  numbered,
  readChain,
  type StoreCase,
  withStore,
} from "./store-harness.ts";
import { watchCases } from "./store-watch-cases.ts";

const rowCases: readonly StoreCase[] = [
  {
    name: "gives undefined for a row that is absent",
    run: (open) => withStore(open, async (store) => assert.equal(await store.get("used", "absent"), undefined)),
  },
  {
    name: "creates, changes, deletes and re-creates a row by compare-and-set",
    run: (open) =>
      withStore(open, async (store) => {
        const step = (expect: number, body: Json | null): Change => ({ kind: "used", id: "a", expect, body });
        assertConflict(await store.commit([step(1, "early")]), step(1, "early"));
        assertCommitted(await store.commit([step(0, "first")]));
        assert.equal((await store.get("used", "a"))?.version, 1);
        assertConflict(await store.commit([step(0, "again")]), step(0, "again"));
        assertCommitted(await store.commit([step(1, "second")]));
        const row = { kind: "used", id: "a", version: 2, by: null, dueAt: null, body: "second" };
        assert.deepEqual(await store.get("used", "a"), row);
        assertConflict(await store.commit([step(1, "stale")]), step(1, "stale"));
        assertConflict(await store.commit([step(1, null)]), step(1, null));
        assert.deepEqual(await store.get("used", "a"), row);
        assertCommitted(await store.commit([step(2, null)]));
        assert.equal(await store.get("used", "a"), undefined);
        assertConflict(await store.commit([step(2, "gone")]), step(2, "gone"));
        assertCommitted(await store.commit([step(0, "new")]));
        assert.equal((await store.get("used", "a"))?.version, 1);
      }),
  },
  {
    name: "keeps rows of two kinds with one id apart",
    run: (open) =>
      withStore(open, async (store) => {
        assertCommitted(await store.commit([create("a"), { kind: "blob", id: "a", expect: 0, body: "blob" }]));
        assert.equal((await store.get("blob", "a"))?.body, "blob");
        assert.deepEqual((await store.get("used", "a"))?.body, { id: "a" });
      }),
  },
  {
    name: "keeps the secondary key and the due time, and replaces both with the row",
    run: (open) =>
      withStore(open, async (store) => {
        const dueAt = Date.UTC(2100, 0, 1);
        assertCommitted(await store.commit([{ ...create("a"), by: "agent", dueAt }]));
        const first = await store.get("used", "a");
        assert.deepEqual([first?.by, first?.dueAt], ["agent", dueAt]);
        assertCommitted(await store.commit([{ ...create("a"), expect: 1 }]));
        const second = await store.get("used", "a");
        assert.deepEqual([second?.by, second?.dueAt], [null, null]);
      }),
  },
  {
    name: "gives bodies back exactly",
    run: (open) =>
      withStore(open, async (store) => {
        const bodies: readonly Json[] = [
          "", false, 0, -1.5e-7, Number.MAX_SAFE_INTEGER, [], {}, [null],
          "é𝄞\u0000\u2028\u202e\"\\\n", "\ud800", { "": { "1": [{ ключ: "مفتاح" }], "0": [[[]]] } }, "x".repeat(1_000_000),
        ]; // prettier-ignore
        assertCommitted(await store.commit(bodies.map((body, index) => create(`body-${index}`, body))));
        for (const [index, body] of bodies.entries()) {
          assert.deepEqual((await store.get("used", `body-${index}`))?.body, body);
        }
      }),
  },
  {
    name: "is not changed by what a caller does to a body after the commit was called",
    run: (open) =>
      withStore(open, async (store) => {
        const body = { amount: 1, list: ["a"] };
        const committed = store.commit([create("a", body)]);
        body.amount = 1_000;
        body.list.push("b");
        assertCommitted(await committed);
        assert.deepEqual((await store.get("used", "a"))?.body, { amount: 1, list: ["a"] });
      }),
  },
  {
    name: "hands out rows that share nothing with the store",
    run: (open) =>
      withStore(open, async (store) => {
        assertCommitted(await store.commit([create("a", { list: ["a"] })]));
        for (const row of [await store.get("used", "a"), ...(await store.list("used"))]) {
          assert.ok(row !== undefined);
          Object.assign(row, { version: 9 });
          Object.assign(Object(row.body), { list: [] });
        }
        const row = await store.get("used", "a");
        assert.deepEqual([row?.version, row?.body], [1, { list: ["a"] }]);
      }),
  },
];

const commitCases: readonly StoreCase[] = [
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
        const steps = Array.from({ length: 50 }, (_, version) => ({ ...create("a", version), expect: version }));
        const results = await Promise.all(
          steps.map((step, index) =>
            store.commit([step, create(`b-${index}`)], { stream: "log", records: [numbered(index)] }),
          ),
        );
        results.forEach(assertCommitted);
        assert.deepEqual([(await store.get("used", "a"))?.version, (await store.get("used", "a"))?.body], [50, 49]);
        assert.deepEqual(
          await readChain(store, "log"),
          steps.map((_, index) => `${index}`),
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

const listCases: readonly StoreCase[] = [
  {
    name: "lists by ascending UTF-8 bytes of the id, not by UTF-16",
    run: (open) =>
      withStore(open, async (store) => {
        const ids = ["10", "9", "B", "a", "aa", "b", "é", "\ufb01", "𝄞"];
        assertCommitted(await store.commit([...ids].reverse().map((id) => create(id))));
        assert.deepEqual(
          (await store.list("used")).map((row) => row.id),
          ids,
        );
        assert.deepEqual(
          (await store.list("used", { after: "\ufb01" })).map((row) => row.id),
          ["𝄞"],
        );
        assert.deepEqual(
          (await store.list("used", { after: "a0" })).map((row) => row.id),
          ids.slice(4),
        );
      }),
  },
  {
    name: "lists by secondary key, page by page, as the rows are now",
    run: (open) =>
      withStore(open, async (store) => {
        const ids = Array.from({ length: 25 }, (_, index) => `id-${String(index).padStart(2, "0")}`);
        assertCommitted(
          await store.commit(ids.map((id, index) => ({ ...create(id), by: index % 2 === 0 ? "even" : "odd" }))),
        );
        assertCommitted(
          await store.commit([
            { ...create("id-02"), expect: 1, by: "odd" },
            { ...create("id-04", null), expect: 1 },
          ]),
        );
        const even: string[] = [];
        for (let page = await store.list("used", { by: "even", limit: 4 }); page.length > 0;) {
          even.push(...page.map((row) => row.id));
          page = await store.list("used", { by: "even", limit: 4, after: even.at(-1) ?? "" });
        }
        assert.deepEqual(
          even,
          ids.filter((_, index) => index % 2 === 0 && index !== 2 && index !== 4),
        );
        assert.deepEqual(await store.list("blob"), []);
        assert.deepEqual(await store.list("used", { by: "neither" }), []);
      }),
  },
  {
    name: "lists 100 rows unless asked for up to 1,000, and refuses any other limit",
    run: (open) =>
      withStore(open, async (store) => {
        const numbers = Array.from({ length: 1_001 }, (_, index) => index);
        const records = numbers.map(numbered);
        assertCommitted(
          await store.commit(
            numbers.map((number) => create(`${number}`)),
            { stream: "log", records },
          ),
        );
        assert.equal((await store.list("used")).length, 100);
        assert.equal((await store.list("used", { limit: 1_000 })).length, 1_000);
        assert.equal((await store.lines("log", 0)).length, 100);
        assert.equal((await store.lines("log", 0, 1_000)).length, 1_000);
        for (const limit of [0, -1, 1.5, 1_001, Number.NaN]) {
          await assertInvalid(store.list("used", { limit }));
          await assertInvalid(store.lines("log", 0, limit));
        }
      }),
  },
];

const logCases: readonly StoreCase[] = [
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
    name: "has a time that follows the clock forwards and never backwards",
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

/**
 * What every `Store` must do. Runner-agnostic: each case throws an `AssertionError` when the store does not.
 * @example
 * for (const storeCase of storeCases) it(storeCase.name, () => storeCase.run(async (options) => memoryStore(options)));
 */
export const storeCases: readonly StoreCase[] = [...rowCases, ...commitCases, ...listCases, ...logCases, ...watchCases];

async function increment(store: Store): Promise<void> {
  for (;;) {
    const row = await store.get("used", "counter");
    const version = row?.version ?? 0;
    const result = await store.commit([{ ...create("counter", Number(row?.body ?? 0) + 1), expect: version }]);
    if (result.ok) return;
  }
}

async function assertInvalid(work: Promise<unknown>): Promise<void> {
  await assert.rejects(work, (error) => isLeashError(error, "LEASH_INPUT_INVALID"));
}
