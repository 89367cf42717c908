import { createLeash } from "@leashkit/core";
import { postgresStore } from "@leashkit/postgres";
import { Pool } from "pg";
import { freshSchema, type TestServer } from "../../../packages/postgres/server.fixture.ts";
import type { Report, RunOptions } from "../../report.ts";
import { CALL, POLICY } from "./call.ts";
import { sample, type Sampled, type Samples, timed } from "./sample.ts";
import { untilStart } from "./until-start.ts";

const IN_FLIGHT = [1, 16, 64] as const;

/**
 * How many times as long as a bare INSERT a call may wait for its leave, and is aimed to wait at most: where one writes a row, the
 * other compares and writes its row, two lines of the log, the latest time and a notice, and is decided, sealed and proved before.
 */
const [LIMIT, AIM] = [4, 2];

/** The mean of what each of several takes that begin together. */
function inFlight(count: number, once: () => Promise<number>): () => Promise<number> {
  return async () => {
    const took = await Promise.all(Array.from({ length: count }, once));
    return took.reduce((sum, one) => sum + one, 0) / count;
  };
}

/** Rows as small programs write them: each with an INSERT and a COMMIT of its own, on a connection of its own. */
async function openBare(connectionString: string) {
  const table = `bare_${process.pid}`;
  // Its commits must be as durable as ours, whatever the server's default.
  const pool = new Pool({ connectionString, max: Math.max(...IN_FLIGHT), options: "-c synchronous_commit=on" });
  // A server that stops may end a connection before its client has.
  pool.on("error", () => undefined);
  await pool.query(`CREATE TABLE ${table} (id text PRIMARY KEY, body text NOT NULL)`);
  const body = JSON.stringify(CALL.input);
  let row = 0;
  const statement = { name: "bare", text: `INSERT INTO ${table} (id, body) VALUES ($1, $2)` };
  return {
    insert: (): Promise<unknown> => pool.query({ ...statement, values: [`row-${(row += 1)}`, body] }),
    async close(): Promise<void> {
      await pool.query(`DROP TABLE ${table}`);
      await pool.end();
    },
  };
}

/** How long a call waits for its leave over PostgreSQL, beside one bare INSERT for each call on the same server. */
export async function startOverPostgres(
  { connectionString }: TestServer,
  state: string,
  options: RunOptions,
  report: Report,
): Promise<void> {
  const store = await postgresStore({ connectionString, schema: freshSchema() });
  const leash = await createLeash({ policy: { text: POLICY }, store, state, notify: [] });
  const bare = await openBare(connectionString);
  try {
    leash.register({ id: CALL.tool });
    const insert = (): Promise<number> => timed(() => bare.insert());
    const candidates = IN_FLIGHT.flatMap((count): readonly Sampled[] => [
      { name: `INSERT ${count}`, once: inFlight(count, insert) },
      { name: `gate ${count}`, once: inFlight(count, untilStart(leash)) },
    ]);
    print(await sample(candidates, { rounds: 20, samples: 10, budgetMs: options.budgetMs / 2 }), report);
  } finally {
    await leash.close();
    await store.close();
    await bare.close();
  }
}

function print(found: Samples, report: Report): void {
  const milliseconds = (name: string, by: "median" | "p25"): number => (found.get(name)?.[by] ?? Number.NaN) / 1e6;
  const rows = IN_FLIGHT.map((count) => {
    const [insert, gate] = [`INSERT ${count}`, `gate ${count}`];
    // The lower quarter is what a busy machine, and a busy disk, disturb least.
    const times = milliseconds(gate, "p25") / milliseconds(insert, "p25");
    return { count, insert, gate, times };
  });
  report.table(
    "From the proposal to the tool's start over PostgreSQL, in milliseconds",
    rows.map(({ count, insert, gate, times }) => ({
      "in flight": count,
      "INSERT and commit, p25": milliseconds(insert, "p25"),
      median: milliseconds(insert, "median"),
      "until the start, p25": milliseconds(gate, "p25"),
      "median ": milliseconds(gate, "median"),
      "times (p25)": times,
    })),
  );
  for (const { count, times } of rows) {
    const target = { name: `start over PostgreSQL / INSERT, ${count} in flight`, value: times, unit: "times" };
    report.target({ ...target, mustBe: "at most", limit: LIMIT });
    report.target({ ...target, mustBe: "at most", limit: AIM, isAim: true });
  }
}
