import type { Clock } from "@leashkit/core/store";
import { LeashError } from "@leashkit/core";

/** One connection of a pool. A client of `pg` is one. */
export interface PostgresConnection {
  query(query: string | PostgresQuery): Promise<{ readonly rows: readonly object[] }>;
  on(event: "error", listener: (error: Error) => void): unknown;
  removeListener(event: "error", listener: (error: Error) => void): unknown;
  /** Given true, the connection is closed instead of being used again. */
  release(close?: boolean): void;
}

/** The few things that the store needs of a pool. A `Pool` of `pg` 8 is one. */
export interface PostgresPool {
  /** What the pool connects with; the connection that listens for changes is made of it too. */
  readonly options: object;
  query(query: PostgresQuery): Promise<{ readonly rows: readonly object[] }>;
  connect(): Promise<PostgresConnection>;
  on(event: "error", listener: (error: Error) => void): unknown;
  removeListener(event: "error", listener: (error: Error) => void): unknown;
}

/** A statement as `pg` takes it. */
export interface PostgresQuery {
  readonly name: string;
  readonly text: string;
  readonly values: unknown[];
  readonly query_timeout: number;
}

interface CommonOptions {
  /** The schema that holds the tables; made when it is absent. Default `leashkit`. At most 63 bytes, taken as written. */
  readonly schema?: string;
  /** Default: the machine's wall clock. */
  readonly clock?: Clock;
}

/** Where the database is: a connection string, or a pool of yours, which stays yours to end. */
export type PostgresStoreOptions = CommonOptions &
  (
    | {
        /** `postgresql://user:password@host:5432/database?sslmode=verify-full`. Never shown in an error. */
        readonly connectionString: string;
        readonly pool?: undefined;
      }
    | { readonly pool: PostgresPool; readonly connectionString?: undefined }
  );

/** PostgreSQL cuts longer names without an error: two schemas could become one. */
const MOST_NAME_BYTES = 63;

/** @throws {LeashError} `LEASH_CONFIG_INVALID` for what can be no schema's name. */
export function checkedSchema(schema: string = "leashkit"): string {
  const fits = typeof schema === "string" && schema !== "" && Buffer.byteLength(schema) <= MOST_NAME_BYTES;
  if (fits && schema.isWellFormed() && !schema.includes("\0") && !/^pg_/iu.test(schema)) return schema;
  throw invalid(
    "The option `schema` of postgresStore is no name for a schema",
    `Give 1 to ${MOST_NAME_BYTES} bytes that do not start with pg_`,
  );
}

/**
 * The same text, unless part of a password could be read as the name of a host or a database, and so be shown.
 * @throws {LeashError} `LEASH_CONFIG_INVALID`, without the text.
 */
export function checkedConnectionString(text: string): string {
  const advice =
    "Give postgresql://user:password@host:5432/database, with everything but letters and digits percent-encoded";
  if (typeof text !== "string" || text.trim() === "") {
    throw invalid("postgresStore got neither a connection string nor a pool", advice);
  }
  const address = text.replace(/^[^/]*\/\//u, "");
  const afterAuthority = address.slice(address.search(/[/?#]|$/u));
  if (/^postgres(?:ql)?:\/\//u.test(text) && !afterAuthority.includes("@")) return text;
  throw invalid("The connection string of postgresStore cannot be read without doubt", advice);
}

export function invalid(problem: string, advice: string): LeashError {
  return new LeashError("LEASH_CONFIG_INVALID", `${problem}, so no store was opened. ${advice}.`);
}
