import { copyFileSync, mkdtempSync, readdirSync, rmSync, statSync, watch } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { durableStoreCases } from "../testing/durable-store-cases.ts";
import { storeCases } from "../testing/store-cases.ts";
import { create, numbered, readChain } from "../testing/store-harness.ts";
import { type DriverName, hasNodeSqlite } from "./driver.ts";
import { openSqliteFile, type SqliteFile } from "./sqlite-file.ts";
import { readDataVersion } from "./sqlite-rows.ts";
import { sqliteStore } from "./sqlite.ts";

const drivers: readonly DriverName[] = hasNodeSqlite() ? ["node:sqlite", "libsql"] : ["libsql"];
console.info(`SQLite drivers tested on Node ${process.version}: ${drivers.join(", ")}`);

let folder = "";
let file = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leashkit-sqlite-"));
  file = join(folder, "state", "leashkit", "store.db");
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(drivers)("sqliteStore over %s", (driver) => {
  const open = (): ReturnType<typeof sqliteStore> => sqliteStore({ file, driver });

  /** Changes the closed store's file behind its back. */
  async function tamper(change: (opened: SqliteFile) => void): Promise<void> {
    const opened = await openSqliteFile(file, driver);
    change(opened);
    opened.close();
  }

  describe("as every store", () => {
    let opened = 0;
    for (const { name, run } of storeCases) {
      it(name, () => run((options) => sqliteStore({ ...options, driver, file: join(folder, `${(opened += 1)}.db`) })));
    }
  });

  describe("as every durable store", () => {
    for (const { name, run } of durableStoreCases) {
      it(name, () => run({ open: (options) => sqliteStore({ ...options, driver, file }) }));
    }
  });

  it("can be shared with another process", async () => {
    const store = await open();
    expect(store.shared).toBe(true);
    await store.close();
  });

  it("makes all its files with mode 0600 and its folders with 0700, whatever the umask", async () => {
    const umask = process.umask(0);
    try {
      const store = await open();
      await store.commit([create("a")], { stream: "log", records: [numbered(0)] });
      const modes = readdirSync(join(file, "..")).map((name) => [name, statSync(join(file, "..", name)).mode & 0o777]);
      expect(Object.fromEntries(modes)).toEqual({
        "store.db": 0o600,
        "store.db-wal": 0o600,
        "store.db-shm": 0o600,
        "store.db.bell": 0o600,
      });
      for (const above of [join(file, ".."), join(file, "..", "..")]) expect(statSync(above).mode & 0o777).toBe(0o700);
      await store.close();
    } finally {
      process.umask(umask);
    }
  });

  it("syncs every commit to the disk and waits for other writers", async () => {
    const opened = await openSqliteFile(file, driver);
    expect(opened.get("PRAGMA journal_mode")).toMatchObject({ journal_mode: "wal" });
    expect(opened.get("PRAGMA synchronous")).toMatchObject({ synchronous: 2 });
    expect(opened.get("PRAGMA foreign_keys")).toMatchObject({ foreign_keys: 0 });
    expect(Object.values(opened.get("PRAGMA busy_timeout") ?? {})).toContain(5_000);
    opened.close();
  });

  it("writes commits of one turn in one transaction", async () => {
    const store = await open();
    const observer = await openSqliteFile(file, driver);
    const before = readDataVersion(observer);
    await store.commit([create("alone")]);
    const step = readDataVersion(observer) - before;
    await Promise.all(Array.from({ length: 64 }, (_, number) => store.commit([create(`${number}`)])));
    expect(readDataVersion(observer) - before - step).toBe(step);
    observer.close();
    await store.close();
  });

  it("keeps time and the chain in the file as documented", async () => {
    const store = await open();
    await store.commit([{ ...create("a", { n: 1 }), by: "b", dueAt: 9 }], { stream: "log", records: [numbered(0)] });
    await store.close();
    await tamper((opened) => {
      const row = { kind: "used", id: "a", version: 1, by_key: "b", due_at: 9, body: '{"n":1}' };
      expect(opened.get('SELECT kind, id, version, by_key, due_at, body FROM "rows"')).toMatchObject(row);
      expect(opened.get("SELECT stream, seq FROM log")).toMatchObject({ stream: "log", seq: 0 });
      expect(opened.get("SELECT value FROM meta WHERE key = 'schema_version'")).toMatchObject({ value: 1 });
    });
  });

  it("leaves a complete file behind when it closes", async () => {
    const store = await open();
    await store.commit([create("a")], { stream: "log", records: [numbered(0)] });
    await store.close();
    const copy = join(folder, "copy.db");
    copyFileSync(file, copy);
    const copied = await sqliteStore({ file: copy, driver });
    expect(await copied.get("used", "a")).toMatchObject({ version: 1 });
    expect(await readChain(copied, "log")).toEqual(["0"]);
    await copied.close();
  });

  it.each(["", " ", ":memory:", "a\0b"])("refuses %j as a path", async (path) => {
    await expect(sqliteStore({ file: path, driver })).rejects.toMatchObject({ code: "LEASH_CONFIG_INVALID" });
  });

  it("keeps the process alive while somebody waits, and leaves no timer and no file watch behind", async () => {
    const probe = watch(folder);
    const closed = vi.spyOn(Object.getPrototypeOf(probe), "close");
    probe.close();
    const started = vi.spyOn(globalThis, "setInterval");
    const cleared = vi.spyOn(globalThis, "clearInterval");
    const store = await open();
    const stop = new AbortController();
    const { signal } = new AbortController();
    const watched = [store.watch("used", "a", 0, stop.signal), store.watch("used", "b", 0, signal)];
    await store.get("used", "a");
    const timers = started.mock.results.map((result) => result.value);
    expect(timers.map((timer) => timer.hasRef())).toEqual([true]);
    stop.abort();
    await store.commit([create("b")]);
    await Promise.all(watched);
    expect(started).toHaveBeenCalledTimes(1);
    expect(cleared.mock.calls).toEqual([timers]);
    expect(closed).toHaveBeenCalledTimes(2);
    await store.close();
  });

  it("goes on by polling when the doorbell is gone", async () => {
    const [one, two] = [await open(), await open()];
    rmSync(`${file}.bell`);
    const watched = one.watch("used", "a", 0, new AbortController().signal);
    await one.get("used", "a");
    await two.commit([create("a")]);
    await watched;
    await Promise.all([one.close(), two.close()]);
  });
});

describe("openDriver", () => {
  it.skipIf(hasNodeSqlite())("says what to install when the driver asked for is absent", async () => {
    await expect(sqliteStore({ file, driver: "node:sqlite" })).rejects.toMatchObject({
      code: "LEASH_CONFIG_INVALID",
      message: expect.stringContaining("libsql"),
    });
  });
});
