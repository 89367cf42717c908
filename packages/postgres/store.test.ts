import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { type AuditRecord, type Change, createLeash, type Store } from "@leashkit/core";
import { fakeClock, scriptedPolicy } from "@leashkit/core/testing";
import { Pool } from "pg";
import { afterAll, afterEach, beforeEach, describe, expect, inject, it, vi } from "vitest";
import { channelOf } from "./channel.ts";
import { postgresStore, type PostgresPool, type PostgresQuery } from "./index.ts";
import { SCHEMA_VERSION } from "./schema.ts";
import { freshSchema, PASSWORD, PREFIX, sharedServer } from "./server.fixture.ts";

const server = sharedServer(inject("postgres"));
if (server === undefined)
  console.info("Skipped for want of a server: what the PostgreSQL store does beside the contract");
const connectionString = server?.connectionString ?? "";
const query = async (text: string) => (await server?.query(text)) ?? [];
const isOurs = server?.isOurs === true;
if (!isOurs) console.info("Skipped on a server that is not ours: what needs new roles and databases");
const unavailable = { code: "LEASH_STORE_UNAVAILABLE" };
const { signal: never } = new AbortController();

let schema = "";
const opened: Store[] = [];

beforeEach(() => {
  schema = freshSchema();
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
});

afterAll(() => server?.stop());

async function open(options: { readonly schema?: string; readonly clock?: ReturnType<typeof fakeClock> } = {}) {
  const store = await postgresStore({ connectionString, schema, ...options });
  opened.push(store);
  return store;
}

/** The schema as it stands in SQL. */
const quoted = (name = schema): string => `"${name.replaceAll('"', '""')}"`;

function create(id: string, body: Change["body"] = { id }): Change {
  return { kind: "used", id, expect: 0, body };
}

function numbered(number: number): AuditRecord {
  return {
    payload: { type: "decided", tenant: "tenant", actor_type: "agent", actor_id: "agent", detail: `${number}` },
    envelope: {},
  };
}

/** A pool that lets somebody else write before each of the store's writes; each of them takes three seconds. */
function comingFirst(pool: Pool) {
  let tries = 0;
  let racing = false;
  const beaten = async (given: PostgresQuery) => {
    if (racing && given.text.includes("all_or_nothing")) {
      tries += 1;
      // Seen by the write in time, and too late.
      await pool.query(`UPDATE ${quoted()}.clock SET latest_time = latest_time + 10000`);
      if (tries % 2 === 0) await pool.query("SELECT 1 / 0 AS all_or_nothing");
    }
    return pool.query<object>(given);
  };
  return {
    pool: Object.create(pool, { query: { value: beaten } }) as PostgresPool,
    waited: (): number => tries * 3_000,
    async during<Result>(work: () => Promise<Result>): Promise<Result> {
      const real = performance.now.bind(performance);
      const clock = vi.spyOn(performance, "now").mockImplementation(() => real() + tries * 3_000);
      racing = true;
      try {
        return await work();
      } finally {
        racing = false;
        clock.mockRestore();
      }
    },
  };
}

async function details(store: Store, stream = "log"): Promise<readonly unknown[]> {
  const lines = await store.lines(stream, 0);
  return lines.map(({ line, seq }) => {
    const record = JSON.parse(line) as Readonly<Record<string, unknown>>;
    expect(record["seq"]).toBe(seq);
    return Number(record["detail"]);
  });
}

