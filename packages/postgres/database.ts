import { hash } from "node:crypto";
import { Client, type ClientConfig, escapeIdentifier, Pool } from "pg";
import { createFailures, type Failures } from "./failures.ts";
import {
  checkedConnectionString,
  checkedSchema,
  invalid,
  type PostgresPool,
  type PostgresQuery,
  type PostgresStoreOptions,
} from "./options.ts";

/** Columns by name. All numbers are asked for as text: programs may have changed how `pg` reads numbers. */
export type Columns = Readonly<Record<string, unknown>>;

/** Runs one statement. */
export type RunQuery = (text: string, ...values: readonly unknown[]) => Promise<readonly Columns[]>;

/** One schema of one database. */
export interface Database {
  /** Host, port, database and schema, for messages. */
  readonly place: string;
  readonly schema: string;
  /** The schema's name as it stands in SQL. */
  readonly quotedSchema: string;
  readonly failures: Failures;
  /** Runs one statement, in its own transaction. */
  readonly query: RunQuery;
  /** Runs the work in one transaction on one connection; what the work throws undoes all of it. */
  transaction<Result>(work: (query: RunQuery) => Promise<Result>): Promise<Result>;
  /** A connection of its own, not yet connected. */
  newClient(): Client;
  close(): Promise<void>;
}

/** A server that does not answer must not hold up a call for ever. */
const QUERY_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 5_000;

/** Reads the options; connects to nothing. @throws {LeashError} `LEASH_CONFIG_INVALID` */
export function openDatabase(options: PostgresStoreOptions): Database {
  const schema = checkedSchema(options.schema);
  const quotedSchema = escapeIdentifier(schema);
  const config: ClientConfig = options.pool?.options ?? ownConfig(options.connectionString ?? "");
  const client = parsedClient(config);
  // Connections that are not in use keep no process alive.
  const pool: PostgresPool = options.pool ?? new Pool({ ...config, allowExitOnIdle: true });
  // A connection that breaks while nobody uses it: the pool has put it away, and without a listener the process would end.
  pool.on("error", passOver);
  return {
    place: `${client.host}:${client.port}/${client.database ?? ""}, schema ${quotedSchema}`,
    schema,
    quotedSchema,
    failures: createFailures(secretsOf(client)),
    query: async (text, ...values) => columnsOf(await pool.query(statement(text, values))),
    transaction: (work) => inTransaction(pool, work),
    newClient: () => new Client(config),
    close: async () => {
      if (pool instanceof Pool && pool !== options.pool) await pool.end();
      else pool.removeListener("error", passOver);
    },
  };
}

function ownConfig(connectionString: string): ClientConfig {
  return {
    connectionString: checkedConnectionString(connectionString),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    fallback_application_name: "leashkit",
  };
}

function passOver(): void {
  // Whoever uses the connection next is told.
}

/** What `pg` has read, here and in the environment (PGHOST, PGPASSWORD …). */
function parsedClient(config: ClientConfig): Client {
  try {
    return new Client(config);
  } catch {
    // Without its cause, which may hold the text.
    throw invalid("The connection to PostgreSQL cannot be read", "Look at the connection string or the pool's options");
  }
}

function secretsOf({ password }: Client): readonly string[] {
  if (typeof password !== "string" || password === "") return [];
  return [...new Set([password, encodeURIComponent(password)])];
}

/** Named, so that each connection reads and plans it once. */
function statement(text: string, values: readonly unknown[]): PostgresQuery {
  return { name: nameOf(text), text, values: [...values], query_timeout: QUERY_TIMEOUT_MS };
}

const names = new Map<string, string>();

function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) names.set(text, (name = `leashkit_${hash("sha256", text, "hex").slice(0, 32)}`));
  return name;
}

function columnsOf(result: { readonly rows: readonly object[] }): readonly Columns[] {
  return result.rows as readonly Columns[];
}

async function inTransaction<Result>(pool: PostgresPool, work: (query: RunQuery) => Promise<Result>): Promise<Result> {
  const client = await pool.connect();
  client.on("error", passOver);
  let finished = false;
  try {
    await client.query("BEGIN");
    const result = await work(async (text, ...values) => columnsOf(await client.query(unnamed(text, values))));
    await client.query("COMMIT");
    finished = true;
    return result;
  } finally {
    client.removeListener("error", passOver);
    // Closing the connection undoes what was not committed.
    client.release(!finished);
  }
}

/** For statements that run once: a text may hold several of them then, if it has no values. */
function unnamed(text: string, values: readonly unknown[]): string | PostgresQuery {
  return values.length === 0 ? text : { ...statement(text, values), name: "" };
}
