import { setTimeout as sleep } from "node:timers/promises";
import type { Database, RunQuery } from "./database.ts";
import { codeOf, isLostRace } from "./failures.ts";
import { invalid } from "./options.ts";

/** How many rows share the latest time, so that machines that commit at once do not wait for one another. */
export const CLOCK_SLOTS = 16;

/** What makes each version of the tables out of the one before; a step that was released never changes. */
const MIGRATIONS: readonly ((schema: string) => string)[] = [
  (schema) => `
    CREATE TABLE ${schema}.rows (
      kind text COLLATE "C" NOT NULL, id text COLLATE "C" NOT NULL, version bigint NOT NULL,
      by_key text COLLATE "C", due_at bigint, body text NOT NULL, PRIMARY KEY (kind, id)
    );
    CREATE INDEX rows_by_key ON ${schema}.rows (kind, by_key, id) WHERE by_key IS NOT NULL;
    CREATE TABLE ${schema}.log (
      stream text COLLATE "C" NOT NULL, seq bigint NOT NULL, line text NOT NULL, PRIMARY KEY (stream, seq)
    );
    CREATE TABLE ${schema}.clock (slot integer PRIMARY KEY, latest_time bigint NOT NULL) WITH (fillfactor = 20);
    INSERT INTO ${schema}.clock SELECT slot, 0 FROM generate_series(0, ${CLOCK_SLOTS - 1}) AS slot;
  `,
];

export const SCHEMA_VERSION = MIGRATIONS.length;

/** Two processes that create the same thing: one of them is told that it is there. */
const CREATED_MEANWHILE = new Set(["42P06", "42P07", "42710"]);
const MOST_TRIES = 30;

/**
 * Makes or upgrades the tables. Any number of processes may do so at once.
 * @throws {LeashError} `LEASH_STORE_UNAVAILABLE` for a schema of a newer release or of another program,
 * `LEASH_CONFIG_INVALID` for a database that cannot hold every text.
 */
export async function prepareSchema(database: Database): Promise<void> {
  const [server] = await database.query("SELECT current_setting('server_encoding') AS encoding");
  if (server?.["encoding"] !== "UTF8") {
    throw invalid(
      `The database at ${database.place} has the encoding ${String(server?.["encoding"])}`,
      "Create one with the encoding UTF8",
    );
  }
  if ((await readVersion(database, database.query)) === SCHEMA_VERSION) return;
  for (let tries = 1; ; tries += 1) {
    try {
      await database.transaction((query) => migrate(database, query));
      return;
    } catch (error) {
      const again = isLostRace(error) || CREATED_MEANWHILE.has(codeOf(error) ?? "");
      if (!again || tries === MOST_TRIES) throw error;
    }
    await sleep(10 * Math.random() * tries);
  }
}

async function migrate(database: Database, query: RunQuery): Promise<void> {
  const { schema, quotedSchema } = database;
  // Asked first: CREATE SCHEMA IF NOT EXISTS needs the right to create one even where it exists.
  const found = await query("SELECT FROM pg_namespace WHERE nspname = $1", schema);
  if (found.length === 0) await query(`CREATE SCHEMA ${quotedSchema}`);
  const isNew = await createMeta(database, query);
  // One at a time from here; who comes later finds the work done.
  await query(`LOCK TABLE ${quotedSchema}.meta IN EXCLUSIVE MODE`);
  const version = isNew ? 0 : await readVersion(database, query);
  if (version === undefined) throw ofAnotherProgram(database);
  for (const step of MIGRATIONS.slice(version)) await query(step(quotedSchema));
  await query(
    `INSERT INTO ${quotedSchema}.meta (key, value) VALUES ('schema_version', $1)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    SCHEMA_VERSION,
  );
}

/** True when there was none. */
async function createMeta(database: Database, query: RunQuery): Promise<boolean> {
  const { schema, quotedSchema } = database;
  const tables = await query(
    `SELECT c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname IN ('meta', 'rows', 'rows_by_key', 'log', 'clock')`,
    schema,
  );
  if (tables.some((table) => table["name"] === "meta")) return false;
  if (tables.length > 0) throw ofAnotherProgram(database);
  await query(`CREATE TABLE ${quotedSchema}.meta (key text PRIMARY KEY, value bigint NOT NULL)`);
  return true;
}

/** Undefined where there are no tables yet, or none of ours. */
async function readVersion(database: Database, query: RunQuery): Promise<number | undefined> {
  const { quotedSchema, failures, place } = database;
  const [found] = await query("SELECT to_regclass($1) IS NOT NULL AS there", `${quotedSchema}.meta`);
  if (found?.["there"] !== true) return undefined;
  const [row] = await query(`SELECT value::text AS value FROM ${quotedSchema}.meta WHERE key = 'schema_version'`);
  const version = row === undefined ? undefined : Number(row["value"]);
  if (version === undefined || (Number.isSafeInteger(version) && version >= 0 && version <= SCHEMA_VERSION))
    return version;
  throw failures.unavailable(
    `The store at ${place} has schema version ${version} and this release of Leashkit reads up to version ${SCHEMA_VERSION} only`,
  );
}

function ofAnotherProgram({ failures, place }: Database): Error {
  return failures.unavailable(
    `The tables at ${place} are of another program, so nothing was changed. Choose another schema`,
  );
}