describe.skipIf(server === undefined)("postgresStore, how it writes", () => {
  it("writes commits in flight in one transaction, and refuses of them only what conflicts", async () => {
    const store = await open();
    await store.commit([create("taken")]);
    const commits = Array.from({ length: 64 }, (_, number) => {
      const changes = number === 30 ? [create("not written"), create("taken")] : [create(`${number}`)];
      return store.commit(changes, { stream: "log", records: [numbered(number)] });
    });
    const results = await Promise.all(commits);
    expect(results.filter(({ ok }) => !ok)).toEqual([{ ok: false, conflict: create("taken") }]);
    const [count] = await query(
      `SELECT count(DISTINCT xmin::text)::int AS transactions, count(*)::int AS rows FROM ${quoted()}.rows WHERE id <> 'taken'`,
    );
    expect(count).toEqual({ transactions: 1, rows: 63 });
    expect(await details(store)).toEqual(
      Array.from({ length: 64 }, (_, number) => number).filter((number) => number !== 30),
    );
  });

  it("writes of two commits that each demand the absence of what the other creates only one, also at the same time", async () => {
    const [one, two] = [await open(), await open()];
    for (let round = 0; round < 25; round += 1) {
      const [a, b] = [`a${round}`, `b${round}`];
      const results = await Promise.all([
        one.commit([create(a, null), create(b)]),
        two.commit([create(b, null), create(a)]),
      ]);
      expect(results.filter(({ ok }) => ok)).toHaveLength(1);
      expect([await one.get("used", a), await one.get("used", b)].filter((row) => row !== undefined)).toHaveLength(1);
    }
    await Promise.all(opened.splice(0).map((store) => store.close()));
    expect(await query(`SELECT id FROM ${quoted()}.rows WHERE version = 0`)).toEqual([]);
  });

  it("loses nothing where two handles create, change and delete the same rows at the same time", async () => {
    const handles = [await open(), await open(), await open()];
    let won = 0;
    await Promise.all(
      handles.map(async (store) => {
        for (let round = 0; round < 40; round += 1) {
          const row = await store.get("used", "hot");
          const body = row === undefined || round % 3 > 0 ? round : null;
          const change = { kind: "used", id: "hot", expect: row?.version ?? 0, body } as const;
          const { ok } = await store.commit([change], { stream: "log", records: [numbered(round)] });
          if (ok) won += 1;
        }
      }),
    );
    expect(won).toBeGreaterThanOrEqual(40);
    const lines = await handles[0]?.lines("log", 0, 1_000);
    expect(lines?.map(({ seq }) => seq)).toEqual(Array.from({ length: won }, (_, seq) => seq));
  });

  it("keeps to what it promises where the database's defaults are the strictest", async () => {
    const pool = new Pool({ connectionString, options: "-c default_transaction_isolation=serializable" });
    const strict = await postgresStore({ pool, schema });
    const other = await open();
    const numbers = Array.from({ length: 40 }, (_, number) => number);
    await Promise.all(
      numbers.map(async (number) => {
        const store = number % 2 === 0 ? strict : other;
        await store.commit([create(`${number}`)], { stream: "log", records: [numbered(number)] });
      }),
    );
    expect(new Set(await details(strict))).toEqual(new Set(numbers));
    await strict.close();
    await pool.end();
  });

  it("goes on from where the server's log ends, should that have lost what this process wrote (a failover)", async () => {
    const store = await open();
    for (const number of [0, 1, 2])
      await store.commit([create(`${number}`)], { stream: "log", records: [numbered(number)] });
    await query(`DELETE FROM ${quoted()}.log WHERE seq > 0`);
    await store.commit([create("3")], { stream: "log", records: [numbered(3)] });
    expect(await details(store)).toEqual([0, 3]);
    const [first, second] = await store.lines("log", 0);
    expect(second?.line).toContain(`"prev":"${first?.line.slice(-66, -2)}"`);
  });

  it("I4: writes nothing behind a last line without a hash", async () => {
    const store = await open();
    await store.commit([create("a")], { stream: "log", records: [numbered(0)] });
    await query(`UPDATE ${quoted()}.log SET line = 'cut'`);
    await expect(store.commit([create("b")], { stream: "log", records: [numbered(1)] })).rejects.toMatchObject(
      unavailable,
    );
    expect(await store.get("used", "b")).toBeUndefined();
    expect(await store.lines("log", 0)).toHaveLength(1);
  });

  it("I4: refuses a row whose body is not JSON, and still reads others", async () => {
    const store = await open();
    await store.commit([create("good"), create("bad")]);
    await query(`UPDATE ${quoted()}.rows SET body = '{"half' WHERE id = 'bad'`);
    const [good, bad] = await Promise.allSettled([store.get("used", "good"), store.get("used", "bad")]);
    expect(good).toMatchObject({ status: "fulfilled", value: { version: 1 } });
    expect(bad).toMatchObject({ status: "rejected", reason: unavailable });
    await expect(store.list("used")).rejects.toMatchObject(unavailable);
  });

  it("says that no row has an id, a key or a stream's name that none can have", async () => {
    const store = await open();
    await store.commit([{ ...create("\ufffd"), by: "\ufffd" }, create("a")]);
    for (const strange of ["", "nul\0", "\ud800"]) {
      expect(await store.get("used", strange)).toBeUndefined();
      expect(await store.list("used", { by: strange })).toEqual([]);
      expect(await store.lines(strange, 0)).toEqual([]);
      await store.watch("used", strange, 1, never);
    }
    expect((await store.list("used", { after: "a\0b" })).map(({ id }) => id)).toEqual(["\ufffd"]);
    const stop = new AbortController();
    const waiting = [store.watch("used", "nul\0", 0, stop.signal), store.watch("used", "b", 0, never)];
    await store.commit([create("b")]);
    await waiting[1];
    stop.abort();
    await waiting[0];
  });

  it("refuses keys that the index cannot hold, before they harm the commits beside them", async () => {
    const store = await open();
    const random = Array.from({ length: 2_400 }, (_, index) =>
      String.fromCharCode(33 + ((index * index * 7) % 90)),
    ).join("");
    const beside = store.commit([create("beside")]);
    const refusal = { code: "LEASH_INPUT_INVALID" };
    await expect(store.commit([create("é".repeat(1_251))])).rejects.toMatchObject(refusal);
    await expect(store.commit([{ ...create("a"), by: "x".repeat(2_500) }])).rejects.toMatchObject(refusal);
    await expect(store.commit([], { stream: "x".repeat(2_501), records: [numbered(0)] })).rejects.toMatchObject(
      refusal,
    );
    expect(await beside).toEqual({ ok: true });
    expect(await store.commit([{ ...create(random), by: "y".repeat(100) }])).toEqual({ ok: true });
    expect(await store.get("used", random)).toMatchObject({ version: 1 });
  });

  it("A-S9: shares the latest time with handles whose clocks are behind", async () => {
    const [day1, day2] = [Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 2)];
    const behind = await open({ clock: fakeClock(day1) });
    const ahead = await open({ clock: fakeClock(day2) });
    await ahead.commit([create("a")]);
    expect(behind.now()).toBe(day1);
    expect(await behind.list("used")).toHaveLength(1);
    expect(behind.now()).toBe(day2);
  });
});

