// Run by kill.test.ts: commits numbered rows, each with a log line, and prints each number once its commit was acknowledged.
import { writeSync } from "node:fs";
import { numbered } from "../testing/store-harness.ts";
import { memoryStore } from "./memory.ts";
import { sqliteStore } from "./sqlite.ts";

const [kind, path = "", first] = process.argv.slice(2);
const store = kind === "sqlite" ? await sqliteStore({ file: path }) : memoryStore({ log: path });
let next = Number(first);

async function commitForEver(): Promise<never> {
  for (;;) {
    const number = (next += 1);
    const change = { kind: "used", id: `${number}`, expect: 0, body: { number } } as const;
    const result = await store.commit([change], { stream: `process-${process.pid}`, records: [numbered(number)] });
    if (!result.ok) throw new Error(`the row ${number} was there before`);
    writeSync(1, `${number}\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, commitForEver));
