import assert from "node:assert/strict";
import type { Json } from "../model/json.ts";
import type { Change } from "../store/store.ts";
import {
  assertCommitted,
  assertConflict,
  assertInvalid,
  create,
  numbered,
  type StoreCase,
  withStore,
} from "./store-harness.ts";

/** What every store must do with single rows and lists of them. */
export const rowCases: readonly StoreCase[] = [
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
  {
    name: "lists by ascending UTF-8 bytes of the id, not by UTF-16",
    run: (open) =>
      withStore(open, async (store) => {
        const ids = ["10", "9", "B", "a", "aa", "b", "é", "\ufb01", "𝄞"];
        assertCommitted(await store.commit(ids.toReversed().map((id) => create(id))));
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
        for (let pages = 0; pages < 4; pages += 1) {
          const page = await store.list("used", { by: "even", limit: 4, after: even.at(-1) ?? "" });
          even.push(...page.map((row) => row.id));
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