describe.skipIf(server === undefined)("postgresStore, how it opens", () => {
  it("makes its tables once, however many open it at the same time", async () => {
    const stores = await Promise.all(Array.from({ length: 10 }, () => open()));
    await Promise.all(stores.map((store, index) => store.commit([create(`${index}`)])));
    expect(await stores[0]?.list("used")).toHaveLength(10);
    expect(await query(`SELECT value::int AS value FROM ${quoted()}.meta`)).toEqual([{ value: SCHEMA_VERSION }]);
  });

  it("I4: does not open tables of a newer release or of another program, and leaves them as they are", async () => {
    await open();
    await query(`UPDATE ${quoted()}.meta SET value = 99`);
    await expect(open()).rejects.toMatchObject({
      ...unavailable,
      message: expect.stringContaining(
        `has schema version 99 and this release of Leashkit reads up to version ${SCHEMA_VERSION} only`,
      ),
    });
    await query(`DELETE FROM ${quoted()}.meta`);
    await expect(open()).rejects.toMatchObject({ ...unavailable, message: expect.stringContaining("another program") });
    schema = freshSchema();
    await query(`CREATE SCHEMA ${quoted()}; CREATE TABLE ${quoted()}.rows (id text)`);
    await expect(open()).rejects.toMatchObject({ ...unavailable, message: expect.stringContaining("another program") });
    expect(await query(`SELECT FROM pg_tables WHERE schemaname = '${schema}'`)).toHaveLength(1);
  });

  it("takes any name of a schema for what it is", async () => {
    const evil = `${PREFIX}"; DROP SCHEMA public CASCADE; --`;
    const store = await open({ schema: evil });
    await store.commit([create("a")], { stream: "log", records: [numbered(0)] });
    expect(await query(`SELECT id FROM ${quoted(evil)}.rows`)).toEqual([{ id: "a" }]);
    expect(await query("SELECT FROM pg_namespace WHERE nspname = 'public'")).toHaveLength(1);
    for (const name of ["", "a\0b", "x".repeat(64), "pg_catalog", "\ud800"]) {
      await expect(open({ schema: name })).rejects.toMatchObject({ code: "LEASH_CONFIG_INVALID" });
    }
  });

  it.skipIf(!isOurs)("opens tables that are there without the right to make any", async () => {
    const role = `agent_${process.pid}`;
    await open();
    await query(`
      CREATE ROLE ${role} LOGIN PASSWORD 'agent';
      GRANT USAGE ON SCHEMA ${quoted()} TO ${role};
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${quoted()} TO ${role}`);
    const url = new URL(connectionString);
    [url.username, url.password] = [role, "agent"];
    const store = await postgresStore({ connectionString: url.href, schema });
    opened.push(store);
    expect(await store.commit([create("a")], { stream: "log", records: [numbered(0)] })).toEqual({ ok: true });
    await expect(postgresStore({ connectionString: url.href, schema: freshSchema() })).rejects.toMatchObject({
      ...unavailable,
      message: expect.stringContaining("lacks a right"),
    });
  });

  it.skipIf(!isOurs)("I4: refuses a database that cannot hold every text", async () => {
    const name = `ascii_${process.pid}`;
    await query(`CREATE DATABASE ${name} ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0`);
    const url = new URL(connectionString);
    url.pathname = `/${name}`;
    const refused = postgresStore({ connectionString: url.href });
    await expect(refused).rejects.toMatchObject({
      code: "LEASH_CONFIG_INVALID",
      message: expect.stringContaining("UTF8"),
    });
    await query(`DROP DATABASE ${name}`);
  });

  it("I4: says that a server which only reads, as a standby does, writes nothing", async () => {
    await (await open()).commit([create("a")]);
    const pool = new Pool({ connectionString, options: "-c default_transaction_read_only=on" });
    const store = await postgresStore({ pool, schema });
    expect(await store.get("used", "a")).toMatchObject({ version: 1 });
    await expect(store.commit([create("b")])).rejects.toMatchObject({
      ...unavailable,
      message: expect.stringMatching(/cannot be written, so nothing was\. The server only reads/u),
    });
    await store.close();
    await pool.end();
  });

  it("I4: gives up where others keep coming first, has written nothing then, and can be tried again", async () => {
    const store = await open();
    await store.commit([create("a")], { stream: "log", records: [numbered(0)] });
    const pool = new Pool({ connectionString });
    const others = comingFirst(pool);
    const late = await postgresStore({ pool: others.pool, schema });
    const commit = () =>
      late.commit([create("b"), { ...create("a"), expect: 1 }], { stream: "log", records: [numbered(1)] });
    const refused = await others.during(commit).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      ...unavailable,
      message: expect.stringMatching(/for 15000 ms .* so nothing was/u),
    });
    expect(others.waited()).toBeGreaterThanOrEqual(15_000);
    expect([await store.get("used", "b"), (await store.get("used", "a"))?.version]).toEqual([undefined, 1]);
    expect(await details(store)).toEqual([0]);
    expect(await commit()).toEqual({ ok: true });
    expect(await details(store)).toEqual([0, 1]);
    await late.close();
    await pool.end();
  });

  it("uses a pool of yours and leaves it open", async () => {
    const pool = new Pool({ connectionString, max: 1, allowExitOnIdle: true });
    const store = await postgresStore({ pool, schema });
    const watched = store.watch("used", "a", 0, never);
    await store.commit([create("a")]);
    await watched;
    await store.close();
    expect((await pool.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    await pool.end();
  });

  it("listens on one more connection, only while somebody waits, and wakes also after it was cut", async () => {
    const [one, two] = [await open(), await open()];
    const listening = async (change = ""): Promise<number> =>
      (await query(`SELECT pid ${change} FROM pg_stat_activity WHERE query = 'LISTEN ${channelOf(schema)}'`)).length;
    const until = async (count: number): Promise<void> => {
      while ((await listening()) !== count) await sleep(10);
    };
    expect(await listening()).toBe(0);
    const stop = new AbortController();
    const others = [one.watch("used", "b", 0, stop.signal), one.watch("used", "c", 0, stop.signal)];
    const watched = one.watch("used", "a", 0, never);
    await until(1);
    expect(await listening(", pg_terminate_backend(pid)")).toBe(1);
    await two.commit([create("a")]);
    await watched;
    await until(1);
    stop.abort();
    await Promise.all(others);
    await until(0);
  });
});

