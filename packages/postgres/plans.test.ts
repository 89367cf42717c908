import { Pool } from "pg";
import { afterAll, describe, expect, inject, it } from "vitest";
import { postgresStore } from "./index.ts";
import { freshSchema, sharedServer } from "./server.fixture.ts";

const server = sharedServer(inject("postgres"));
if (server === undefined)
  console.info("Skipped for want of a server: how PostgreSQL plans the statements of the store");
const connectionString = server?.connectionString ?? "";

afterAll(() => server?.stop());

describe.skipIf(server === undefined)("the statements of postgresStore", () => {
  it("find rows and lines by an index, also where they were planned over empty tables", async () => {
    const pool = new Pool({ connectionString, max: 1, options: "-c plan_cache_mode=force_generic_plan" });
    const store = await postgresStore({ pool, schema: freshSchema() });
    const payload = { type: "decided", tenant: "tenant", actor_type: "agent", actor_id: "agent" } as const;
    await store.commit([{ kind: "used", id: "a", expect: 0, body: 1 }], {
      stream: "log",
      records: [{ payload, envelope: {} }],
    });
    const signal = AbortSignal.abort();
    await Promise.all([
      store.get("used", "a"), store.list("used"), store.list("used", { by: "b" }), store.lines("log", 0), store.streams(),
      store.watch("used", "a", 1, signal),
    ]); // prettier-ignore
    const { rows: prepared } = await pool.query<{ name: string; types: number; statement: string }>(
      "SELECT name, cardinality(parameter_types) AS types, statement FROM pg_prepared_statements WHERE name LIKE 'leashkit%'",
    );
    expect(prepared.length).toBeGreaterThanOrEqual(6);
    for (const { name, statement, types } of prepared) {
      const values = types === 0 ? "" : `(${Array.from({ length: types }, () => "NULL").join(", ")})`;
      const { rows } = await pool.query<{ "QUERY PLAN": string }>(`EXPLAIN EXECUTE ${name}${values}`);
      const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
      expect(plan, statement).not.toMatch(/Seq Scan on (?:rows|log)\b/u);
    }
    await store.close();
    await pool.end();
  });
});
