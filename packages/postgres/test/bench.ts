// Measures durable commits of the store against a bare `INSERT … ; COMMIT` of pg, in the same run on the same server:
//   node --conditions=leashkit:source --import tsx packages/postgres/test/bench.ts
import { cpus } from "node:os";
import { Pool } from "pg";
import type { AuditRecord } from "@leashkit/core";
import { postgresStore } from "../index.ts";
import { freshSchema, startServer } from "../server.fixture.ts";

const ROUNDS = Number(process.argv[2] ?? 9);
const ROUND_MS = 500;

const server = await startServer();
if (server === undefined) process.exit(1);
const { connectionString } = server;
const schema = freshSchema();
const store = await postgresStore({ connectionString, schema });
// Its commits must be as durable as ours.
const pool = new Pool({ connectionString, max: 64, options: "-c synchronous_commit=on" });
pool.on("error", () => undefined);
await pool.query("CREATE TABLE bare (id text PRIMARY KEY, body text NOT NULL)");

const record: AuditRecord = {
  payload: { type: "decided", tenant: "tenant", actor_type: "agent", actor_id: "agent", detail: "bench" },
  envelope: { action_id: "action" },
};
const body = { v: 1, state: "done", text: "x".repeat(200) };
let number = 0;

/** One row and one line of the log, as a gate writes. */
async function commit(): Promise<void> {
  const id = `id-${(number += 1)}`;
  await store.commit([{ kind: "used", id, expect: 0, body }], { stream: "bench", records: [record] });
}

/** One row, in its own transaction. */
async function insert(): Promise<void> {
  const values = [`id-${(number += 1)}`, JSON.stringify(body)];
  await pool.query({ name: "bare", text: "INSERT INTO bare (id, body) VALUES ($1, $2)", values });
}

/** The same with the transaction written out, as most programs do. */
async function insertInTransaction(): Promise<void> {
  const client = await pool.connect();
  await client.query("BEGIN");
  const values = [`id-${(number += 1)}`, JSON.stringify(body)];
  await client.query({ name: "bare", text: "INSERT INTO bare (id, body) VALUES ($1, $2)", values });
  await client.query("COMMIT");
  client.release();
}

async function read(): Promise<void> {
  await store.get("used", "id-1");
}

/** How long each call took, over one round. */
async function play(work: () => Promise<void>, inFlight: number): Promise<readonly number[]> {
  const times: number[] = [];
  const end = performance.now() + ROUND_MS;
  const loop = async (): Promise<void> => {
    for (let before = performance.now(); before < end; before = performance.now()) {
      await work();
      times.push(performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, loop));
  return times;
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

console.info(
  `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}, medians of ${ROUNDS} rounds of ${ROUND_MS} ms`,
);
const [version] = await server.query("SELECT version()");
console.info(String(version?.["version"]).slice(0, 40));
for (const inFlight of [1, 64]) {
  const works = { insert, insertInTransaction, commit, read };
  const rates = new Map<string, number[]>();
  const times = new Map<string, number[]>();
  // In turns, so that whatever else the machine does meets all of them.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [name, work] of Object.entries(works)) {
      const played = await play(work, inFlight);
      if (round === 0) continue;
      rates.set(name, [...(rates.get(name) ?? []), (played.length * 1_000) / ROUND_MS]);
      times.set(name, [...(times.get(name) ?? []), median(played)]);
    }
  }
  const bare = rates.get("insert") ?? [];
  for (const [name, perSecond] of rates) {
    const ratio = median(perSecond.map((rate, round) => rate / (bare[round] ?? Number.NaN))).toFixed(2);
    const [rate, time] = [median(perSecond).toFixed(0), median(times.get(name) ?? []).toFixed(2)];
    console.info(
      `${String(inFlight).padStart(3)} in flight  ${name.padEnd(20)} ${rate.padStart(7)}/s  ${time.padStart(7)} ms  ${ratio} of insert`,
    );
  }
}
await store.close();
await server.query(`DROP SCHEMA "${schema.replaceAll('"', '""')}" CASCADE; DROP TABLE bare`);
await pool.end();
await server.stop();
