import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { openDesk } from "@leashkit/core";
import { postgresStore } from "@leashkit/postgres";

/**
 * Another process with a desk over the schema BENCH_SCHEMA of the database BENCH_DATABASE and the keys of the folder it is
 * given: says yes to each approval whose id it reads, and prints when that was durable, in nanoseconds of the machine's
 * monotonic clock, which all its processes share.
 */
const [state = ""] = process.argv.slice(2);
const { BENCH_DATABASE: connectionString = "", BENCH_SCHEMA: schema = "" } = process.env;

const store = await postgresStore({ connectionString, schema });
const open = await openDesk({ state, store, approver: { id: "bob" } });
writeSync(1, "ready\n");
for await (const id of createInterface({ input: process.stdin })) {
  await open.desk.approve(id);
  writeSync(1, `${process.hrtime.bigint()}\n`);
}
await open.close();
await store.close();
