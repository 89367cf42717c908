import { setTimeout as sleep } from "node:timers/promises";
import type { Database, RunQuery } from "../database.ts";
import { codeOf, isLostRace } from "../failures.ts";

/** Two processes that create the same thing: one of them is told that it is there. */
const CREATED_MEANWHILE = new Set(["42P06", "42P07", "42710"]);
const MOST_TRIES = 30;

/** Makes the table where it is absent. Any number of processes may do so at once. */
export async function prepareTable(database: Database): Promise<void> {
  const { query, quotedSchema } = database;
  for (let tries = 1; ; tries += 1) {
    const [found] = await query("SELECT to_regclass($1) IS NOT NULL AS there", `${quotedSchema}.leashkit_log`);
    if (found?.["there"] === true) return;
    try {
      await database.transaction((run) => create(database, run));
      return;
    } catch (error) {
      const again = isLostRace(error) || CREATED_MEANWHILE.has(codeOf(error) ?? "");
      if (!again || tries === MOST_TRIES) throw error;
    }
    await sleep(10 * Math.random() * tries);
  }
}

async function create({ quotedSchema, schema }: Database, query: RunQuery): Promise<void> {
  // Asked first: CREATE SCHEMA IF NOT EXISTS needs the right to create one even where it exists.
  const found = await query("SELECT FROM pg_namespace WHERE nspname = $1", schema);
  if (found.length === 0) await query(`CREATE SCHEMA ${quotedSchema}`);
  await query(`
    CREATE TABLE ${quotedSchema}.leashkit_log (
      stream text COLLATE "C" NOT NULL, seq bigint NOT NULL, ts timestamptz NOT NULL, type text NOT NULL,
      tenant text NOT NULL, owner text, agent text, tool text, decision text, line text NOT NULL,
      PRIMARY KEY (stream, seq)
    );
    CREATE INDEX leashkit_log_time ON ${quotedSchema}.leashkit_log (tenant, ts);
  `);
}
