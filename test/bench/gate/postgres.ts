import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "../../../packages/postgres/server.fixture.ts";
import type { Report, RunOptions } from "../../report.ts";
import { startOverPostgres } from "./postgres-start.ts";
import { wakeOverPostgres } from "./postgres-wake.ts";

/** The gate over PostgreSQL, on the server of DATABASE_URL or one of our own. */
export async function postgres(options: RunOptions, report: Report): Promise<void> {
  const server = await startServer();
  if (server === undefined) {
    report.note("The gate over PostgreSQL is not measured, because no server can be started here.");
    report.target({ name: "servers of PostgreSQL", value: 0, mustBe: "exactly", limit: 1, unit: "servers" });
    return;
  }
  // Holds the keys, which no database holds.
  const state = mkdtempSync(join(tmpdir(), "leashkit-bench-"));
  try {
    await startOverPostgres(server, state, options, report);
    await wakeOverPostgres(server, state, options, report);
  } finally {
    await server.stop();
    rmSync(state, { recursive: true, force: true });
  }
}
