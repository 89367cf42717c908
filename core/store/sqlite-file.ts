import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { type Driver, type DriverName, openDriver, type SqlRow, type SqlValue, type Statement } from "./driver.ts";
import { storeUnavailable } from "./unavailable.ts";

/** The version of the tables below; a file of another version is not opened. */
const SCHEMA_VERSION = 1;

// Each page that a commit changes is written and synced. Rows and lines take a quarter of a page or more, so they lie in the order
// of their coming, under keys in an index (WITHOUT ROWID they would lie in the tree of keys itself, which then has few of them on a
// page, many levels, and is put in order anew by nearly every commit). Files that were made so have the same columns, and are read.
const SCHEMA = `
  CREATE TABLE "rows" (
    kind TEXT NOT NULL, id TEXT NOT NULL, version BIGINT NOT NULL, by_key TEXT, due_at BIGINT, body TEXT NOT NULL,
    PRIMARY KEY (kind, id)
  );
  CREATE INDEX rows_by_key ON "rows" (kind, by_key, id) WHERE by_key IS NOT NULL;
  CREATE TABLE log (stream TEXT NOT NULL, seq BIGINT NOT NULL, line TEXT NOT NULL, PRIMARY KEY (stream, seq));
  CREATE TABLE meta (key TEXT PRIMARY KEY, value BIGINT NOT NULL);
  INSERT INTO meta (key, value) VALUES ('schema_version', ${SCHEMA_VERSION}), ('latest_time', 0);
`;

/** An open SQLite file with its tables in place. Statements are prepared once and kept. */
export interface SqliteFile {
  readonly driver: DriverName;
  get(sql: string, ...values: readonly SqlValue[]): SqlRow | undefined;
  all(sql: string, ...values: readonly SqlValue[]): readonly SqlRow[];
  /** How many rows were inserted, changed or deleted. */
  run(sql: string, ...values: readonly SqlValue[]): number;
  /** Runs the work in one durable transaction that holds the only write lock; what the work throws undoes all of it. */
  transaction<Result>(work: () => Result): Result;
  close(): void;
}

/**
 * Opens or creates the file with mode 0600, its missing folders with 0700.
 * @throws {LeashError} `LEASH_STORE_UNAVAILABLE` when it cannot be opened or is not a store of this version,
 * `LEASH_CONFIG_INVALID` when there is no SQLite driver.
 */
export async function openSqliteFile(path: string, driverName?: DriverName): Promise<SqliteFile> {
  createPrivately(path);
  const driver = await openDriver(path, driverName);
  try {
    const file = over(driver);
    configure(driver, path);
    file.transaction(() => {
      checkSchema(file, driver, path);
      // SQLite opens a file without the right to write silently as read-only; better to find out now.
      file.run("UPDATE meta SET value = value WHERE key = 'schema_version'");
    });
    return file;
  } catch (error) {
    driver.close();
    throw error;
  }
}

/** SQLite gives `-wal` and `-shm` the mode of the main file, so it is enough that this one starts with the right mode. */
function createPrivately(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    // Only ever a new file: closing a descriptor of an existing one would drop the locks that SQLite holds on it.
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}

/** Rows of calls lie in the order of their hashes: the pages of some hundred thousand are kept at hand. */
const CACHE_KIB = 32_768;

function configure(driver: Driver, path: string): void {
  driver.exec("PRAGMA busy_timeout = 5000");
  const mode = driver.prepare("PRAGMA journal_mode = WAL").get()?.["journal_mode"];
  if (mode !== "wal") {
    throw storeUnavailable(`${path} cannot be used by several processes, because its file system has no shared memory`);
  }
  driver.exec("PRAGMA synchronous = FULL");
  driver.exec("PRAGMA foreign_keys = OFF");
  driver.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
}

function checkSchema(file: SqliteFile, driver: Driver, path: string): void {
  const tables = file.all("SELECT name FROM sqlite_master WHERE type = 'table'").map((table) => table["name"]);
  if (tables.length === 0) driver.exec(SCHEMA);
  else if (!tables.includes("meta")) throw storeUnavailable(`${path} is a database of another program`);
  const version = file.get("SELECT value FROM meta WHERE key = 'schema_version'")?.["value"];
  if (version !== SCHEMA_VERSION) {
    throw storeUnavailable(
      `${path} has schema version ${String(version)} and this release of Leashkit reads version ${SCHEMA_VERSION} only`,
    );
  }
}

function over(driver: Driver): SqliteFile {
  const statements = new Map<string, Statement>();
  const prepared = (sql: string): Statement => {
    let statement = statements.get(sql);
    if (statement === undefined) statements.set(sql, (statement = driver.prepare(sql)));
    return statement;
  };
  return {
    driver: driver.name,
    get: (sql, ...values) => prepared(sql).get(...values),
    all: (sql, ...values) => prepared(sql).all(...values),
    run: (sql, ...values) => prepared(sql).run(...values),
    transaction: (work) => {
      // Not prepared: to run what gives neither rows nor a count costs less than half as much so.
      driver.exec("BEGIN IMMEDIATE");
      try {
        const result = work();
        driver.exec("COMMIT");
        return result;
      } catch (error) {
        rollBack(driver);
        throw error;
      }
    },
    close: () => {
      checkpoint(driver);
      statements.clear();
      driver.close();
    },
  };
}

/**
 * Moves the write-ahead log into the main file, so that this one is complete when it is copied. SQLite does so on closing,
 * but libsql closes only once its statements were collected as garbage.
 */
function checkpoint(driver: Driver): void {
  try {
    driver.prepare("PRAGMA wal_checkpoint(PASSIVE)").get();
  } catch {
    // Nothing is lost: the next one to open the store reads the write-ahead log.
  }
}

function rollBack(driver: Driver): void {
  try {
    driver.exec("ROLLBACK");
  } catch {
    // SQLite has rolled back by itself on some errors; if it has not, the next BEGIN is refused.
  }
}
