import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sqliteStore, type Store } from "@leashkit/core";
import { postgresStore } from "@leashkit/postgres";
import { freshSchema, type TestServer } from "../../packages/postgres/server.fixture.ts";

/** A fresh store that processes are killed over, and a folder for their keys and what their tools did. */
export interface Battlefield {
  readonly folder: string;
  /** What tells a worker which store it is. */
  readonly environment: Readonly<Record<string, string>>;
  /** Opens the store as a stranger would, once nothing of a dead process is under way any more. */
  open(): Promise<Store>;
  remove(): Promise<void>;
}

/** A kind of store that processes are killed over. */
export interface Battlefields {
  readonly name: StoreName;
  fresh(): Promise<Battlefield>;
  close(): Promise<void>;
}

export const STORE_NAMES = ["sqlite", "postgres"] as const;
export type StoreName = (typeof STORE_NAMES)[number];

function freshFolder(): string {
  return mkdtempSync(join(tmpdir(), "leashkit-kill-"));
}

/**
 * Undefined where there can be no server; the reason has been printed then.
 * @param startServer asked only where a server is needed; what it gives is stopped with the battlefields.
 */
export async function openBattlefields(
  name: StoreName,
  startServer: () => Promise<TestServer | undefined>,
): Promise<Battlefields | undefined> {
  if (name === "sqlite") return overSqlite();
  const server = await startServer();
  return server === undefined ? undefined : overPostgres(server);
}

function overSqlite(): Battlefields {
  return {
    name: "sqlite",
    async fresh() {
      const folder = freshFolder();
      return {
        folder,
        environment: { KILL_SCHEMA: "" },
        open: () => sqliteStore({ file: join(folder, "store.db") }),
        remove: async () => rmSync(folder, { recursive: true, force: true }),
      };
    },
    close: async () => undefined,
  };
}

function overPostgres(server: TestServer): Battlefields {
  const { connectionString } = server;

  /** The server finishes the statement of a process that is gone; what it writes must not come between two reads. */
  async function sessionsEnd(application: string): Promise<void> {
    const sessions = `SELECT FROM pg_stat_activity WHERE application_name = '${application}'`;
    while ((await server.query(sessions)).length > 0) await sleep(5);
  }

  return {
    name: "postgres",
    async fresh() {
      const [folder, schema] = [freshFolder(), freshSchema()];
      return {
        folder,
        environment: { KILL_DATABASE: connectionString, KILL_SCHEMA: schema, PGAPPNAME: schema },
        async open() {
          await sessionsEnd(schema);
          return postgresStore({ connectionString, schema });
        },
        async remove() {
          await sessionsEnd(schema);
          await server.query(`DROP SCHEMA IF EXISTS "${schema.replaceAll('"', '""')}" CASCADE`);
          rmSync(folder, { recursive: true, force: true });
        },
      };
    },
    close: () => server.stop(),
  };
}