describe.skipIf(server === undefined)("postgresStore, what it shows", () => {
  const shown = (error: unknown): string => inspect(error, { depth: 9, showHidden: true });

  it("has no password in an error, whatever goes wrong", async () => {
    const url = new URL(connectionString);
    const errors: unknown[] = [];
    const refused = async (changed: string): Promise<void> => {
      await postgresStore({ connectionString: changed, schema }).catch((error: unknown) => errors.push(error));
    };
    const secret = "hunter2/hunter2@hunter2#hunter2";
    await refused(`postgresql://postgres:${secret}@127.0.0.1:1/postgres`);
    await refused(`postgresql://postgres:${encodeURIComponent(secret)}@127.0.0.1:1/postgres`);
    await refused(`postgresql://nobody_of_that_name:${encodeURIComponent(secret)}@${url.host}/postgres`);
    await refused(`postgresql://postgres:${encodeURIComponent(secret)}@${url.host}/absent`);
    await refused(`postgres:${secret}`);
    await refused(`postgresql://postgres:${encodeURIComponent(secret)}@[::1/x`);
    await refused("");
    expect(errors).toHaveLength(7);
    for (const error of errors) expect(shown(error)).not.toContain("hunter2");
    expect(errors.map((error) => (error as { code: string }).code)).toEqual([
      "LEASH_CONFIG_INVALID", "LEASH_STORE_UNAVAILABLE", "LEASH_STORE_UNAVAILABLE", "LEASH_STORE_UNAVAILABLE",
      "LEASH_CONFIG_INVALID", "LEASH_CONFIG_INVALID", "LEASH_CONFIG_INVALID",
    ]); // prettier-ignore
  });

  it("has none in itself, in the errors of a store that was open, nor in a leash over it", async () => {
    const store = await open();
    const state = mkdtempSync(join(tmpdir(), "leashkit-postgres-keys-"));
    const leash = await createLeash({ policy: scriptedPolicy(() => "allow"), store, state, notify: [] });
    leash.register({ id: "x" });
    await query(`DROP SCHEMA ${quoted()} CASCADE`);
    const error: unknown = await leash.guard({ tool: "x", input: {} }, () => 1).catch((caught: unknown) => caught);
    const read: unknown = await store.get("used", "a").catch((caught: unknown) => caught);
    expect(read).toMatchObject({ ...unavailable, message: expect.stringContaining("A table is gone") });
    for (const thing of [store, leash, error, read]) {
      expect(shown(thing)).not.toContain(PASSWORD);
      expect(shown(thing)).not.toContain(encodeURIComponent(PASSWORD));
    }
    await leash.close();
    rmSync(state, { recursive: true, force: true });
  });
});
