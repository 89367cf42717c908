import { chmodSync, copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { durableStoreCases } from "../testing/durable-store-cases.ts";
import { storeCases } from "../testing/store-cases.ts";
import { create, numbered, readChain } from "../testing/store-harness.ts";
import { type DriverName, hasNodeSqlite } from "./driver.ts";
import { openSqliteFile, type SqliteFile } from "./sqlite-file.ts";
import { readDataVersion, readRow, writeCommits } from "./sqlite-rows.ts";
import { prepareCommit } from "./request.ts";
import { sqliteStore } from "./sqlite.ts";

const drivers: readonly DriverName[] = hasNodeSqlite() ? ["node:sqlite", "libsql"] : ["libsql"];
console.info(`SQLite drivers tested on Node ${process.version}: ${drivers.join(", ")}`);

const unavailable = { code: "LEASH_STORE_UNAVAILABLE" };

let folder = "";
let file = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leashkit-sqlite-"));
  file = join(folder, "state", "leashkit", "store.db");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

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

  it("I4: does not open a file of another schema version", async () => {
    await (await open()).close();
    await tamper((opened) => opened.run("UPDATE meta SET value = 2 WHERE key = 'schema_version'"));
    await expect(open()).rejects.toMatchObject({
      ...unavailable,
      message: expect.stringContaining("has schema version 2 and this release of Leashkit reads version 1 only"),
    });
  });

  it("I4: does not open a file without its schema version or latest time", async () => {
    await (await open()).close();
    await tamper((opened) => opened.run("DELETE FROM meta WHERE key = 'latest_time'"));
    await expect(open()).rejects.toMatchObject(unavailable);
    await expect(tamper((opened) => opened.run("DELETE FROM meta"))).resolves.toBeUndefined();
    await expect(open()).rejects.toMatchObject(unavailable);
  });

  it("I4: neither opens nor changes a database of another program", async () => {
    await (await open()).close();
    await tamper((opened) => {
      for (const table of ["meta", "log", '"rows"']) opened.run(`DROP TABLE ${table}`);
      opened.run("CREATE TABLE orders (id TEXT)");
    });
    const before = readFileSync(file);
    await expect(open()).rejects.toMatchObject({
      ...unavailable,
      message: expect.stringContaining("is a database of another program"),
    });
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it("I4: does not open a file that is not a database, and leaves it as it is", async () => {
    file = join(folder, "garbage.db");
    const garbage = "not a database at all. ".repeat(500);
    writeFileSync(file, garbage);
    await expect(open()).rejects.toMatchObject({
      ...unavailable,
      message: expect.stringContaining("The file is not a SQLite database"),
      cause: expect.anything(),
    });
    expect(readFileSync(file, "utf8")).toBe(garbage);
  });

  it("I4: does not open a path below a file", async () => {
    writeFileSync(join(folder, "file"), "");
    await expect(sqliteStore({ file: join(folder, "file", "store.db"), driver })).rejects.toMatchObject(unavailable);
  });

  const isRoot = process.getuid?.() === 0;
  if (isRoot) console.info("Skipped for root, who may write everywhere: I4 on a read-only file");
  it.skipIf(isRoot)("I4: does not open a read-only file", async () => {
    await (await open()).close();
    chmodSync(file, 0o400);
    await expect(open()).rejects.toMatchObject(unavailable);
  });

  it("I4: refuses what it reads when pages of the file are damaged", async () => {
    const store = await open();
    const ids = Array.from({ length: 200 }, (_, number) => `${number}`);
    await store.commit(ids.map((id) => create(id, "x".repeat(500))));
    await store.close();
    const copy = join(folder, "damaged.db");
    writeFileSync(copy, readFileSync(file).fill(0xee, 4_096));
    const reading = sqliteStore({ file: copy, driver }).then(async (damaged) => {
      try {
        for (const id of ids) await damaged.get("used", id);
      } finally {
        await damaged.close();
      }
    });
    await expect(reading).rejects.toMatchObject(unavailable);
  });

  it("I4: refuses a row whose body is not JSON, and still reads others", async () => {
    const store = await open();
    await store.commit([create("good"), create("bad")]);
    await tamper((opened) => opened.run(`UPDATE "rows" SET body = '{"half' WHERE id = 'bad'`));
    await expect(store.get("used", "bad")).rejects.toMatchObject(unavailable);
    await expect(store.list("used")).rejects.toMatchObject(unavailable);
    expect(await store.get("used", "good")).toMatchObject({ version: 1 });
    await store.close();
  });

  it("I4: writes nothing behind a last line without a hash", async () => {
    const store = await open();
    await store.commit([create("a")], { stream: "log", records: [numbered(0)] });
    await tamper((opened) => opened.run("UPDATE log SET line = 'cut'"));
    const refused = store.commit([create("b")], { stream: "log", records: [numbered(1)] });
    await expect(refused).rejects.toMatchObject(unavailable);
    expect(await store.get("used", "b")).toBeUndefined();
    expect(await store.lines("log", 0)).toHaveLength(1);
    await store.close();
  });

  it("I4: refuses every commit of a transaction that fails, and writes none of it", async () => {
    const store = await open();
    // A trigger stands for a disk that fails in the middle of a transaction.
    await tamper((opened) =>
      opened.run(`CREATE TRIGGER fail BEFORE INSERT ON "rows" WHEN NEW.id = 'bad' BEGIN SELECT RAISE(ABORT, 'disk'); END`),
    );
    const all = ["a", "bad", "b"].map((id) =>
      store.commit([create(id)], { stream: "log", records: [numbered(0)] }),
    );
    const reasons = (await Promise.allSettled(all)).map((result) => result.status === "rejected" && result.reason);
    expect(reasons).toMatchObject([unavailable, unavailable, unavailable]);
    expect(await store.list("used")).toEqual([]);
    expect(await store.streams()).toEqual([]);
    expect(await store.commit([create("a")], { stream: "log", records: [numbered(1)] })).toEqual({ ok: true });
    expect(await readChain(store, "log")).toEqual(["1"]);
    await store.close();
  });

  it("I4: writes nothing of a transaction for which the disk has no room", async () => {
    const opened = await openSqliteFile(file, driver);
    const write = (id: string, body: string): unknown =>
      writeCommits(opened, [prepareCommit([create(id, body)], { stream: "log", records: [numbered(0)] })], () => 1);
    write("a", "small");
    opened.get("PRAGMA max_page_count = 20");
    expect(() => write("b", "x".repeat(200_000))).toThrow(/full/);
    expect(readRow(opened, "used", "b")).toBeUndefined();
    expect(opened.all("SELECT seq FROM log")).toHaveLength(1);
    write("c", "small");
    expect(readRow(opened, "used", "c")?.row.version).toBe(1);
    opened.close();
  });

  it("I4: refuses two lines with one number, though nothing else stands in the way", async () => {
    const opened = await openSqliteFile(file, driver);
    const insert = (): void => opened.run("INSERT INTO log (stream, seq, line) VALUES ('log', 0, 'line')");
    insert();
    expect(insert).toThrow(/UNIQUE|constraint/);
    opened.close();
  });

  it("keeps the process alive while somebody waits, and leaves no timer and no file watch behind", async () => {
    const store = await open();
    const handles = (): readonly string[] =>
      process.getActiveResourcesInfo().filter((kind) => kind === "Timeout" || kind === "FSEventWrap");
    const before = handles();
    const stop = new AbortController();
    const watched = [store.watch("used", "a", 0, stop.signal), store.watch("used", "b", 0, new AbortController().signal)];
    await store.get("used", "a");
    expect(handles().length).toBeGreaterThan(before.length);
    stop.abort();
    await store.commit([create("b")]);
    await Promise.all(watched);
    expect(handles()).toEqual(before);
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
