import { LeashError } from "../errors.ts";

/** A value that the store binds and reads. */
export type SqlValue = string | number | null;

/** Columns by name. libsql adds a property `_metadata`, so columns are read by name and never copied as a whole. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** A prepared statement. */
export interface Statement {
  /** The first row, undefined where there is none. */
  get(...values: readonly SqlValue[]): SqlRow | undefined;
  all(...values: readonly SqlValue[]): readonly SqlRow[];
  /** How many rows were inserted, changed or deleted. */
  run(...values: readonly SqlValue[]): number;
}

/** The few things that the store needs of a synchronous SQLite driver. */
export interface Driver {
  readonly name: DriverName;
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

export type DriverName = "node:sqlite" | "libsql";

/** The shape that `DatabaseSync` of node:sqlite and `Database` of libsql share. */
interface Database {
  exec(sql: string): void;
  prepare(sql: string): {
    get(...values: readonly SqlValue[]): SqlRow | undefined;
    all(...values: readonly SqlValue[]): readonly SqlRow[];
    run(...values: readonly SqlValue[]): { readonly changes: number | bigint };
  };
  close(): void;
}

type OpenDatabase = new (file: string) => Database;

/**
 * Opens a SQLite file: with `node:sqlite` where this Node has it, else with `libsql`.
 * @param only insists on one driver.
 * @throws {LeashError} `LEASH_CONFIG_INVALID` when there is no driver; whatever the driver throws when it cannot open.
 */
export async function openDriver(file: string, only?: DriverName): Promise<Driver> {
  const NodeSqlite = only === "libsql" ? undefined : loadNodeSqlite();
  if (NodeSqlite !== undefined) return wrap("node:sqlite", new NodeSqlite(file));
  if (only === "node:sqlite") throw noDriver("this Node has no node:sqlite");
  const Libsql = await loadLibsql();
  return wrap("libsql", new Libsql(file));
}

/** True when this Node can open SQLite without a dependency. */
export function hasNodeSqlite(): boolean {
  return loadNodeSqlite() !== undefined;
}

function loadNodeSqlite(): OpenDatabase | undefined {
  const module: { readonly DatabaseSync?: OpenDatabase } | undefined = process.getBuiltinModule("node:sqlite");
  return module?.DatabaseSync;
}

async function loadLibsql(): Promise<OpenDatabase> {
  // A specifier that is not a literal: the types of this optional dependency are neither needed nor always there.
  const specifier: string = "libsql";
  try {
    const module: { readonly default: OpenDatabase } = await import(specifier);
    return module.default;
  } catch (cause) {
    throw noDriver("this Node has no node:sqlite and libsql cannot be loaded", cause);
  }
}

function noDriver(reason: string, cause?: unknown): LeashError {
  return new LeashError(
    "LEASH_CONFIG_INVALID",
    `There is no SQLite driver (${reason}), so no store was opened. Install libsql 0.5.29 or use Node 22.13 or newer.`,
    { cause },
  );
}

function wrap(name: DriverName, database: Database): Driver {
  return {
    name,
    exec: (sql) => database.exec(sql),
    prepare: (sql) => {
      const statement = database.prepare(sql);
      return {
        get: (...values) => statement.get(...values),
        all: (...values) => statement.all(...values),
        run: (...values) => Number(statement.run(...values).changes),
      };
    },
    close: () => database.close(),
  };
}
