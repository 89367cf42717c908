import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { create, numbered, readChain } from "../testing/store-harness.ts";
import { type DriverName, hasNodeSqlite } from "./driver.ts";
import { prepareCommit } from "./request.ts";
import { openSqliteFile, type SqliteFile } from "./sqlite-file.ts";
import { readRow, writeCommits } from "./sqlite-rows.ts";
import { sqliteStore } from "./sqlite.ts";

const drivers: readonly DriverName[] = hasNodeSqlite() ? ["node:sqlite", "libsql"] : ["libsql"];

const unavailable = { code: "LEASH_STORE_UNAVAILABLE" };

let folder = "";
let file = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leashkit-sqlite-"));
  file = join(folder, "store.db");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe.each(drivers)("sqliteStore over %s that cannot answer", (driver) => {
  const open = (): ReturnType<typeof sqliteStore> => sqliteStore({ file, driver });

  /** Changes the closed store's file behind its back. */
  async function tamper(change: (opened: SqliteFile) => void): Promise<void> {
    const opened = await openSqliteFile(file, driver);
    change(opened);
    opened.close();
  }
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
    const copy = join(folder, "read-only.db");
    copyFileSync(file, copy);
    chmodSync(copy, 0o400);
    await expect(sqliteStore({ file: copy, driver })).rejects.toMatchObject({
      ...unavailable,
      message: expect.stringContaining("It is read-only"),
    });
  });

  it("I4: refuses what it reads when pages of the file are damaged", async () => {
    const store = await open();
    const ids = Array.from({ length: 200 }, (_, number) => `${number}`);
    await store.commit(ids.map((id) => create(id, "x".repeat(500))));
    await store.close();
    const copy = join(folder, "damaged.db");
    writeFileSync(copy, readFileSync(file).fill(0xee, 4_096));
    const readAll = async (): Promise<void> => {
      const damaged = await sqliteStore({ file: copy, driver });
      try {
        for (const id of ids) await damaged.get("used", id);
      } finally {
        await damaged.close();
      }
    };
    await expect(readAll()).rejects.toMatchObject(unavailable);
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
      opened.run(
        `CREATE TRIGGER fail BEFORE INSERT ON "rows" WHEN NEW.id = 'bad' BEGIN SELECT RAISE(ABORT, 'disk'); END`,
      ),
    );
    const all = ["a", "bad", "b"].map((id) => store.commit([create(id)], { stream: "log", records: [numbered(0)] }));
    const reasons = (await Promise.allSettled(all)).map((result) => result.status === "rejected" && result.reason);
    expect(reasons).toMatchObject([unavailable, unavailable, unavailable]);
    expect(await store.list("used")).toEqual([]);
    expect(await store.streams()).toEqual([]);
    expect(await store.commit([create("a")], { stream: "log", records: [numbered(1)] })).toEqual({ ok: true });
    expect(await readChain(store, "log")).toEqual(["1"]);
    await store.close();
  });

  it("A-S4: writes nothing of a transaction for which the disk has no room", async () => {
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
    const insert = (): unknown => opened.run("INSERT INTO log (stream, seq, line) VALUES ('log', 0, 'line')");
    insert();
    expect(insert).toThrow(/UNIQUE|constraint/);
    opened.close();
  });
});
